"""Commission of one claim: every figure is computed on the cumulative base and booked as the difference.

Pure: no database, no clock, no Django. Rounding each payment by itself would drift from the total, so fee, split,
VAT and withholding are all derived from the running sums; a line is what changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from payments.plans import (
    FULL_BPS,
    ROLES,
    Bracket,
    CommissionError,
    Plan,
    Tier,
    bracket_for,
    rate_bps,
    tier_for,
    validate_plan,
    whole_money,
)

__all__ = [
    "Bracket",
    "ClaimTerms",
    "CommissionError",
    "Event",
    "Line",
    "OutcomeEvent",
    "PaymentEvent",
    "Plan",
    "Result",
    "ReversalEvent",
    "Tier",
    "Totals",
    "compute",
    "half_even",
    "hold_days",
    "largest_remainder",
    "rate_bps",
    "validate_plan",
]


def half_even(numerator: int, denominator: int) -> int:
    """numerator / denominator as an integer, ties to the even neighbour. `denominator` is positive."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


def largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out by weight so that the shares add up exactly; a tie goes to the earlier weight.

    A negative total gives the mirror image, a zero weight gets nothing. Raises ValueError for a negative weight, or
    when a total has to be shared out and all weights are zero.
    """
    whole = sum(weights)
    if any(weight < 0 for weight in weights) or (total and not whole):
        raise ValueError("weights must not be negative, nor all zero")
    if not total:
        return [0] * len(weights)
    if total < 0:
        return [-share for share in largest_remainder(-total, weights)]
    shares = [total * weight // whole for weight in weights]
    by_rest = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for index in by_rest[: total - sum(shares)]:
        shares[index] += 1
    return shares


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """What a claim brings to the plan: `amount` is the balance at acceptance in minor units, `zone` the debtor's.

    `is_house` is nobody's payment (rule A5): only the platform's part is charged.
    """

    accepted_at: datetime
    past_due_since: date
    amount: int
    trust: str
    zone: ZoneInfo
    is_house: bool = False


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """Cleared money of the debtor in minor units, by what it was applied to."""

    id: str
    principal: int
    instrument: str
    initiated_at: datetime
    cleared_at: datetime
    interest: int = 0
    costs: int = 0
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class OutcomeEvent:
    """Accepted fixed-fee work."""

    id: str
    cleared_at: datetime


@dataclass(frozen=True, slots=True)
class ReversalEvent:
    """Money or work taken back. When no part is named, all that is left of the original."""

    id: str
    of: str
    principal: int | None = None
    interest: int | None = None
    costs: int | None = None
    currency: str | None = None


Event = PaymentEvent | OutcomeEvent | ReversalEvent


@dataclass(frozen=True, slots=True)
class Totals:
    """Cumulative figures in minor units. `limit` says what set the fee: rate, minimum, cap, recovered, fixed, none."""

    base: int
    fee: int
    parts: Mapping[str, int]
    vat: int
    withheld: int
    limit: str = "none"

    @property
    def collector(self) -> int:
        """The collector's part."""
        return self.parts["collector"]

    @property
    def platform(self) -> int:
        """The platform's part."""
        return self.parts["platform"]


@dataclass(frozen=True, slots=True)
class Line:
    """What one event changed, in minor units; `totals` are the sums after it.

    `held_until` (UTC) is None when the collector gains nothing.
    """

    id: str
    base: int
    fee: int
    parts: Mapping[str, int]
    vat: int
    withheld: int
    held_until: datetime | None
    totals: Totals

    @property
    def collector(self) -> int:
        """The change of the collector's part."""
        return self.parts["collector"]

    @property
    def platform(self) -> int:
        """The change of the platform's part."""
        return self.parts["platform"]


@dataclass(frozen=True, slots=True)
class Result:
    """A line for each event, and the sums after the last one."""

    lines: tuple[Line, ...]
    cumulative: Totals


@dataclass(slots=True)
class _Original:
    """What is left of a payment or an outcome, and the tier it was charged by."""

    left: list[int]
    tier: Tier | None = None
    is_outcome: bool = False
    is_standing: bool = True


@dataclass(slots=True)
class _Book:
    """The running sums of one claim."""

    plan: Plan
    claim: ClaimTerms
    originals: dict[str, _Original] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        if isinstance(event, ReversalEvent):
            self._take_back(event)
        elif isinstance(event, OutcomeEvent):
            self.originals[event.id] = _Original(left=[0, 0, 0], is_outcome=True)
        else:
            self._pay(event)

    def _pay(self, event: PaymentEvent) -> None:
        self._same_currency(event.currency)
        parts = [whole_money(part) for part in (event.principal, event.interest, event.costs)]
        if not sum(parts):
            raise CommissionError("AMOUNT")
        tier = None
        if self.plan.basis != "none":
            counted_at = event.initiated_at if self.plan.age_at == "payment" else self.claim.accepted_at
            age = (counted_at.astimezone(self.claim.zone).date() - self.claim.past_due_since).days
            tier = tier_for(self.plan, age)
        self.originals[event.id] = _Original(left=parts, tier=tier)

    def _take_back(self, event: ReversalEvent) -> None:
        self._same_currency(event.currency)
        original = self.originals.get(event.of)
        if original is None:
            raise CommissionError("NO_ORIGINAL")
        named = (event.principal, event.interest, event.costs)
        if all(part is None for part in named):
            original.left = [0, 0, 0]
            original.is_standing = False
            return
        parts = [whole_money(part or 0) for part in named]
        if any(part > left for part, left in zip(parts, original.left, strict=True)):
            raise CommissionError("OVER_REVERSAL")
        original.left = [left - part for part, left in zip(parts, original.left, strict=True)]

    def _same_currency(self, currency: str | None) -> None:
        if currency is not None and currency != self.plan.currency:
            raise CommissionError("CURRENCY")

    def _recovered(self) -> dict[Tier, int]:
        """The base still standing, by tier."""
        sums: dict[Tier, int] = {}
        for original in self.originals.values():
            if original.tier is not None:
                principal, interest, _costs = original.left
                base = principal + (interest if self.plan.basis == "principal_interest" else 0)
                sums[original.tier] = sums.get(original.tier, 0) + base
        return sums

    def totals(self) -> Totals:
        recovered = self._recovered()
        base = sum(recovered.values())
        exact = sum(_exact_fee(self.plan, tier, self.claim.amount, amount) for tier, amount in recovered.items())
        is_done = any(item.is_outcome and item.is_standing for item in self.originals.values())
        fee, limit = _fee(self.plan, exact, base, is_done)
        roles = [role for role in ROLES if role in self.plan.split]
        shares = largest_remainder(fee, [self.plan.split[role] for role in roles])
        parts = dict(zip(roles, shares, strict=True))
        if self.claim.is_house:
            fee = parts["platform"]
            parts = {role: fee if role == "platform" else 0 for role in roles}
        return Totals(
            base=base,
            fee=fee,
            parts=parts,
            vat=half_even(fee * self.plan.vat_bps, FULL_BPS),
            withheld=half_even(parts["collector"] * self.plan.withholding_bps, FULL_BPS),
            limit=limit,
        )


def _exact_fee(plan: Plan, tier: Tier, claim_amount: int, recovered: int) -> int:
    """The rate's fee in ten-thousandths of a minor unit, not yet rounded."""
    if not recovered:
        return 0
    if plan.bracket_mode == "whole":
        return recovered * bracket_for(tier, claim_amount).bps
    bracket_for(tier, recovered)  # refuses money above the last bracket
    exact = below = 0
    for bracket in tier.brackets:
        upper = recovered if bracket.up_to is None else min(recovered, bracket.up_to)
        exact += max(0, upper - below) * bracket.bps
        below = max(below, upper)
    return exact


def _fee(plan: Plan, exact: int, base: int, is_done: bool) -> tuple[int, str]:
    """The fee in minor units and what set it: rate and fixed fee, then minimum, cap, and never above the base."""
    if plan.basis == "none":
        if not is_done:
            return 0, "none"
        return (plan.fixed_fee, "fixed") if plan.cap is None or plan.fixed_fee <= plan.cap else (plan.cap, "cap")
    if not base:
        return 0, "none"
    fee, limit = half_even(exact, FULL_BPS) + plan.fixed_fee, "rate"
    if fee < plan.minimum:
        fee, limit = plan.minimum, "minimum"
    if plan.cap is not None and fee > plan.cap:
        fee, limit = plan.cap, "cap"
    return (base, "recovered") if fee > base else (fee, limit)


def hold_days(plan: Plan, instrument: str, trust: str) -> int:
    """Calendar days of holdback. An unknown instrument waits longest of all, an unknown trust level of its row."""
    row = plan.holdback.get(instrument)
    if not row:
        return max((days for other in plan.holdback.values() for days in other.values()), default=0)
    return row[trust] if trust in row else max(row.values())


def _held_until(plan: Plan, claim: ClaimTerms, event: Event, gained: int) -> datetime | None:
    if gained <= 0 or isinstance(event, ReversalEvent):
        return None
    instrument = "outcome" if isinstance(event, OutcomeEvent) else event.instrument
    days = hold_days(plan, instrument, claim.trust)
    day = event.cleared_at.astimezone(claim.zone).date() + timedelta(days=days)
    return datetime.combine(day, time.min, claim.zone).astimezone(UTC)


def _line(plan: Plan, claim: ClaimTerms, event: Event, before: Totals, after: Totals) -> Line:
    parts = {role: after.parts[role] - before.parts[role] for role in after.parts}
    return Line(
        id=event.id,
        base=after.base - before.base,
        fee=after.fee - before.fee,
        parts=parts,
        vat=after.vat - before.vat,
        withheld=after.withheld - before.withheld,
        held_until=_held_until(plan, claim, event, parts["collector"]),
        totals=after,
    )


def compute(plan: Plan, claim: ClaimTerms, events: Iterable[Event]) -> Result:
    """The commission of one claim over its events, oldest first.

    The plan is checked before the first event is read; events are read one by one, so the first fault decides.
    Payments of rules A1 and A6 are not charged and must not be listed. Raises CommissionError as `validate_plan`
    does, and AMOUNT (negative, or a payment of zero), CURRENCY, NO_RATE, NO_ORIGINAL, OVER_REVERSAL.
    """
    validate_plan(plan)
    whole_money(claim.amount)
    book = _Book(plan, claim)
    before = book.totals()
    lines: list[Line] = []
    for event in events:
        book.apply(event)
        after = book.totals()
        lines.append(_line(plan, claim, event, before, after))
        before = after
    return Result(tuple(lines), before)
