"""Settlement: may this offer be accepted, and by whom; and how a debt is split into instalments.

Pure: no database, no clock, no Django. Least amounts are rounded up, plan limits are inclusive, days are the
debtor's calendar days.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from core.money import is_currency

_FULL_BPS = 10_000


class SettlementError(ValueError):
    """Facts that cannot be evaluated; `code` is CURRENCY, NOT_INTEGER_MONEY, AMOUNT or NO_AUTHORITY."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Band:
    """From `min_bps` of the balance upwards the offer needs nobody (None) or a member with one of these roles."""

    min_bps: int
    needs: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class AgeBands:
    """The bands for debts at least `from_age` days past due."""

    from_age: int
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Instalment:
    """An amount in minor units and its due date."""

    due: date
    amount: int


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer of `amount` minor units; with a plan it is paid in instalments."""

    amount: int
    by: str
    at: datetime
    expires_at: datetime | None = None
    plan: tuple[Instalment, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """A member's yes, with his role and creditor organisation at that time."""

    by: str
    role: str
    org: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlanRules:
    """Limits of an instalment plan in minor units and days, all inclusive; None is no limit."""

    min_instalment: int | None = None
    max_count: int | None = None
    first_within_days: int | None = None
    max_gap_days: int | None = None
    max_days: int | None = None


@dataclass(frozen=True, slots=True)
class SettlementFacts:
    """Everything `decide` looks at. `age` is days past due when the offer was made, `zone` the debtor's."""

    currency: str
    org: str
    zone: ZoneInfo
    balance: int
    age: int
    authority: tuple[AgeBands, ...]
    offer: Offer
    approval: Approval | None = None
    plan_rules: PlanRules = PlanRules()


@dataclass(frozen=True, slots=True)
class Decision:
    """`decision` is accepted, waiting or refused, `rule` why.

    `least` is the lowest amount anybody may accept, `least_auto` the lowest that needs nobody (None: all need one).
    """

    decision: str
    rule: str
    least: int
    least_auto: int | None


@dataclass(frozen=True, slots=True)
class _Authority:
    """The bands of the debt's age with their least amounts, highest first."""

    bands: tuple[tuple[int, Band], ...]

    @property
    def least(self) -> int:
        return min(amount for amount, _band in self.bands)

    @property
    def least_auto(self) -> int | None:
        return min((amount for amount, band in self.bands if band.needs is None), default=None)

    def roles_for(self, amount: int) -> frozenset[str]:
        """Who may approve: the roles of the highest band the amount reaches."""
        reached = next(band for least, band in self.bands if least <= amount)
        return reached.needs or frozenset()


def _whole(value: object) -> int:
    if type(value) is not int:
        raise SettlementError("NOT_INTEGER_MONEY")
    if value < 0:
        raise SettlementError("AMOUNT")
    return value


def _authority_at(authority: tuple[AgeBands, ...], age: int, balance: int) -> _Authority:
    fitting = [row for row in authority if row.from_age <= age]
    bands = max(fitting, key=lambda row: row.from_age).bands if fitting else ()
    if not bands:
        raise SettlementError("NO_AUTHORITY")
    leasts = [(-(-balance * band.min_bps // _FULL_BPS), band) for band in bands]
    leasts.sort(key=lambda pair: pair[1].min_bps, reverse=True)
    return _Authority(tuple(leasts))


def least_amounts(*, balance: int, age: int, authority: tuple[AgeBands, ...]) -> tuple[int, int | None]:
    """The least amount anybody may accept and the least that needs nobody, in minor units, for showing beforehand.

    Raises SettlementError NO_AUTHORITY when no band is set for this age, NOT_INTEGER_MONEY or AMOUNT.
    """
    found = _authority_at(authority, age, _whole(balance))
    return found.least, found.least_auto


def decide(facts: SettlementFacts) -> Decision:
    """Decide an offer. The first refusal in this order wins: the amount, the plan's faults, the approval's faults.

    Raises SettlementError CURRENCY, NOT_INTEGER_MONEY, AMOUNT (negative) or NO_AUTHORITY.
    """
    if not is_currency(facts.currency):
        raise SettlementError("CURRENCY")
    offer = facts.offer
    for amount in (facts.balance, offer.amount, *(part.amount for part in offer.plan)):
        _whole(amount)
    authority = _authority_at(facts.authority, facts.age, facts.balance)
    refusal = _amount_fault(facts, authority) or plan_fault(offer, facts.plan_rules, facts.zone)
    if refusal is not None:
        return _decision("refused", refusal, authority)
    if authority.least_auto is not None and offer.amount >= authority.least_auto:
        return _decision("accepted", "AUTHORITY", authority)
    if facts.approval is None:
        return _decision("waiting", "APPROVER_NEEDED", authority)
    refusal = _approval_fault(facts, facts.approval, authority.roles_for(offer.amount))
    if refusal is not None:
        return _decision("refused", refusal, authority)
    return _decision("accepted", "APPROVED", authority)


def _decision(decision: str, rule: str, authority: _Authority) -> Decision:
    return Decision(decision, rule, authority.least, authority.least_auto)


def _amount_fault(facts: SettlementFacts, authority: _Authority) -> str | None:
    if facts.offer.amount > facts.balance:
        return "OVER_BALANCE"
    if facts.offer.amount == facts.balance and not facts.offer.plan:
        return "NOT_A_SETTLEMENT"
    return "BELOW_AUTHORITY" if facts.offer.amount < authority.least else None


def plan_fault(offer: Offer, rules: PlanRules, zone: ZoneInfo) -> str | None:
    """The first fault of the offer's instalments, PLAN_SUM to PLAN_LENGTH, or None. Only the last may be below the
    floor."""
    plan = offer.plan
    if not plan:
        return None
    offered_on = offer.at.astimezone(zone).date()
    dues = [part.due for part in plan]
    gap = max(((later - earlier).days for earlier, later in pairwise(dues)), default=0)
    faults = (
        ("PLAN_SUM", sum(part.amount for part in plan) != offer.amount),
        ("PLAN_ORDER", dues[0] < offered_on or any(later <= earlier for earlier, later in pairwise(dues))),
        ("PLAN_FLOOR", any(_over(rules.min_instalment, part.amount) for part in plan[:-1])),
        ("PLAN_COUNT", _over(len(plan), rules.max_count)),
        ("PLAN_FIRST", _over((dues[0] - offered_on).days, rules.first_within_days)),
        ("PLAN_GAP", _over(gap, rules.max_gap_days)),
        ("PLAN_LENGTH", _over((dues[-1] - offered_on).days, rules.max_days)),
    )
    return next((code for code, is_faulty in faults if is_faulty), None)


def _over(value: int | None, limit: int | None) -> bool:
    return value is not None and limit is not None and value > limit


def _approval_fault(facts: SettlementFacts, approval: Approval, roles: frozenset[str]) -> str | None:
    if approval.by == facts.offer.by:
        return "SELF_APPROVAL"
    if approval.org != facts.org or approval.role not in roles:
        return "NOT_APPROVER"
    if facts.offer.expires_at is not None and approval.at > facts.offer.expires_at:
        return "EXPIRED"
    return None


def month_later(first: date, months: int) -> date:
    """The same day `months` months later, clipped to the end of a shorter month."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def propose(*, total: int, count: int, first_due: date, min_instalment: int | None = None) -> Sequence[Instalment]:
    """Equal monthly instalments of `total` minor units, spare units to the earliest; none when below the floor.

    Due on the first due date's day of each month, clipped to the month's end. Raises SettlementError
    NOT_INTEGER_MONEY, or AMOUNT when there is not one unit for each instalment.
    """
    if _whole(total) < count or count < 1:
        raise SettlementError("AMOUNT")
    each, spare = divmod(total, count)
    parts = [Instalment(month_later(first_due, i), each + (1 if i < spare else 0)) for i in range(count)]
    if any(_over(min_instalment, part.amount) for part in parts[:-1]):
        return ()
    return tuple(parts)
