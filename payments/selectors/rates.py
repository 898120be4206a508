from __future__ import annotations

from marketplace.models import Claim
from payments.commission import Plan, half_even, largest_remainder, rate_bps
from payments.plans import FULL_BPS
from payments.selectors.facts import local_zone


def share_of(*, plan: Plan, claim: Claim, base_minor: int) -> tuple[int, int, int]:
    """What recovering `base_minor` of principal and interest would earn the claim's collector.

    Returns minor units, the rate and the collector's share, both in basis points. By the frozen terms: the tier of the
    age at acceptance, the bracket of the balance at acceptance, one half-even rounding, largest remainder.
    """
    zone = local_zone(claim.case)
    age = (claim.accepted_at.astimezone(zone).date() - claim.past_due_since).days
    rate = rate_bps(plan, age, claim.balance_minor)
    fee = half_even(base_minor * rate, FULL_BPS)
    parts = largest_remainder(fee, list(plan.split.values()))
    return dict(zip(plan.split, parts, strict=True))["collector"], rate, plan.split["collector"]
