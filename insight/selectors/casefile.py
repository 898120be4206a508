"""One case for its creditor: everything its page tells, and the rows its creditor may answer or correct."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import Model, QuerySet

from accounts.models import CreditorOrg
from compliance import states as dispute_states
from compliance.models import Dispute, Hold, ValidationNotice
from compliance.services.holds import standing
from core.errors import NotFound
from insight.selectors.timeline import Entry, timeline
from marketplace import states
from marketplace.local import local_day
from marketplace.models import Case, Promise, Recall
from marketplace.selectors.cases import creditor_case, live_claim_of
from payments.models import PaidStatement, Payment
from payments.plans import Plan
from payments.selectors.funding import rate_for
from payments.selectors.wallet import payments_of, waiting_statements
from payments.services.publish import notice_of

Row = TypeVar("Row", bound=Model)
_UNANSWERED = (dispute_states.OPEN, dispute_states.AWAITING_CREDITOR)
_STANDING = (states.ACTIVE, states.VERIFYING, states.SUSPENDED)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with what stands on it now. `rate_bps` is the whole commission if it is paid; no collector appears."""

    case: Case
    days_past_due: int
    notice: ValidationNotice | None
    holds: list[Hold]
    dispute: Dispute | None
    statements: list[PaidStatement]
    promise: Promise | None
    recall: Recall | None
    is_worked: bool
    worked_until: datetime | None
    rate_bps: int | None
    contacts: int
    payments: list[Payment]
    timeline: list[Entry]


def case_file(*, org: CreditorOrg, ref: str, at: datetime) -> CaseFile:
    """The file of one case. Raises NotFound for another creditor's."""
    case = creditor_case(org=org, ref=ref)
    claim = live_claim_of(case)
    days = (local_day(case.debtor, at) - case.debt.delinquency_date).days
    plan = Plan.from_json(claim.terms if claim else case.programme.terms)
    promises = Promise.objects.filter(case=case, state__in=_STANDING).order_by("due_date", "pk")
    disputes = open_disputes(org=org).filter(case=case)
    return CaseFile(
        case=case, days_past_due=days, notice=notice_of(case), holds=list(standing(case, at=at)),
        dispute=disputes.first(), statements=waiting_statements(case=case),
        promise=promises.first(), recall=open_recall(case), is_worked=claim is not None,
        worked_until=claim.lease_until if claim else None,
        rate_bps=rate_for(plan, days, case.debt.balance_minor), contacts=case.attempts.count(),
        payments=list(payments_of(org=org, case_ref=case.ref)), timeline=timeline(case, viewer="creditor"),
    )  # fmt: skip


def open_recall(case: Case) -> Recall | None:
    """The recall under way, if any."""
    return Recall.objects.filter(case=case, cancelled_at__isnull=True, finished_at__isnull=True).first()


def open_disputes(*, org: CreditorOrg) -> QuerySet[Dispute]:
    """Disputes that wait for this creditor's answer, the first due first. What a debtor says he paid has its own
    statement, and is answered there."""
    rows = Dispute.objects.filter(case__org=org, state__in=_UNANSWERED).exclude(kind=Dispute.Kind.ALREADY_PAID)
    return rows.select_related("case__debt", "case__debtor", "case__programme").order_by("answer_due_date", "pk")


def dispute_of(*, org: CreditorOrg, ref: str) -> Dispute:
    """One dispute of this creditor's cases, answered or not. Raises NotFound."""
    rows = Dispute.objects.filter(case__org=org, ref=ref).exclude(kind=Dispute.Kind.ALREADY_PAID)
    return _one(rows.select_related("case__debt", "case__debtor"))


def statement_of(*, org: CreditorOrg, ref: str) -> PaidStatement:
    """One debtor's statement that he has paid this creditor. Raises NotFound."""
    return _one(PaidStatement.objects.filter(case__org=org, ref=ref).select_related("case__debt", "case__debtor"))


def payment_of(*, org: CreditorOrg, ref: str) -> Payment:
    """One payment reported on this creditor's cases. Raises NotFound."""
    return _one(payments_of(org=org).filter(ref=ref).select_related("case__debt", "case__debtor"))


def _one(rows: QuerySet[Row]) -> Row:
    found = rows.first()
    if found is None:
        raise NotFound()
    return found
