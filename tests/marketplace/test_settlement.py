"""Settlement: who may accept what, in which order it is refused, and how a debt is split into instalments."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from marketplace.settlement import (
    AgeBands,
    Approval,
    Band,
    Instalment,
    Offer,
    PlanRules,
    SettlementError,
    SettlementFacts,
    decide,
    least_amounts,
    propose,
)

AT = datetime(2026, 3, 10, 16, tzinfo=UTC)
BANDS = AgeBands(0, (Band(5000, frozenset({"owner"})), Band(8000, None), Band(6500, frozenset({"finance", "owner"}))))
RULES = PlanRules(min_instalment=20_000, max_count=4, first_within_days=30, max_gap_days=31, max_days=120)
FACTS = SettlementFacts(
    currency="USD",
    org="o1",
    zone=ZoneInfo("America/New_York"),
    balance=100_001,
    age=40,
    authority=(AgeBands(90, (Band(4000, None),)), BANDS),
    offer=Offer(80_000, "k1", AT),
    plan_rules=RULES,
)
OWNER = Approval("u2", "owner", "o1", AT)


def outcome(amount: int, plan: tuple[Instalment, ...] = (), **changes: object) -> tuple[str, str]:
    offer = changes.pop("offer", Offer(amount, "k1", AT, plan=plan))
    found = decide(replace(FACTS, offer=offer, **changes))
    return found.decision, found.rule


def parts(*rows: tuple[int, int, int]) -> tuple[Instalment, ...]:
    return tuple(Instalment(date(2026, month, day), amount) for month, day, amount in rows)


@pytest.mark.parametrize(
    ("amount", "approval", "expected"),
    [
        (80_001, None, ("accepted", "AUTHORITY")),
        (80_000, None, ("waiting", "APPROVER_NEEDED")),
        (80_000, OWNER, ("accepted", "APPROVED")),
        (65_001, replace(OWNER, role="finance"), ("accepted", "APPROVED")),
        (65_000, replace(OWNER, role="finance"), ("refused", "NOT_APPROVER")),
        (65_000, OWNER, ("accepted", "APPROVED")),
        (80_000, replace(OWNER, org="o2"), ("refused", "NOT_APPROVER")),
        (80_000, replace(OWNER, by="k1", role="viewer"), ("refused", "SELF_APPROVAL")),
        (90_000, replace(OWNER, by="k1"), ("accepted", "AUTHORITY")),
        (50_001, OWNER, ("accepted", "APPROVED")),
        (50_000, OWNER, ("refused", "BELOW_AUTHORITY")),
        (0, OWNER, ("refused", "BELOW_AUTHORITY")),
        (100_001, OWNER, ("refused", "NOT_A_SETTLEMENT")),
        (100_002, OWNER, ("refused", "OVER_BALANCE")),
    ],
)
def test_who_may_accept_what(amount: int, approval: Approval | None, expected: tuple[str, str]):
    assert outcome(amount, approval=approval) == expected


def test_least_amounts_are_rounded_up():
    assert least_amounts(balance=100_001, age=40, authority=FACTS.authority) == (50_001, 80_001)
    assert least_amounts(balance=100_000, age=89, authority=FACTS.authority) == (50_000, 80_000)
    assert least_amounts(balance=100_001, age=90, authority=FACTS.authority) == (40_001, 40_001)
    nobody_alone = (AgeBands(0, (Band(6000, frozenset({"owner"})),)),)
    assert least_amounts(balance=10, age=0, authority=nobody_alone) == (6, None)


def test_the_offers_last_instant_is_in_time():
    offer = Offer(80_000, "k1", AT, expires_at=AT)
    assert outcome(0, offer=offer, approval=OWNER) == ("accepted", "APPROVED")
    late = replace(OWNER, at=AT.replace(second=1))
    assert outcome(0, offer=offer, approval=late) == ("refused", "EXPIRED")
    assert outcome(0, offer=offer, approval=replace(late, role="viewer")) == ("refused", "NOT_APPROVER")


GOOD = parts((4, 9, 30_000), (5, 10, 30_000), (6, 10, 30_000), (7, 8, 10_001))


@pytest.mark.parametrize(
    ("plan", "rule"),
    [
        (GOOD, "AUTHORITY"),
        (parts((3, 10, 50_000), (4, 9, 50_001)), "AUTHORITY"),
        (parts((3, 9, 50_000), (4, 9, 50_000)), "PLAN_SUM"),
        (parts((3, 9, 50_000), (4, 9, 50_001)), "PLAN_ORDER"),
        (parts((4, 9, 50_000), (4, 9, 50_001)), "PLAN_ORDER"),
        (parts((4, 9, 19_999), (6, 9, 80_002)), "PLAN_FLOOR"),
        (parts((4, 10, 20_000), (4, 11, 20_000), (4, 12, 20_000), (4, 13, 20_000), (4, 14, 20_001)), "PLAN_COUNT"),
        (parts((4, 10, 50_000), (6, 9, 50_001)), "PLAN_FIRST"),
        (parts((4, 9, 50_000), (5, 11, 50_001)), "PLAN_GAP"),
        ((*GOOD[:3], Instalment(date(2026, 7, 9), 10_001)), "PLAN_LENGTH"),
    ],
)
def test_the_first_fault_of_a_plan_decides(plan: tuple[Instalment, ...], rule: str):
    assert outcome(100_001, plan)[1] == rule


def test_limits_that_are_not_set_do_not_limit():
    long = parts((12, 1, 1), (12, 2, 100_000))
    assert outcome(100_001, long, plan_rules=PlanRules()) == ("accepted", "AUTHORITY")


def test_the_offers_day_is_the_debtors():
    evening = Offer(
        100_001, "k1", datetime(2026, 3, 11, 3, 30, tzinfo=UTC), plan=parts((3, 10, 50_000), (4, 9, 50_001))
    )
    assert outcome(0, offer=evening) == ("accepted", "AUTHORITY")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "XBT"}, "CURRENCY"),
        ({"offer": Offer(800.5, "k1", AT)}, "NOT_INTEGER_MONEY"),
        ({"offer": Offer(-1, "k1", AT)}, "AMOUNT"),
        ({"offer": Offer(100_001, "k1", AT, plan=parts((4, 9, -1), (4, 10, 100_002)))}, "AMOUNT"),
        ({"balance": True}, "NOT_INTEGER_MONEY"),
        ({"age": -1}, "NO_AUTHORITY"),
        ({"authority": ()}, "NO_AUTHORITY"),
        ({"authority": (AgeBands(0, ()),)}, "NO_AUTHORITY"),
    ],
)
def test_what_cannot_be_evaluated(changes: dict[str, object], code: str):
    with pytest.raises(SettlementError, match=code):
        decide(replace(FACTS, **changes))


def test_proposals_are_equal_and_clipped_to_the_month():
    assert propose(total=10_000, count=3, first_due=date(2026, 1, 31)) == parts(
        (1, 31, 3334), (2, 28, 3333), (3, 31, 3333)
    )
    assert [row.due for row in propose(total=2, count=2, first_due=date(2027, 12, 30))] == [
        date(2027, 12, 30),
        date(2028, 1, 30),
    ]
    assert propose(total=3, count=2, first_due=date(2028, 1, 31))[1].due == date(2028, 2, 29)


def test_a_proposal_below_the_floor_is_none():
    first = date(2026, 1, 31)
    assert propose(total=50_000, count=3, first_due=first, min_instalment=20_000) == ()
    assert len(propose(total=60_000, count=3, first_due=first, min_instalment=20_000)) == 3
    assert len(propose(total=39_999, count=2, first_due=first, min_instalment=20_000)) == 2
    assert len(propose(total=10, count=1, first_due=first, min_instalment=20_000)) == 1


@pytest.mark.parametrize(
    ("total", "count", "code"), [(2, 3, "AMOUNT"), (5, 0, "AMOUNT"), (-5, 1, "AMOUNT"), (1.5, 1, "NOT_INTEGER_MONEY")]
)
def test_a_proposal_needs_a_unit_for_each_instalment(total: int, count: int, code: str):
    with pytest.raises(SettlementError, match=code):
        propose(total=total, count=count, first_due=date(2026, 1, 31))
