"""Whose payment is it: the design's vectors by literals and the edges between the rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from payments.attribution import (
    Attribution,
    AttributionError,
    AttributionFacts,
    ClaimSpan,
    Contact,
    Payment,
    PriorAttribution,
    PromiseFacts,
    Recall,
    Settings,
    Touch,
    attribute,
)

ZONE = ZoneInfo("America/New_York")


def at(month: int, day: int, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, second, tzinfo=ZONE).astimezone(UTC)


NOTICE = Contact(at(3, 2, 9), "notice")
C1 = ClaimSpan("C1", at(3, 3, 10), at(3, 17, 10))
C1_LIVE = ClaimSpan("C1", at(3, 3, 10))
C2 = ClaimSpan("C2", at(3, 18, 10))
T1, T2 = Touch("C1", at(3, 16), "rpc"), Touch("C2", at(3, 19), "rpc")
PR1 = PromiseFacts("PR1", "C1", date(2026, 3, 25), ((at(3, 16), "ACTIVE"),))


def decide(paid: datetime, **facts: object) -> tuple[str, str | None]:
    given = {"contacts": [NOTICE], "claims": [C1, C2], "touches": [T1, T2], "payment": Payment(paid), **facts}
    found = attribute(AttributionFacts(zone=ZONE, **given))
    return found.rule, found.claim


def promise(*history: tuple[datetime, str], due: date = date(2026, 3, 25), **more: object) -> PromiseFacts:
    return PromiseFacts(**{"id": "PR1", "claim": "C1", "due": due, "history": history, **more})


@pytest.mark.parametrize(
    ("paid", "facts", "expected"),
    [
        pytest.param(at(3, 1, 23, 59), {}, ("A1", None), id="V01"),
        pytest.param(
            at(3, 5), {"claims": [C1_LIVE], "touches": [Touch("C1", at(3, 4), "rpc")]}, ("A3", "C1"), id="V02"
        ),
        pytest.param(at(3, 5), {"claims": [C1_LIVE], "touches": []}, ("A5", "HOUSE"), id="V03"),
        pytest.param(
            at(3, 12),
            {"touches": [Touch("C1", at(3, 10), "rpc")], "payment": Payment(at(3, 12), at(4, 1))},
            ("A3", "C1"),
            id="V04",
        ),
        pytest.param(at(4, 8), {"claims": [C1], "touches": [Touch("C1", at(3, 10), "rpc")]}, ("A4", "C1"), id="V05"),
        pytest.param(
            at(4, 10, 0, 1), {"claims": [C1], "touches": [Touch("C1", at(3, 10), "rpc")]}, ("A5", "HOUSE"), id="V06"
        ),
        pytest.param(at(3, 20), {}, ("A3", "C2"), id="V07"),
        pytest.param(at(3, 24), {"promises": [PR1]}, ("A2", "C1"), id="V08"),
        pytest.param(
            at(3, 31),
            {"promises": [promise((at(3, 16), "ACTIVE"), (at(3, 28, 0, 5), "BROKEN"))]},
            ("A3", "C2"),
            id="V09",
        ),
        pytest.param(at(3, 28, 23, 59, 59), {"promises": [PR1]}, ("A2", "C1"), id="V10"),
        pytest.param(at(3, 29, 0), {"promises": [PR1]}, ("A3", "C2"), id="V10 a second later"),
        pytest.param(
            at(3, 12),
            {"claims": [ClaimSpan("C1", C1.start, C1.end, is_void=True)], "touches": [Touch("C1", at(3, 10), "rpc")]},
            ("A6", None),
            id="V11",
        ),
        pytest.param(at(3, 21), {"touches": [T1]}, ("A4", "C1"), id="V12"),
        pytest.param(
            at(3, 12),
            {
                "claims": [C1_LIVE],
                "touches": [Touch("C1", at(3, 9), "rpc")],
                "recall": Recall("normal", at(3, 10, 9)),
            },
            ("A3", "C1"),
            id="V13",
        ),
        pytest.param(
            at(6, 30),
            {
                "claims": [C1],
                "touches": [T1],
                "promises": [promise((at(3, 16), "ACTIVE"), due=date(2026, 6, 30), plan="L")],
            },
            ("A5", "HOUSE"),
            id="V14",
        ),
        pytest.param(at(3, 12), {"contacts": [], "touches": []}, ("A1", None), id="V15"),
    ],
)
def test_the_designs_vectors(paid: datetime, facts: dict[str, object], expected: tuple[str, str | None]):
    assert decide(paid, **facts) == expected


def test_the_answer_names_what_decided():
    facts = {"zone": ZONE, "contacts": [NOTICE], "claims": [C1, C2], "touches": [T1, T2], "promises": [PR1]}
    assert attribute(AttributionFacts(payment=Payment(at(3, 24)), **facts)) == Attribution("A2", "C1", promise="PR1")
    assert attribute(AttributionFacts(payment=Payment(at(4, 1)), **facts)) == Attribution("A3", "C2", touched_at=T2.at)


class TestPromises:
    def test_a_promise_moved_after_it_lapsed_is_a_new_one(self):
        old = promise((at(3, 16), "ACTIVE"), (at(3, 29, 9), "RESCHEDULED"))
        new = promise((at(3, 29, 9), "ACTIVE"), id="PR2", claim="C2", due=date(2026, 4, 5), replaces="PR1")
        assert decide(at(4, 2), promises=[old, new]) == ("A2", "C2")

    def test_a_promise_moved_on_the_last_day_of_grace_keeps_its_claim(self):
        old = promise((at(3, 16), "ACTIVE"), (at(3, 28, 23, 59, 59), "RESCHEDULED"))
        new = promise((at(3, 28, 23, 59, 59), "ACTIVE"), id="PR2", claim="C2", due=date(2026, 4, 5), replaces="PR1")
        assert decide(at(4, 2), promises=[old, new]) == ("A2", "C1")

    def test_a_chain_leads_to_the_first_promise(self):
        chain = [
            promise((at(3, 10), "ACTIVE"), (at(3, 15), "RESCHEDULED"), due=date(2026, 3, 16)),
            promise((at(3, 15), "ACTIVE"), (at(3, 19), "RESCHEDULED"), id="PR2", claim="C2", replaces="PR1"),
            promise((at(3, 19), "ACTIVE"), id="PR3", claim="C2", due=date(2026, 4, 5), replaces="PR2"),
        ]
        assert decide(at(4, 2), promises=chain) == ("A2", "C1")

    def test_a_chain_in_a_circle_ends(self):
        circle = [
            promise((at(3, 16), "ACTIVE"), (at(3, 17), "RESCHEDULED"), replaces="PR2"),
            promise((at(3, 17), "ACTIVE"), id="PR2", claim="C2", replaces="PR1"),
        ]
        assert decide(at(3, 24), promises=circle)[0] == "A2"

    def test_the_promise_of_a_void_claim_moved_by_an_honest_one_earns_nobody(self):
        void = ClaimSpan("C1", C1.start, C1.end, is_void=True)
        old = promise((at(3, 16), "ACTIVE"), (at(3, 19), "RESCHEDULED"))
        new = promise((at(3, 19), "ACTIVE"), id="PR2", claim="C2", due=date(2026, 4, 5), replaces="PR1")
        facts = {"claims": [void, C2], "promises": [old, new]}
        assert decide(at(4, 2), **facts) == ("A3", "C2")
        assert decide(at(4, 2), touches=[T1], **facts) == ("A6", None)

    def test_made_at_the_instant_of_the_payment_covers_it(self):
        assert decide(at(3, 16), promises=[PR1]) == ("A2", "C1")
        assert decide(at(3, 16) - timedelta(seconds=1), promises=[PR1], touches=[]) == ("A5", "HOUSE")

    def test_confirmed_later_covers_from_then_on(self):
        facts = {"promises": [promise((at(3, 16), "PROPOSED"), (at(3, 18), "ACTIVE"))], "touches": []}
        assert decide(at(3, 17), **facts) == ("A5", "HOUSE")
        assert decide(at(3, 18), **facts) == ("A2", "C1")

    def test_two_suspensions_add_up(self):
        held = promise(
            (at(3, 16), "ACTIVE"),
            (at(3, 18), "SUSPENDED"),
            (at(3, 20), "ACTIVE"),
            (at(3, 30), "SUSPENDED"),
            (at(4, 1), "ACTIVE"),
        )
        assert decide(at(4, 1, 23, 59, 59), promises=[held]) == ("A2", "C1")
        assert decide(at(4, 2, 0), promises=[held]) == ("A3", "C2")

    def test_a_suspension_at_the_first_instant_after_grace_revives_nothing(self):
        late = promise((at(3, 16), "ACTIVE"), (at(3, 29, 0), "SUSPENDED"))
        in_time = promise((at(3, 16), "ACTIVE"), (at(3, 28, 23, 59, 59), "SUSPENDED"))
        assert decide(at(4, 2), promises=[late]) == ("A3", "C2")
        assert decide(at(4, 2), promises=[in_time]) == ("A2", "C1")

    def test_equal_due_and_made_the_lowest_id(self):
        pair = [promise((at(3, 16), "ACTIVE"), id="PR9", claim="C2"), promise((at(3, 16), "ACTIVE"), id="PR10")]
        assert decide(at(3, 24), promises=pair) == ("A2", "C1")

    @pytest.mark.parametrize(
        ("fate", "expected"),
        [
            ((at(4, 1), "KEPT"), "A2"),
            ((at(4, 1), "RESCHEDULED"), "A2"),
            ((at(4, 1), "CANCELLED"), "A2"),
            ((at(4, 20), "KEPT"), "A2"),
            ((at(4, 20), "CANCELLED"), "A5"),
            ((at(4, 20), "RESCHEDULED"), "A5"),
            ((at(4, 1), "BROKEN"), "A5"),
        ],
    )
    def test_what_breaks_a_plan(self, fate: tuple[datetime, str], expected: str):
        first = promise((at(3, 16), "ACTIVE"), fate, id="I1", due=date(2026, 4, 1), plan="L")
        second = promise((at(3, 16), "ACTIVE"), id="I2", due=date(2026, 5, 1), plan="L")
        assert decide(at(4, 30), claims=[C1], touches=[T1], promises=[first, second])[0] == expected

    def test_the_days_of_the_promise_tail_count_from_the_end_of_the_claim(self):
        late = promise((at(3, 16), "ACTIVE"), due=date(2026, 6, 20))
        facts = {"claims": [C1], "touches": [T1], "promises": [late]}
        assert decide(at(6, 15, 23, 59, 59), **facts) == ("A2", "C1")
        assert decide(at(6, 16, 0), **facts) == ("A5", "HOUSE")
        assert decide(at(6, 17), settings=Settings(promise_tail_days=92), **facts) == ("A2", "C1")


class TestTouches:
    def test_of_two_live_claims_the_one_touched_last(self):
        live = [C1_LIVE, C2]
        assert decide(at(3, 20), claims=live) == ("A3", "C2")
        assert decide(at(3, 20), claims=live, touches=[Touch("C1", at(3, 19, 13), "delivered"), T2]) == ("A3", "C1")

    def test_a_touch_outside_its_claim_is_no_contact_either(self):
        assert decide(at(3, 20), contacts=[], claims=[C1], touches=[Touch("C1", C1.end, "rpc")]) == ("A1", None)

    def test_the_touch_of_a_void_claim_still_is_the_first_contact(self):
        void = ClaimSpan("C1", C1.start, C1.end, is_void=True)
        assert decide(at(5, 25), contacts=[], claims=[void], touches=[T1]) == ("A5", "HOUSE")

    def test_a_touch_at_the_payments_instant_counts(self):
        assert decide(at(3, 19), touches=[T2]) == ("A3", "C2")

    @pytest.mark.parametrize(("debts", "rule"), [(None, "A5"), (frozenset({"D2"}), "A5"), (frozenset({"D1"}), "A1")])
    def test_a_contact_counts_for_its_debts(self, debts: frozenset[str] | None, rule: str):
        contact = Contact(at(3, 2), "notice", debts)
        assert decide(at(3, 12), contacts=[contact], payment=Payment(at(3, 12), debt="D2"))[0] == rule


class TestRecall:
    @pytest.mark.parametrize(
        ("recall", "paid", "rule"),
        [
            (Recall("normal", at(3, 23, 9)), at(3, 30, 23, 59, 59), "A3"),
            (Recall("normal", at(3, 23, 9)), at(3, 31, 0), "A4"),
            (Recall("normal", at(3, 23, 9), at(3, 30, 23)), at(4, 2), "A3"),
            (Recall("normal", at(3, 23, 9), at(3, 31, 0)), at(4, 2), "A4"),
            (Recall("compliance", at(3, 23, 9)), at(3, 23, 9), "A4"),
            (Recall("compliance", at(3, 23, 9), at(3, 24)), at(3, 25), "A4"),
            (Recall("compliance", at(3, 23, 9), debt="D2"), at(3, 25), "A3"),
        ],
    )
    def test_when_it_ends_the_claim(self, recall: Recall, paid: datetime, rule: str):
        assert decide(paid, recall=recall) == (rule, "C2")

    def test_a_touch_after_it_is_final_earns_nothing(self):
        late = Touch("C2", at(3, 24), "rpc")
        assert decide(at(3, 25), touches=[late], recall=Recall("compliance", at(3, 23))) == ("A5", "HOUSE")

    def test_a_claim_begun_after_it_is_not_ended(self):
        later = ClaimSpan("C3", at(4, 1))
        facts = {"claims": [C1, later], "touches": [Touch("C3", at(4, 2), "rpc")]}
        assert decide(at(4, 3), recall=Recall("compliance", at(3, 10)), **facts) == ("A3", "C3")


class TestTimesAndReversals:
    def test_initiated_after_reported_is_refused(self):
        with pytest.raises(AttributionError, match="BAD_TIME"):
            decide(at(3, 20), payment=Payment(at(3, 20), at(3, 19)))
        assert decide(at(3, 20), payment=Payment(at(3, 20), at(3, 20))) == ("A3", "C2")

    def test_without_any_time_it_is_refused(self):
        with pytest.raises(AttributionError, match="BAD_TIME"):
            decide(at(3, 20), payment=Payment(None))

    def test_the_report_counts_when_nothing_else_is_known(self):
        assert decide(at(3, 20), payment=Payment(None, at(3, 20))) == ("A3", "C2")

    @pytest.mark.parametrize("line", [("A3", "C1"), ("A1", None), ("A5", "HOUSE"), ("A6", None)])
    def test_a_reversal_repeats_the_line_of_its_original(self, line: tuple[str, str | None]):
        payment = Payment(at(4, 1), reversal_of="P0")
        assert decide(at(4, 1), payment=payment, attributed=[PriorAttribution("P0", *line)]) == line

    def test_a_reversal_of_an_unknown_payment_is_refused(self):
        with pytest.raises(AttributionError, match="NO_ORIGINAL"):
            decide(at(4, 1), payment=Payment(at(4, 1), reversal_of="P0"))
