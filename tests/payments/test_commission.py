"""Commission by literals: the worked example, the rounding ties, the limits and every refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from payments import commission
from payments.commission import (
    Bracket,
    ClaimTerms,
    CommissionError,
    OutcomeEvent,
    PaymentEvent,
    Plan,
    ReversalEvent,
    Tier,
)

NEW_YORK = ZoneInfo("America/New_York")
NOON = datetime(2026, 3, 10, 16, tzinfo=UTC)

PLAN = Plan(
    currency="USD",
    basis="principal_interest",
    tiers=(
        Tier(1, (Bracket(None, 1000),)),
        Tier(30, (Bracket(None, 1500),)),
        Tier(60, (Bracket(None, 2000),)),
    ),
    split={"collector": 7000, "platform": 3000},
    holdback={"transfer": {"new": 3}},
)
CLAIM = ClaimTerms(
    accepted_at=datetime(2026, 2, 5, 15, tzinfo=UTC),
    past_due_since=date(2026, 1, 1),
    amount=123_457,
    trust="new",
    zone=NEW_YORK,
)


def paid(name: str, principal: int, interest: int = 0, costs: int = 0, **more: object) -> PaymentEvent:
    event = PaymentEvent(name, principal, "transfer", NOON, NOON, interest=interest, costs=costs)
    return replace(event, **more)


def code_of(plan: Plan = PLAN, claim: ClaimTerms = CLAIM, events: tuple[commission.Event, ...] = ()) -> str:
    with pytest.raises(CommissionError) as caught:
        commission.compute(plan, claim, events)
    return caught.value.code


def test_the_worked_example():
    """1,234.57 at 35 days: fees are paid last, the second payment bounces with its own parts."""
    result = commission.compute(
        PLAN,
        CLAIM,
        [
            paid("P1", 10_030),
            paid("P2", 33_333),
            paid("P3", 66_637, interest=8_557, costs=4_900),
            ReversalEvent("R1", of="P2"),
        ],
    )
    assert [line.totals.base for line in result.lines] == [10_030, 43_363, 118_557, 85_224]
    assert [line.totals.fee for line in result.lines] == [1_504, 6_504, 17_784, 12_784]
    assert [(line.totals.collector, line.totals.platform) for line in result.lines] == [
        (1_053, 451),
        (4_553, 1_951),
        (12_449, 5_335),
        (8_949, 3_835),
    ]
    assert [(line.collector, line.platform) for line in result.lines] == [
        (1_053, 451),
        (3_500, 1_500),
        (7_896, 3_384),
        (-3_500, -1_500),
    ]
    assert result.cumulative == result.lines[-1].totals
    held = datetime(2026, 3, 13, 4, tzinfo=UTC)
    assert [line.held_until for line in result.lines] == [held, held, held, None]


@pytest.mark.parametrize(("numerator", "expected"), [(5, 0), (15, 2), (25, 2), (26, 3), (-5, 0), (-15, -2), (-25, -2)])
def test_ties_go_to_the_even_neighbour(numerator: int, expected: int):
    assert commission.half_even(numerator, 10) == expected


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (15, [7000, 3000], [11, 4]),
        (2, [5000, 2500, 2500], [1, 1, 0]),
        (11, [4300, 4300, 1400], [5, 5, 1]),
        (-15, [7000, 3000], [-11, -4]),
        (7, [0, 1], [0, 7]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
    ],
)
def test_largest_remainder(total: int, weights: list[int], shares: list[int]):
    assert commission.largest_remainder(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [0, 0]), (3, [2, -1])])
def test_nothing_is_shared_out_over_no_weight(total: int, weights: list[int]):
    with pytest.raises(ValueError, match="weights"):
        commission.largest_remainder(total, weights)


@pytest.mark.parametrize(
    ("age", "amount", "bps"),
    [(1, 1, 1000), (29, 10**9, 1000), (30, 1, 1500), (59, 1, 1500), (60, 1, 2000), (999, 1, 2000)],
)
def test_rate_preview(age: int, amount: int, bps: int):
    assert commission.rate_bps(PLAN, age, amount) == bps


def test_rate_preview_by_size():
    plan = replace(PLAN, tiers=(Tier(0, (Bracket(500_000, 2000), Bracket(None, 950))),))
    assert [commission.rate_bps(plan, 0, amount) for amount in (500_000, 500_001)] == [2000, 950]
    with pytest.raises(CommissionError, match="NO_RATE"):
        commission.rate_bps(plan, -1, 1)


def test_order_of_the_limits():
    """8 % of 50.00 + 2.50 is 6.50, raised to 9.00; of 300.00 26.50, cut to 24.00; of 7.00 all of it."""
    plan = replace(PLAN, tiers=(Tier(0, (Bracket(None, 800),)),), fixed_fee=250, minimum=900, cap=2400)
    found = {base: commission.compute(plan, CLAIM, [paid("P", base)]).cumulative for base in (5_000, 30_000, 700)}
    assert {base: (totals.fee, totals.limit) for base, totals in found.items()} == {
        5_000: (900, "minimum"),
        30_000: (2400, "cap"),
        700: (700, "recovered"),
    }


def test_a_plan_survives_its_json():
    plan = replace(
        PLAN,
        tiers=(Tier(0, (Bracket(500_000, 2000), Bracket(None, 950))),),
        fixed_fee=100,
        minimum=5,
        cap=9_000,
        vat_bps=2000,
        withholding_bps=1000,
        age_at="payment",
        bracket_mode="marginal",
    )
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan
    assert Plan.from_json(json.loads(json.dumps(PLAN.to_json()))) == PLAN


@pytest.mark.parametrize("data", [{}, {**PLAN.to_json(), "tiers": 3}, {**PLAN.to_json(), "tiers": [{}]}])
def test_terms_of_an_unknown_shape_are_refused(data: dict[str, object]):
    with pytest.raises(CommissionError, match="PLAN"):
        Plan.from_json(data)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"currency": "XBT"}, "CURRENCY"),
        ({"basis": "balance"}, "PLAN"),
        ({"age_at": "placement"}, "PLAN"),
        ({"bracket_mode": "half"}, "PLAN"),
        ({"tiers": (Tier(0, (Bracket(None, 10_001),)),)}, "RATE"),
        ({"tiers": (Tier(0, (Bracket(None, -1),)),)}, "RATE"),
        ({"vat_bps": 10_001}, "RATE"),
        ({"withholding_bps": -1}, "RATE"),
        ({"split": {"collector": 7000, "platform": 2999}}, "SPLIT"),
        ({"split": {"collector": 7000, "platform": 2000, "broker": 1000}}, "SPLIT"),
        ({"split": {"platform": 10_000}}, "SPLIT"),
        ({"split": {"collector": 11_000, "platform": -1000}}, "SPLIT"),
        ({"minimum": 2_000, "cap": 1_999}, "MINIMUM_ABOVE_CAP"),
        ({"fixed_fee": -1}, "AMOUNT"),
        ({"minimum": 1.5}, "NOT_INTEGER_MONEY"),
        ({"tiers": (Tier(0, (Bracket(-5, 1),)),)}, "AMOUNT"),
    ],
)
def test_a_faulty_plan_is_refused_before_any_event_is_read(change: dict[str, object], code: str):
    def never() -> object:
        raise AssertionError("an event was read")
        yield

    assert code_of(replace(PLAN, **change), events=never()) == code


def test_minimum_equal_to_cap_is_a_plan():
    commission.validate_plan(replace(PLAN, minimum=2_000, cap=2_000))


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ((paid("P", -1),), "AMOUNT"),
        ((paid("P", 0),), "AMOUNT"),
        ((paid("P", 5, interest=-1),), "AMOUNT"),
        ((paid("P", 5.0),), "NOT_INTEGER_MONEY"),
        ((paid("P", True),), "NOT_INTEGER_MONEY"),
        ((paid("P", 5, currency="EUR"),), "CURRENCY"),
        ((paid("P", 5), ReversalEvent("R", of="X")), "NO_ORIGINAL"),
        ((ReversalEvent("R", of="P"), paid("P", 5)), "NO_ORIGINAL"),
        ((paid("P", 5), ReversalEvent("R", of="P"), ReversalEvent("S", of="R")), "NO_ORIGINAL"),
        ((paid("P", 5), ReversalEvent("R", of="P", principal=6)), "OVER_REVERSAL"),
        ((paid("P", 5, interest=5), ReversalEvent("R", of="P", principal=6)), "OVER_REVERSAL"),
        ((paid("P", 5), ReversalEvent("R", of="P", interest=1)), "OVER_REVERSAL"),
        ((paid("P", 5), ReversalEvent("R", of="P", principal=-1)), "AMOUNT"),
        ((paid("P", 5), ReversalEvent("R", of="P", currency="EUR")), "CURRENCY"),
        ((ReversalEvent("R", of="X"), paid("P", 5.0)), "NO_ORIGINAL"),
        ((paid("P", 5.0), ReversalEvent("R", of="X")), "NOT_INTEGER_MONEY"),
    ],
)
def test_the_first_faulty_event_decides(events: tuple[commission.Event, ...], code: str):
    assert code_of(events=events) == code


def test_a_debt_younger_than_every_tier_has_no_rate():
    claim = replace(CLAIM, accepted_at=datetime(2026, 1, 1, 15, tzinfo=UTC))
    assert code_of(claim=claim, events=(paid("P", 5),)) == "NO_RATE"


def test_money_above_the_last_bracket_has_no_rate():
    plan = replace(PLAN, tiers=(Tier(0, (Bracket(100_000, 1000),)),))
    assert code_of(plan, events=(paid("P", 5),)) == "NO_RATE"
    marginal = replace(plan, bracket_mode="marginal")
    assert commission.compute(marginal, CLAIM, [paid("P", 100_000)]).cumulative.fee == 10_000
    assert code_of(marginal, events=(paid("P", 100_001),)) == "NO_RATE"


def test_parts_are_taken_back_as_named():
    result = commission.compute(
        PLAN,
        CLAIM,
        [paid("P", 1_000, interest=1_000, costs=1_000), ReversalEvent("R", of="P", interest=400, costs=1_000)],
    )
    assert [line.base for line in result.lines] == [2_000, -400]
    assert result.cumulative.fee == 240


def test_an_outcome_earns_its_fixed_fee_while_one_stands():
    plan = replace(PLAN, basis="none", fixed_fee=2_500, cap=2_000, holdback={"outcome": {"new": 1}, "cash": {"new": 9}})
    events = [
        OutcomeEvent("O1", NOON),
        OutcomeEvent("O2", NOON),
        ReversalEvent("R1", of="O1"),
        ReversalEvent("R2", of="O2"),
    ]
    result = commission.compute(plan, CLAIM, events)
    assert [line.fee for line in result.lines] == [2_000, 0, 0, -2_000]
    assert result.lines[0].held_until == datetime(2026, 3, 11, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("instrument", "trust", "days"),
    [
        ("cash", "new", 0),
        ("transfer", "trusted", 1),
        ("transfer", "gold", 5),
        ("voucher", "trusted", 45),
        ("empty", "new", 45),
    ],
)
def test_what_the_table_does_not_know_waits_longest(instrument: str, trust: str, days: int):
    plan = replace(
        PLAN,
        holdback={
            "cash": {"new": 0},
            "transfer": {"new": 5, "trusted": 1},
            "card": {"new": 45, "trusted": 30},
            "empty": {},
        },
    )
    assert commission.hold_days(plan, instrument, trust) == days


@pytest.mark.parametrize(
    ("zone", "cleared_at", "days", "held_until"),
    [
        ("America/New_York", datetime(2026, 3, 6, 17, tzinfo=UTC), 3, datetime(2026, 3, 9, 4, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 30, 16, tzinfo=UTC), 3, datetime(2026, 11, 2, 5, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(2026, 3, 6, 17, tzinfo=UTC), 1, datetime(2026, 3, 7, 16, tzinfo=UTC)),
        # no midnight in Cairo on 24 April 2026: the day begins at 01:00
        ("Africa/Cairo", datetime(2026, 4, 23, 10, tzinfo=UTC), 1, datetime(2026, 4, 23, 22, tzinfo=UTC)),
    ],
)
def test_the_holdback_ends_at_the_start_of_a_local_day(
    zone: str, cleared_at: datetime, days: int, held_until: datetime
):
    plan = replace(PLAN, holdback={"transfer": {"new": days}})
    claim = replace(CLAIM, zone=ZoneInfo(zone))
    line = commission.compute(plan, claim, [paid("P", 1_000, cleared_at=cleared_at)]).lines[0]
    assert line.held_until == held_until


def test_house_is_charged_the_platforms_part_only():
    plan = replace(PLAN, vat_bps=2_000, withholding_bps=1_000)
    totals = commission.compute(plan, replace(CLAIM, is_house=True), [paid("P", 10_000)]).cumulative
    assert (totals.fee, totals.collector, totals.platform, totals.vat, totals.withheld) == (450, 0, 450, 90, 0)
