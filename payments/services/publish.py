"""Listing a case: the notice went out, the commission is funded, nothing holds it, and the debt is itemised.

The float of a programme is the creditor's wallet, at least the larger of a fixed minimum and 10 % of the commission
if every active promise were kept. Below it open tasks pause with the reason shown; live claims go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg
from compliance.models import Hold, ValidationNotice
from core.events import record
from marketplace.models import Case, Programme, Task
from marketplace.services.listings import Listing, list_many, pause_tasks, resume_tasks
from marketplace.states import NOTICED
from payments.commission import half_even
from payments.plans import FULL_BPS, Plan
from payments.selectors.facts import local_zone
from payments.selectors.funding import Funding, floor_of, funding_of, rate_for

_CHUNK = 200
_NOT_BLOCKING = ("NOTICE_PERIOD",)

__all__ = ["REASONS", "Funding", "ListingReport", "floor_of", "funding_of", "list_cases", "refresh_funding", "why_not"]

REASONS: dict[str, Any] = {
    "state": _("The case is not waiting to be listed."),
    "notice": _("The validation notice has not been sent yet."),
    "itemisation": _("The amount is not itemised. Place the account again with its itemisation date."),
    "hold": _("Contact is on hold."),
    "float": _("The float is below its floor. Top up the wallet."),
    "exposure": _("Unpaid commission has reached the limit of the invoice mandate. Pay the open invoices."),
    "currency": _("The debt is in another currency than the programme. Place it in a programme of its currency."),
    "rate": _("The programme's terms have no rate for a debt of this age."),
}


@dataclass(slots=True)
class ListingReport:
    """Cases that were listed, and those that were not with a code of REASONS."""

    listed: list[Task] = field(default_factory=list)
    refused: list[tuple[Case, str]] = field(default_factory=list)


def list_cases(
    *, at: datetime, programme: Programme | None = None, cases: Iterable[Case] | None = None, actor: str = "system"
) -> ListingReport:
    """List every NOTICED case of the programme, or the cases named, that may be listed; say of the others why not.

    Works in transactions of 200 cases. The reason is stored on the case and recorded once.
    """
    wanted = Case.objects.filter(state=NOTICED) if cases is None else Case.objects.filter(pk__in=[c.pk for c in cases])
    if programme is not None:
        wanted = wanted.filter(programme=programme)
    report, funds = ListingReport(), {}
    pks = list(wanted.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), _CHUNK):
        with transaction.atomic():
            chunk = _chunk(pks[start : start + _CHUNK])
            held, ready = _held(chunk, at), list[Listing]()
            for case in chunk:
                if case.programme_id not in funds:
                    funds[case.programme_id] = funding_of(case.programme)
                funding, is_held = funds[case.programme_id], case.pk in held
                if listing := _judge(case, funding, is_held, report, actor=actor, at=at):
                    ready.append(listing)
            report.listed += list_many(listings=ready, at=at, actor=actor)
    return report


def _chunk(pks: list[int]) -> list[Case]:
    rows = Case.objects.filter(pk__in=pks).select_related("programme", "debt", "debtor", "org", "notice")
    return list(rows.order_by("pk"))


def _held(cases: list[Case], at: datetime) -> set[int]:
    """Cases that a hold on the case or its person covers now."""
    covering = Hold.objects.filter(closed_at__isnull=True, from_at__lte=at).exclude(reason__in=_NOT_BLOCKING)
    covering = covering.filter(Q(to_at__isnull=True) | Q(to_at__gt=at))
    on_case = set(covering.filter(scope="case", case__in=cases).values_list("case_id", flat=True))
    persons = {case.debtor.person_id for case in cases}
    on_person = set(covering.filter(scope="person", person_id__in=persons).values_list("person_id", flat=True))
    return on_case | {case.pk for case in cases if case.debtor.person_id in on_person}


def notice_of(case: Case) -> ValidationNotice | None:
    """The validation notice sent for the case, if any."""
    try:
        return case.notice
    except ValidationNotice.DoesNotExist:
        return None


def why_not(case: Case, funding: Funding, *, is_held: bool, at: datetime) -> str:
    """The code of REASONS that keeps the case off the board, or ""."""
    if case.state != NOTICED:
        return "state"
    if notice_of(case) is None:
        return "notice"
    if case.debt.itemization_date is None:
        return "itemisation"
    if case.debt.currency != case.programme.currency:
        return "currency"  # neither its rates by amount nor its float would fit
    if is_held:
        return "hold"
    if not funding.is_funded:
        return funding.reason
    return "" if collector_rate(case, at) is not None else "rate"


def collector_rate(case: Case, at: datetime) -> int | None:
    """The collector's part of recovered principal and interest in basis points, as the board shows it."""
    plan = Plan.from_json(case.programme.terms)
    age = (at.astimezone(local_zone(case)).date() - case.debt.delinquency_date).days
    rate = rate_for(plan, age, case.debt.balance_minor)
    return None if rate is None else half_even(rate * plan.split["collector"], FULL_BPS)


def _judge(
    case: Case, funding: Funding, is_held: bool, report: ListingReport, *, actor: str, at: datetime
) -> Listing | None:  # fmt: skip
    reason = why_not(case, funding, is_held=is_held, at=at)
    rate = collector_rate(case, at)
    notice = notice_of(case)
    if not reason and rate is not None and notice is not None:
        return Listing(case, notice.ref, funding.ref, rate)
    report.refused.append((case, reason))
    if reason == "state" or case.not_listed_reason == reason:
        return None
    Case.objects.filter(pk=case.pk).update(not_listed_reason=reason)
    record(
        name="case.listing_refused", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
        data={"reason": reason},
    )  # fmt: skip
    return None


def refresh_funding(*, org: CreditorOrg, at: datetime) -> dict[str, int]:
    """Pause the open tasks of programmes that are not funded, resume those paused for it that are; counts by act."""
    done = {"paused": 0, "resumed": 0}
    for programme in Programme.objects.filter(org=org):
        tasks: QuerySet[Task] = Task.objects.filter(case__programme=programme)
        if funding_of(programme).is_funded:
            done["resumed"] += resume_tasks(tasks=tasks, reason=Task.Pause.LOW_FLOAT, actor="system", at=at)
        else:
            done["paused"] += pause_tasks(tasks=tasks, reason=Task.Pause.LOW_FLOAT, actor="system", at=at)
    return done
