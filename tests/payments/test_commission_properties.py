"""Commission as laws: nothing is lost in sharing, instalments equal the lump sum, a reversal leaves no trace."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from payments.commission import (
    Bracket,
    ClaimTerms,
    PaymentEvent,
    Plan,
    ReversalEvent,
    Tier,
    compute,
    largest_remainder,
)

NOON = datetime(2026, 3, 10, 16, tzinfo=UTC)
LATER = datetime(2026, 4, 20, 16, tzinfo=UTC)
CLAIM = ClaimTerms(NOON, date(2026, 3, 1), 500_000, "new", ZoneInfo("America/New_York"))
BPS = st.integers(0, 10_000)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    brackets = st.tuples(st.integers(1, 400_000), BPS, BPS).map(lambda b: (Bracket(b[0], b[1]), Bracket(None, b[2])))
    minimum = draw(st.integers(0, 5_000))
    referrer = draw(st.integers(0, 2_000))
    collector = draw(st.integers(0, 10_000 - referrer))
    return Plan(
        currency="USD",
        basis=draw(st.sampled_from(["principal", "principal_interest"])),
        tiers=(Tier(0, draw(brackets)), Tier(31, draw(brackets))),
        split={"collector": collector, "platform": 10_000 - collector - referrer, "referrer": referrer},
        age_at=draw(st.sampled_from(["claim", "payment"])),
        bracket_mode=draw(st.sampled_from(["whole", "marginal"])),
        fixed_fee=draw(st.integers(0, 5_000)),
        minimum=minimum,
        cap=draw(st.none() | st.integers(minimum, 60_000)),
        vat_bps=draw(BPS),
        withholding_bps=draw(BPS),
        holdback={"transfer": {"new": 3}},
    )


@st.composite
def payments(draw: st.DrawFn) -> list[PaymentEvent]:
    rows = draw(
        st.lists(st.tuples(st.integers(1, 90_000), st.integers(0, 9_000), st.sampled_from([NOON, LATER])), max_size=6)
    )
    return [PaymentEvent(f"P{i}", p, "transfer", at, at, interest=rest) for i, (p, rest, at) in enumerate(rows)]


@settings(max_examples=400, deadline=None)
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10_000), min_size=1, max_size=6).filter(any))
def test_shares_add_up_and_are_fair(total: int, weights: list[int]):
    shares = largest_remainder(total, weights)
    assert sum(shares) == total
    assert [-share for share in shares] == largest_remainder(-total, weights)
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * whole - total * weight) < whole
        assert weight or not share


@settings(max_examples=200, deadline=None)
@given(plans(), payments(), st.randoms(use_true_random=False))
def test_instalments_in_any_order_equal_the_lump_sum(plan: Plan, events: list[PaymentEvent], random):
    once = compute(plan, CLAIM, events)
    shuffled = events.copy()
    random.shuffle(shuffled)
    totals = compute(plan, CLAIM, shuffled).cumulative
    assert totals == once.cumulative
    lump: dict[datetime, PaymentEvent] = {}
    for event in events:
        first = lump.get(event.initiated_at)
        principal, interest = (first.principal, first.interest) if first else (0, 0)
        lump[event.initiated_at] = PaymentEvent(
            f"L{event.initiated_at}",
            principal + event.principal,
            "transfer",
            event.initiated_at,
            event.cleared_at,
            interest=interest + event.interest,
        )
    assert compute(plan, CLAIM, list(lump.values())).cumulative == totals
    assert sum(line.fee for line in once.lines) == totals.fee
    assert sum(totals.parts.values()) == totals.fee <= totals.base


@settings(max_examples=200, deadline=None)
@given(plans(), payments(), st.randoms(use_true_random=False))
def test_reversing_everything_in_any_order_returns_to_zero(plan: Plan, events: list[PaymentEvent], random):
    order = events.copy()
    random.shuffle(order)
    back = [ReversalEvent(f"R{event.id}", of=event.id) for event in order]
    result = compute(plan, CLAIM, [*events, *back])
    zero = {"collector": 0, "platform": 0, "referrer": 0}
    assert (result.cumulative.base, result.cumulative.fee, dict(result.cumulative.parts)) == (0, 0, zero)
    assert (result.cumulative.vat, result.cumulative.withheld) == (0, 0)
    fees = [line.totals.fee for line in result.lines[len(events) :]]
    assert fees == sorted(fees, reverse=True)
    assert all(line.held_until is None for line in result.lines[len(events) :])


@settings(max_examples=100, deadline=None)
@given(plans(), payments())
def test_frozen_terms_give_the_same_commission(plan: Plan, events: list[PaymentEvent]):
    assert compute(Plan.from_json(plan.to_json()), CLAIM, events) == compute(plan, CLAIM, events)
