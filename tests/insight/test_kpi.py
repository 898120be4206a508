"""Key figures: the statistics by known values and the edges of the periods."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from insight.kpi import Account, KpiError, KpiFacts, Kpis, PaymentRow, PromiseRow, RateTier, bucket_of, measure
from insight.ratios import poisson_lower, ratio

ZONE = ZoneInfo("America/New_York")
TIERS = (RateTier(0, 1000), RateTier(30, 1500))


def noon(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 17, tzinfo=UTC)


def figures(**facts: object) -> Kpis:
    given = {"tiers": TIERS, "accounts": [Account("A", 1_000, 35)], **facts}
    return measure(KpiFacts(zone=ZONE, start=date(2026, 3, 1), end=date(2026, 3, 31), **given))


@pytest.mark.parametrize(
    ("count", "bound"),
    [(0, "0.000"), (1, "0.051"), (2, "0.355"), (3, "0.818"), (4, "1.366"), (10, "5.425"), (100, "84.139")],
)
def test_poisson_bound(count: int, bound: str):
    assert poisson_lower(count).quantize(Decimal("0.001")) == Decimal(bound)


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [(3, 32, "0.0938"), (1, 32, "0.0312"), (0, 5, "0.0000"), (5, 0, None), (7, 2, "3.5000"), (1, 30_000, "0.0000")],
)
def test_ratio(numerator: int, denominator: int, text: str | None):
    assert ratio(numerator, denominator) == text


@pytest.mark.parametrize(
    ("dpd", "bucket"), [(0, None), (1, 0), (29, 0), (30, 1), (59, 1), (149, 4), (150, 5), (179, 5), (180, 6), (999, 6)]
)
def test_buckets(dpd: int, bucket: int | None):
    assert bucket_of(dpd) == bucket


def kept(promise: PromiseRow, *payments: PaymentRow) -> str | None:
    return figures(promises=[promise], payments=payments).ptp_kept


PROMISE = PromiseRow("A", 100, date(2026, 3, 20), "BROKEN")


def test_a_promise_is_kept_by_money_and_not_by_its_stamp():
    assert kept(PROMISE, PaymentRow("A", 100, noon(3, 23), noon(3, 25))) == "1.0000"
    assert kept(PROMISE, PaymentRow("A", 99, noon(3, 23), noon(3, 25))) == "0.0000"
    assert kept(PROMISE, PaymentRow("A", 100, noon(3, 24), noon(3, 25))) == "0.0000"
    assert kept(PROMISE, PaymentRow("A", 100, noon(3, 23), noon(4, 1))) == "0.0000"
    assert kept(PROMISE, PaymentRow("A", 100, noon(3, 23), None)) == "0.0000"


def test_money_from_before_the_promise_does_not_keep_it():
    made = PromiseRow("A", 100, date(2026, 3, 20), "KEPT", made_at=noon(3, 10))
    assert kept(made, PaymentRow("A", 100, noon(3, 10), noon(3, 12))) == "1.0000"
    assert kept(made, PaymentRow("A", 100, noon(3, 9), noon(3, 12))) == "0.0000"


def test_reversals_count_by_the_end_of_the_period():
    last_second = datetime(2026, 4, 1, 3, 59, 59, tzinfo=UTC)
    first_after = datetime(2026, 4, 1, 4, tzinfo=UTC)
    assert kept(PROMISE, PaymentRow("A", 100, noon(3, 9), noon(3, 12), ((last_second, 100),))) == "0.0000"
    assert kept(PROMISE, PaymentRow("A", 100, noon(3, 9), noon(3, 12), ((first_after, 100),))) == "1.0000"


@pytest.mark.parametrize(
    ("state", "state_at", "due"),
    [
        ("RESCHEDULED", noon(3, 19), 0),
        ("RESCHEDULED", noon(3, 20), 1),
        ("RESCHEDULED", None, 1),
        ("SUSPENDED", None, 0),
        ("CANCELLED", None, 0),
        ("PROPOSED", None, 0),
        ("VERIFYING", None, 1),
        ("ACTIVE", None, 1),
    ],
)
def test_which_promises_are_due(state: str, state_at: datetime | None, due: int):
    promise = PromiseRow("A", 100, date(2026, 3, 20), state, state_at=state_at)
    assert figures(promises=[promise]).ptp_due == due


def test_each_unit_of_money_serves_one_promise():
    promises = [PromiseRow("A", 100, date(2026, 3, day), "KEPT") for day in (22, 20)]
    found = figures(promises=promises, payments=[PaymentRow("A", 150, noon(3, 19), noon(3, 21))])
    assert (found.ptp_kept, found.ptp_kept_value) == ("0.5000", "0.7500")


def test_commission_is_rounded_once_for_each_account():
    accounts = [Account("A", 1_000, 1), Account("B", 1_000, 1)]
    payments = [PaymentRow(name, part, noon(3, 9), noon(3, 12)) for name, part in (("A", 10), ("A", 5), ("B", 6))]
    assert figures(accounts=accounts, payments=payments).commission == 2 + 1


def test_money_of_an_account_younger_than_every_tier_has_no_rate():
    paid = [PaymentRow("A", 100, noon(3, 9), noon(3, 12))]
    with pytest.raises(KpiError, match="NO_RATE"):
        figures(tiers=[RateTier(36, 1000)], payments=paid)
    assert figures(tiers=[RateTier(36, 1000)]).commission == 0


def test_complaint_alarm():
    assert not figures(attempted=5_000, complaints_substantiated=1).complaint_alert
    assert figures(attempted=4_999, complaints_substantiated=1).complaint_alert
    assert not figures(attempted=200, complaints_substantiated=1).complaint_stop
    assert figures(attempted=200, complaints_substantiated=2).complaint_stop
    assert figures(attempted=200).complaints_lower_per_1000 == "0.00"
