"""Key figures of a portfolio over a period. Pure: no database, no clock, no Django.

Money in minor units; ratios are text with 4 decimals, rates per 1,000 accounts with 2, None over a zero denominator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from insight.ratios import poisson_lower, ratio
from payments.commission import half_even

CONNECTS = frozenset({"RPC", "TP", "WN"})
CONTACTED = frozenset({"RPC", "MSG"})
DECIDED = frozenset({"VALIDATED", "CORRECTED", "NOT_OWED", "CLOSED_NOT_OWED"})
UPHELD = DECIDED - {"VALIDATED"}
BUCKETS = ((1, "1-29"), (30, "30-59"), (60, "60-89"), (90, "90-119"), (120, "120-149"), (150, "150-179"), (180, "180+"))
ALERT_ABOVE = Fraction(1, 5)  # substantiated complaints per 1,000 accounts attempted
STOP_ABOVE = Decimal(1)


class KpiError(ValueError):
    """Facts that cannot be evaluated; `code` is NO_RATE."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Account:
    """A debt as placed: `balance` and days past due at the start, and at the end when known."""

    id: str
    balance: int
    dpd: int
    dpd_end: int | None = None
    recalled_in_error: bool = False
    held_whole_period: bool = False
    closed_whole_period: bool = False

    @property
    def is_workable(self) -> bool:
        """Whether anybody could have worked it at some time of the period."""
        return not (self.recalled_in_error or self.held_whole_period or self.closed_whole_period)


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise; `via` is rpc or portal, `state_at` the time of its last change."""

    account: str
    amount: int
    due: date
    state: str
    via: str = "rpc"
    state_at: datetime | None = None
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A debtor's payment and the (at, amount) of its reversals."""

    account: str
    amount: int
    initiated_at: datetime
    cleared_at: datetime | None
    reversals: tuple[tuple[datetime, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RateTier:
    """A commission rate in basis points for accounts at least `from_age` days past due."""

    from_age: int
    bps: int


@dataclass(frozen=True, slots=True)
class KpiFacts:
    """Everything the figures are made of. `start` and `end` are local days of `zone`, both inclusive.

    `attempts` are results by account, one for each dial or message that left the platform; `denies` the account of
    each refusal by the gate; `attempted` overrides the number of accounts attempted; `disputes` are outcomes.
    """

    zone: ZoneInfo
    start: date
    end: date
    accounts: Sequence[Account] = ()
    tiers: Sequence[RateTier] = ()
    attempts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    denies: Sequence[str] = ()
    promises: Sequence[PromiseRow] = ()
    payments: Sequence[PaymentRow] = ()
    disputes: Sequence[str] = ()
    costs: Mapping[str, int] = field(default_factory=dict)
    complaints_received: int = 0
    complaints_substantiated: int = 0
    attempted: int | None = None
    grace_days: int = 3

    def day(self, moment: datetime) -> date:
        """The local day of an instant."""
        return moment.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Roll:
    """Share of a bucket that moved to exactly the next one, by balance and by number of accounts."""

    amount: str | None
    count: str | None


@dataclass(frozen=True, slots=True)
class Kpis:
    """The figures; names as in the industry, amounts in minor units."""

    placed: int
    adjusted: int
    net: int
    liquidation: str | None
    liquidation_adjusted: str | None
    attempts: int
    connects: int
    rpc: int
    workable: int
    rpc_per_attempt: str | None
    rpc_per_connect: str | None
    rpc_per_account: str | None
    penetration: str | None
    intensity: str | None
    deny_rate: str | None
    promise_rate: str | None
    dispute_rate: str | None
    dispute_validity: str | None
    ptp_due: int
    ptp_kept: str | None
    ptp_kept_value: str | None
    reschedule_rate: str | None
    roll: Mapping[str, Roll]
    commission: int
    cost_to_collect: str | None
    complaints_per_1000: str | None
    complaints_received_per_1000: str | None
    complaints_lower_per_1000: str | None
    complaint_alert: bool
    complaint_stop: bool


def bucket_of(dpd: int) -> int | None:
    """The index in BUCKETS of days past due, None for a debt that is not past due."""
    fitting = [index for index, (least, _label) in enumerate(BUCKETS) if least <= dpd]
    return fitting[-1] if fitting else None


def measure(facts: KpiFacts) -> Kpis:
    """All figures of the period. Raises KpiError NO_RATE when an account with money is younger than every tier."""
    paid = _cleared(facts)
    net = sum(paid.values())
    adjusted = [account for account in facts.accounts if not account.recalled_in_error]
    placed = sum(account.balance for account in facts.accounts)
    adjusted_balance = sum(account.balance for account in adjusted)
    commission = _commission(facts, paid)
    work, promises, complaints = _work(facts), _promises(facts), _complaints(facts)
    return Kpis(
        placed=placed,
        adjusted=adjusted_balance,
        net=net,
        liquidation=ratio(net, placed),
        liquidation_adjusted=ratio(sum(paid[account.id] for account in adjusted), adjusted_balance),
        roll=_rolls(facts, paid),
        commission=commission,
        cost_to_collect=ratio(commission + sum(facts.costs.values()), net),
        attempts=work.attempts,
        connects=work.connects,
        rpc=work.rpc,
        workable=work.workable,
        rpc_per_attempt=ratio(work.rpc, work.attempts),
        rpc_per_connect=ratio(work.rpc, work.connects),
        rpc_per_account=ratio(work.workable_reached, work.workable),
        penetration=ratio(work.workable_attempted, work.workable),
        intensity=ratio(work.attempts, work.attempted),
        deny_rate=ratio(len(facts.denies), len(facts.denies) + work.attempts),
        promise_rate=ratio(promises.taken_in_call, work.rpc),
        dispute_rate=ratio(len(facts.disputes), work.contacted),
        dispute_validity=_dispute_validity(facts.disputes),
        ptp_due=promises.due,
        ptp_kept=ratio(promises.kept, promises.due),
        ptp_kept_value=ratio(promises.kept_value, promises.due_value),
        reschedule_rate=ratio(promises.rescheduled, promises.made),
        complaints_per_1000=complaints.point,
        complaints_received_per_1000=complaints.received,
        complaints_lower_per_1000=complaints.lower,
        complaint_alert=complaints.alert,
        complaint_stop=complaints.stop,
    )


def _standing(facts: KpiFacts, payment: PaymentRow) -> int:
    """What of a payment is cleared by the end of the period and not reversed by then."""
    if payment.cleared_at is None or facts.day(payment.cleared_at) > facts.end:
        return 0
    return payment.amount - sum(amount for at, amount in payment.reversals if facts.day(at) <= facts.end)


def _cleared(facts: KpiFacts) -> dict[str, int]:
    paid = {account.id: 0 for account in facts.accounts}
    for payment in facts.payments:
        if payment.account in paid:
            paid[payment.account] += _standing(facts, payment)
    return paid


def _commission(facts: KpiFacts, paid: Mapping[str, int]) -> int:
    """An estimate by the account's age at the start, rounded once for each account."""
    total = 0
    for account in facts.accounts:
        if paid[account.id]:
            fitting = [tier for tier in facts.tiers if tier.from_age <= account.dpd]
            if not fitting:
                raise KpiError("NO_RATE")
            total += half_even(paid[account.id] * max(fitting, key=lambda tier: tier.from_age).bps, 10_000)
    return total


def _rolls(facts: KpiFacts, paid: Mapping[str, int]) -> dict[str, Roll]:
    """Opening balance less what was paid, of accounts found in exactly the next bucket, over the bucket's opening."""
    days = (facts.end - facts.start).days
    opening: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    moved: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for account in facts.accounts:
        bucket = bucket_of(account.dpd)
        if account.recalled_in_error or bucket is None or bucket == len(BUCKETS) - 1:
            continue
        opening[bucket][0] += account.balance
        opening[bucket][1] += 1
        left = account.balance - paid[account.id]
        end = account.dpd + days if account.dpd_end is None else account.dpd_end
        if left > 0 and bucket_of(end) == bucket + 1:
            moved[bucket][0] += left
            moved[bucket][1] += 1
    return {
        BUCKETS[bucket][1]: Roll(ratio(moved[bucket][0], amount), ratio(moved[bucket][1], count))
        for bucket, (amount, count) in sorted(opening.items())
    }


@dataclass(frozen=True, slots=True)
class _Work:
    attempts: int
    connects: int
    rpc: int
    attempted: int
    contacted: int
    workable: int
    workable_attempted: int
    workable_reached: int


def _work(facts: KpiFacts) -> _Work:
    results = [result for row in facts.attempts.values() for result in row]
    attempted = {account for account, row in facts.attempts.items() if row}
    reached = {account for account, row in facts.attempts.items() if "RPC" in row}
    workable = {account.id for account in facts.accounts if account.is_workable}
    return _Work(
        attempts=len(results),
        connects=sum(result in CONNECTS for result in results),
        rpc=results.count("RPC"),
        attempted=len(attempted),
        contacted=sum(not CONTACTED.isdisjoint(row) for row in facts.attempts.values()),
        workable=len(workable),
        workable_attempted=len(workable & attempted),
        workable_reached=len(workable & reached),
    )


def _dispute_validity(outcomes: Sequence[str]) -> str | None:
    return ratio(sum(item in UPHELD for item in outcomes), sum(item in DECIDED for item in outcomes))


@dataclass(frozen=True, slots=True)
class _Promises:
    made: int
    taken_in_call: int
    rescheduled: int
    due: int
    due_value: int
    kept: int
    kept_value: int


def _promises(facts: KpiFacts) -> _Promises:
    """Kept and taken promises. A proposal that the debtor never confirmed counts nowhere."""
    made = [promise for promise in facts.promises if promise.state != "PROPOSED"]
    due = [promise for promise in made if _is_due(facts, promise)]
    served = [money for account in {promise.account for promise in due} for money in _serve(facts, due, account)]
    return _Promises(
        made=len(made),
        taken_in_call=sum(promise.via == "rpc" for promise in made),
        rescheduled=sum(promise.state == "RESCHEDULED" for promise in made),
        due=len(due),
        due_value=sum(promise.amount for promise in due),
        kept=sum(money >= promise.amount for promise, money in served),
        kept_value=sum(money for _promise, money in served),
    )


def _is_due(facts: KpiFacts, promise: PromiseRow) -> bool:
    """Whether its grace is over in the period and it was not moved, suspended or cancelled.

    A promise moved on its due date or later stays, or moving dates would polish the rate.
    """
    if promise.state in ("SUSPENDED", "CANCELLED"):
        return False
    if promise.state == "RESCHEDULED" and promise.state_at is not None and facts.day(promise.state_at) < promise.due:
        return False
    return promise.due + timedelta(days=facts.grace_days) <= facts.end


def _serving_order(promise: PromiseRow) -> tuple[date, float]:
    return promise.due, promise.made_at.timestamp() if promise.made_at else 0.0


def _serve(facts: KpiFacts, due: Sequence[PromiseRow], account: str) -> list[tuple[PromiseRow, int]]:
    """Each promise of the account with the money that serves it: the earliest due first, every unit once."""
    payments = sorted((item for item in facts.payments if item.account == account), key=lambda item: item.initiated_at)
    left = [_standing(facts, payment) for payment in payments]
    served = []
    for promise in sorted((item for item in due if item.account == account), key=_serving_order):
        last_day, missing = promise.due + timedelta(days=facts.grace_days), promise.amount
        for index, payment in enumerate(payments):
            is_later = promise.made_at is None or payment.initiated_at >= promise.made_at
            if is_later and facts.day(payment.initiated_at) <= last_day:
                taken = min(missing, left[index])
                missing, left[index] = missing - taken, left[index] - taken
        served.append((promise, promise.amount - missing))
    return served


@dataclass(frozen=True, slots=True)
class _Complaints:
    point: str | None
    received: str | None
    lower: str | None
    alert: bool
    stop: bool


def _complaints(facts: KpiFacts) -> _Complaints:
    """Rates per 1,000 accounts attempted. The bound keeps one complaint in a small portfolio from stopping anyone."""
    attempted = facts.attempted
    if attempted is None:
        attempted = sum(1 for row in facts.attempts.values() if row)
    if not attempted:
        return _Complaints(None, None, None, alert=False, stop=False)
    lower = poisson_lower(facts.complaints_substantiated) * 1000 / attempted
    return _Complaints(
        point=ratio(facts.complaints_substantiated * 1000, attempted, 2),
        received=ratio(facts.complaints_received * 1000, attempted, 2),
        lower=str(lower.quantize(Decimal("0.01"))),
        alert=Fraction(facts.complaints_substantiated * 1000, attempted) > ALERT_ABOVE,
        stop=lower > STOP_ABOVE,
    )
