"""A commission plan as a table of ages by amounts, and back."""

from __future__ import annotations

from dataclasses import dataclass

from payments.commission import CommissionError, Plan, rate_bps
from payments.plans import Bracket, Tier

LEAST_ROWS, LEAST_LIMITS = 6, 2


@dataclass(frozen=True, slots=True)
class Grid:
    """Limits in minor units (the last column is open), and per age the rate in basis points of each column."""

    limits: tuple[int, ...]
    rows: tuple[tuple[int, tuple[int | None, ...]], ...]


def grid_of(plan: Plan) -> Grid:
    """The plan as a table: its limits of any age as columns; None where an age has no rate."""
    limits = sorted({item.up_to for tier in plan.tiers for item in tier.brackets if item.up_to is not None})
    return Grid(
        tuple(limits),
        tuple(
            (tier.from_age, tuple(_rate(plan, tier.from_age, limit) for limit in [*limits, None]))
            for tier in plan.tiers
        ),
    )


def _rate(plan: Plan, age: int, limit: int | None) -> int | None:
    above_all = 1 + max((item.up_to or 0 for tier in plan.tiers for item in tier.brackets), default=0)
    try:
        return rate_bps(plan, age, above_all if limit is None else limit)
    except CommissionError:
        return None


def tiers_of(grid: Grid) -> tuple[Tier, ...]:
    """The table as tiers; neighbouring columns of the same rate are one bracket. Every rate must be given."""
    return tuple(Tier(age, _brackets(grid.limits, rates)) for age, rates in sorted(grid.rows))


def _brackets(limits: tuple[int, ...], rates: tuple[int | None, ...]) -> tuple[Bracket, ...]:
    brackets: list[Bracket] = []
    for limit, bps in zip((*limits, None), rates, strict=True):
        assert bps is not None
        if brackets and brackets[-1].bps == bps:
            brackets.pop()
        brackets.append(Bracket(limit, bps))
    return tuple(brackets)
