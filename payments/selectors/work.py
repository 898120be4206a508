"""Whose work a payment pays: a claim's, or HOUSE on a case, with the terms frozen for it and the money that counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, Sum

from marketplace.models import Case, Claim
from payments.commission import ClaimTerms, CommissionError, PaymentEvent, Result, compute, rate_bps
from payments.models import Accrual, Attribution, Payment
from payments.plans import Plan
from payments.selectors.facts import local_zone

TRUST = {1: "new", 2: "regular", 3: "senior", 4: "lead"}


@dataclass(frozen=True, slots=True)
class Work:
    """Whose line it is: a claim's, or HOUSE on a case (`claim` None)."""

    case: Case
    claim: Claim | None
    plan: Plan
    terms: ClaimTerms

    @property
    def ref(self) -> str:
        return self.claim.ref if self.claim else f"house-{self.case.ref}"

    def attributions(self) -> QuerySet[Attribution]:
        mine = Q(claim=self.claim) if self.claim else Q(is_house=True, payment__case=self.case)
        return Attribution.objects.filter(mine)

    def lines(self) -> QuerySet[Accrual]:
        mine = Q(claim=self.claim) if self.claim else Q(claim__isnull=True, case=self.case)
        return Accrual.objects.filter(mine)

    def rate(self, initiated_at: datetime) -> int:
        counted = initiated_at if self.plan.age_at == "payment" else self.terms.accepted_at
        age = (counted.astimezone(self.terms.zone).date() - self.terms.past_due_since).days
        try:
            return rate_bps(self.plan, age, self.terms.amount)
        except CommissionError:
            return 0


def work_of(attribution: Attribution) -> Work | None:
    """The work an attribution pays, with the terms frozen for it; None for A1 and A6, where nothing is charged."""
    case = attribution.payment.case
    if attribution.claim is not None:
        return _claimed(case, attribution.claim)
    return _house(case, _house_terms(attribution)) if attribution.is_house else None


def _claimed(case: Case, claim: Claim) -> Work:
    terms = ClaimTerms(
        accepted_at=claim.accepted_at, past_due_since=claim.past_due_since, amount=claim.balance_minor,
        trust=TRUST.get(claim.collector.tier, ""), zone=local_zone(case),
    )  # fmt: skip
    return Work(case, claim, Plan.from_json(claim.terms), terms)


def _house(case: Case, plan: dict[str, Any]) -> Work:
    terms = ClaimTerms(
        accepted_at=case.placed_at, past_due_since=case.debt.delinquency_date, amount=case.placed_minor, trust="",
        zone=local_zone(case), is_house=True,
    )  # fmt: skip
    return Work(case, None, Plan.from_json(plan), terms)


def _house_terms(attribution: Attribution) -> dict[str, Any]:
    """The programme's terms as they were at the case's first HOUSE payment: later changes do not reach back."""
    first = Attribution.objects.filter(is_house=True, payment__case=attribution.payment.case).order_by("pk").first()
    found: dict[str, Any] = (first or attribution).facts["house_terms"]
    return found


def events_of(payments: Iterable[Payment]) -> list[PaymentEvent]:
    """Payments net of what was taken back; one that is gone whole is no event."""
    events = []
    for payment in payments:
        left = left_of(payment)
        if any(left):
            events.append(
                PaymentEvent(
                    id=payment.ref,
                    principal=left[0],
                    interest=left[1],
                    costs=left[2],
                    instrument=payment.instrument,
                    initiated_at=payment.initiated_at,
                    cleared_at=payment.cleared_at or payment.clears_at,
                )
            )
    return events


def computed(work: Work, events: list[PaymentEvent]) -> Result | None:
    """The cumulative figures, or None when the terms have no rate for a debt of this age: nothing is charged then."""
    try:
        return compute(work.plan, work.terms, events)
    except CommissionError as error:
        if error.code != "NO_RATE":
            raise
        return None


def left_of(payment: Payment) -> tuple[int, int, int]:
    """Principal, interest and fees of a payment that were not taken back."""
    back = payment.reversals.aggregate(p=Sum("principal_minor"), i=Sum("interest_minor"), f=Sum("fees_minor"))
    return (
        payment.principal_minor - (back["p"] or 0),
        payment.interest_minor - (back["i"] or 0),
        payment.fees_minor - (back["f"] or 0),
    )


def cleared_payments(work: Work) -> list[Payment]:
    """Payments of a piece of work that have cleared, in that order, also those taken back since."""
    rows = Payment.objects.filter(attribution__in=work.attributions(), cleared_at__isnull=False)
    return list(rows.order_by("cleared_at", "pk"))


def cleared_events(work: Work) -> list[PaymentEvent]:
    """What has cleared for a piece of work, net of what was taken back, in clearing order."""
    return events_of(cleared_payments(work))
