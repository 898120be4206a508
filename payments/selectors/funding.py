"""Whether new work of a programme is paid for: the float with its floor, or the invoice mandate with its limit."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.models import Programme, Promise
from marketplace.states import ACTIVE
from payments import ledger
from payments.commission import half_even
from payments.plans import FULL_BPS, CommissionError, Plan, rate_bps

FLOAT_SHARE = 10


@dataclass(frozen=True, slots=True)
class Funding:
    """Whether new work of a programme is paid for: minor units in the wallet and needed, and what it rests on."""

    is_funded: bool
    ref: str
    reason: str
    balance_minor: int
    floor_minor: int


def rate_for(plan: Plan, terms_age_days: int, balance_minor: int) -> int | None:
    """The whole rate in basis points for a debt of this age and size; None when the terms have none."""
    try:
        return rate_bps(plan, terms_age_days, balance_minor)
    except CommissionError:
        return None


def promised_commission(programme: Programme) -> int:
    """The commission in minor units if every active promise of the programme were kept."""
    rows = Promise.objects.filter(case__programme=programme, state=ACTIVE).select_related("case__debt", "claim")
    total = 0
    for promise in rows:
        claim = promise.claim
        plan = Plan.from_json(claim.terms if claim else programme.terms)
        since = claim.past_due_since if claim else promise.case.debt.delinquency_date
        age = ((claim.accepted_at if claim else promise.made_at).date() - since).days
        rate = rate_for(plan, age, claim.balance_minor if claim else promise.case.debt.balance_minor)
        total += half_even(promise.amount_minor * (rate or 0), FULL_BPS)
    return total


def floor_of(programme: Programme) -> int:
    """What the wallet must hold for the programme's work to be listed, in minor units."""
    return max(programme.float_floor_minor, half_even(promised_commission(programme), FLOAT_SHARE))


def funding_of(programme: Programme) -> Funding:
    """Whether the float or the invoice mandate covers new work now."""
    if programme.funding_cover == Programme.Cover.MANDATE:
        owed = ledger.balance(ledger.receivable(programme.org_id), programme.currency)
        limit = programme.exposure_limit_minor
        return Funding(owed < limit, f"mandate:{programme.pk}", "exposure", limit - owed, 0)
    held, floor = ledger.balance(ledger.wallet(programme.org_id), programme.currency), floor_of(programme)
    return Funding(held >= floor and held > 0, f"float:{programme.org_id}", "float", held, floor)
