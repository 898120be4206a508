"""Disputes: the debtor says it is wrong, contact stops at once, and the creditor has to answer or let it go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from compliance import states
from compliance.models import Dispute, Hold, ValidationNotice
from compliance.services.holds import close_hold, open_hold
from core.errors import BadInput, DomainError
from core.events import record
from core.ids import new_ref
from marketplace import states as market
from marketplace.local import local_day
from marketplace.models import Case, Person
from marketplace.services.cases import close_case

OPEN_STATES = (states.OPEN, states.AWAITING_CREDITOR)
PARTS = ("principal", "interest", "fees")
# Ways by which a dispute reaches us in writing (12 CFR 1006.38; a portal is writing where we offer it).
WRITTEN = frozenset({"portal", "letter", "email"})
_OUTCOMES = {"VALIDATED": states.VALIDATED, "CORRECTED": states.CORRECTED, "NOT_OWED": states.CLOSED_NOT_OWED}


class DisputeAnswered(DomainError):
    code = "dispute_answered"
    sentence = _("This dispute was answered already. Reload the page to see how.")


class CaseIsClosed(DomainError):
    code = "case_closed"
    sentence = _("This case is closed, so there is nothing left to dispute. Nobody will contact you about it.")


def open_dispute(
    *, case: Case, parts: Sequence[str], text: str, channel: str, actor: str, at: datetime, kind: str = "dispute"
) -> Dispute:
    """Take a dispute and stop contact on the debt, in one transaction, before anybody answers.

    Args: parts of PARTS, empty for the whole debt; channel "portal", "letter", "email" or "call"; kind "dispute",
    "orig_creditor" or "already_paid". A second one of a kind while the first is open returns the first (double tap).
    Raises BadInput for an unknown part, CaseIsClosed.
    """
    if not set(parts) <= set(PARTS):
        raise BadInput(field="parts", reason=_("Tick the parts that are wrong, or none of them for all of it."))
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(debtors__cases=case)
        fresh = Case.objects.select_related("programme", "debtor").get(pk=case.pk)
        standing = Dispute.objects.filter(case=fresh, kind=kind, state__in=OPEN_STATES).first()
        if standing:
            return standing
        if fresh.state == market.CLOSED:
            raise CaseIsClosed()
        today = local_day(fresh.debtor, at)
        notice = ValidationNotice.objects.filter(case=fresh).first()
        hold = open_hold(reason="DISPUTE", case=fresh, detail={"kind": kind}, actor=actor, at=at)
        dispute = Dispute.objects.create(
            ref=new_ref("D"), case=fresh, kind=kind, parts=list(parts), text=text.strip(), channel=channel, hold=hold,
            is_written=channel in WRITTEN, is_in_period=notice is None or today <= notice.period_ends_on,
            received_at=at, answer_due_date=today + timedelta(days=fresh.programme.dispute_answer_days),
        )  # fmt: skip
        record(
            name="dispute.opened", stream=fresh.stream, actor=actor, at=at, creditor_id=fresh.org_id,
            data={"dispute": dispute.ref, "kind": kind, "parts": list(parts), "answer_due": dispute.answer_due_date},
        )  # fmt: skip
        Dispute.objects.filter(pk=dispute.pk).update(state=states.AWAITING_CREDITOR)
        dispute.state = states.AWAITING_CREDITOR
    return dispute


def answer_dispute(*, dispute: Dispute, outcome: str, text: str, actor: str, at: datetime) -> Dispute:
    """The creditor's answer: "VALIDATED" (verification was sent), "CORRECTED" or "NOT_OWED" (which closes the case).

    The dispute's hold is lifted with it. Raises BadInput for an unknown outcome or without a text, DisputeAnswered.
    """
    if outcome not in _OUTCOMES:
        raise BadInput(field="outcome", reason=_("Choose one of the three answers."))
    if not text.strip():
        raise BadInput(field="text", reason=_("Write what you checked and what you found: the debtor reads it."))
    with transaction.atomic():
        locked = _locked(dispute)
        verified = at if outcome in ("VALIDATED", "CORRECTED") else None
        _close(locked, _OUTCOMES[outcome], text=text, actor=actor, at=at, verified=verified)
    return locked


def time_out(*, dispute: Dispute, at: datetime) -> Dispute:
    """A dispute that nobody answered in time: the debt counts as not owed here, and the case closes."""
    with transaction.atomic():
        locked = _locked(dispute)
        _close(locked, states.CLOSED_NOT_OWED, text="", actor="system", at=at, verified=None)
    return locked


def sweep_unanswered(*, at: datetime) -> int:
    """Close what is past its day without an answer; returns how many."""
    done = 0
    overdue = Dispute.objects.filter(state=states.AWAITING_CREDITOR, answer_due_date__lte=at.date())
    for dispute in overdue.select_related("case__debtor").order_by("pk"):
        if local_day(dispute.case.debtor, at) > dispute.answer_due_date:
            try:
                time_out(dispute=dispute, at=at)
            except DisputeAnswered:
                continue
            done += 1
    return done


def _locked(dispute: Dispute) -> Dispute:
    Person.objects.select_for_update(no_key=True).get(debtors__cases=dispute.case_id)
    rows = Dispute.objects.select_for_update(of=("self",)).select_related("case", "hold")
    found = rows.get(pk=dispute.pk)
    if found.state not in OPEN_STATES:
        raise DisputeAnswered()
    return found


def _close(dispute: Dispute, state: str, *, text: str, actor: str, at: datetime, verified: datetime | None) -> None:
    dispute.state, dispute.answered_at, dispute.answered_by = state, at, actor
    dispute.answer_text, dispute.verification_sent_at = text.strip(), verified
    dispute.save(update_fields=["state", "answered_at", "answered_by", "answer_text", "verification_sent_at"])
    record(
        name="dispute.answered", stream=dispute.case.stream, actor=actor, at=at, creditor_id=dispute.case.org_id,
        data={"dispute": dispute.ref, "outcome": state},
    )  # fmt: skip
    if dispute.hold and Hold.objects.filter(pk=dispute.hold_id, closed_at__isnull=True).exists():
        close_hold(hold=dispute.hold, actor=actor, at=at, reason=f"dispute {dispute.ref} answered")
    if state == states.CLOSED_NOT_OWED and dispute.kind != Dispute.Kind.ALREADY_PAID:
        _close_case(dispute.case, actor=actor, at=at)


def _close_case(case: Case, *, actor: str, at: datetime) -> None:
    fresh = Case.objects.get(pk=case.pk)
    if fresh.state != market.CLOSED:
        close_case(case=fresh, code="DIS", event="stop", actor=actor, at=at)
