"""The lives of cases, tasks, promises and recalls, step by step, with their refusals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Collector
from core.errors import BadInput
from core.events import verify_stream
from core.models import Event
from marketplace import states
from marketplace.errors import AmountAboveBalance, ClaimEnded, PromiseStands, RecallStands, WrongState
from marketplace.models import Case, Claim, Debt, Promise, PromiseChange, Recall, Task
from marketplace.services import cases, debts, listings, promises, recalls, sweeps
from marketplace.services.claims import end_claim
from tests.factories import START, make_case, make_claim, make_debt, make_debtor, make_programme, make_task

pytestmark = pytest.mark.django_db
NEW_YORK = ZoneInfo("America/New_York")
DUE = date(2026, 11, 10)


def state(row):
    return type(row).objects.get(pk=row.pk).state


def names(case):
    return list(Event.objects.filter(stream=case.stream).order_by("number").values_list("name", flat=True))


def promise_on(claim, **extra):
    values = {
        "amount_minor": 5000,
        "due_date": DUE,
        "channel": "call",
        "actor": claim.collector.actor,
        "at": START,
    } | extra
    return promises.make_promise(case=claim.case, claim=claim, **values)


# Cases and tasks


def test_from_placed_to_the_board():
    case = make_case()
    with pytest.raises(WrongState):
        cases.list_case(case=case, notice_ref="N-1", funding_ref="float", rate_bps=1050, at=START)
    cases.mark_noticed(case=case, notice_ref="N-1", at=START)
    task = cases.list_case(case=case, notice_ref="N-1", funding_ref="float", rate_bps=1050, at=START)
    assert (state(case), task.state, task.amount_band, task.area) == ("LISTED", "OPEN", 3, "Albany")
    assert names(case) == ["case.noticed", "case.listed"]
    assert verify_stream(case.stream) is None
    with pytest.raises(WrongState):
        cases.list_case(case=case, notice_ref="N-1", funding_ref="float", rate_bps=1050, at=START)
    assert Task.objects.filter(case=case).count() == 1


def test_a_refused_step_writes_nothing():
    case = make_case()
    for step in (
        lambda: cases.arrange(case=case, actor="system", at=START),
        lambda: cases.arrangement_broken(case=case, at=START),
        lambda: cases.reverse_clearing(case=case, at=START),
        lambda: cases.finish_clearing(case=case, at=START),
        lambda: cases.close_case(case=case, code="EXN", event="listing_expires", actor="system", at=START),
        lambda: recalls.recall_case(case=case, kind="normal", reason="", actor="user:1", at=START),
    ):
        with pytest.raises((WrongState, BadInput)):
            step()
    assert (state(case), names(case), Recall.objects.count()) == ("READY", [], 0)


def test_many_are_listed_paused_and_resumed_in_the_same_few_queries(django_assert_num_queries):
    cases_ = [make_case(state=states.NOTICED) for _turn in range(4)]
    wanted = [listings.Listing(case, f"N-{case.pk}", "float", 1050) for case in (*cases_, make_case())]
    with CaptureQueriesContext(connection) as one:
        first = listings.list_many(listings=wanted[:1], at=START)
    with django_assert_num_queries(len(one)):
        rest = listings.list_many(listings=wanted, at=START)
    tasks = [*first, *rest]
    assert [(t.case, t.notice_ref, state(t)) for t in tasks] == [(c, f"N-{c.pk}", "OPEN") for c in cases_]
    assert {state(case) for case in cases_} == {"LISTED"}
    assert Task.objects.filter(board_text=SearchQuery("albany", config="simple")).count() == 4
    assert cases.pause_tasks(tasks=Task.objects.all(), reason="low_float", actor="system", at=START) == 4
    assert cases.resume_tasks(tasks=Task.objects.all(), reason="low_float", actor="system", at=START) == 4
    for case in cases_:
        assert names(case) == ["case.listed", "case.paused", "case.resumed"]
        assert verify_stream(case.stream) is None


def test_pausing_keeps_its_reason_and_resuming_only_its_own():
    task = make_task()
    cases.pause_task(task=task, reason="low_float", actor="system", at=START)
    assert (task.state, task.pause_reason) == ("PAUSED", "low_float")
    with pytest.raises(WrongState):
        cases.pause_task(task=task, reason="hold", actor="system", at=START)
    every = Task.objects.all()
    assert cases.resume_tasks(tasks=every, reason="hold", actor="system", at=START) == 0
    assert cases.resume_tasks(tasks=every, reason="low_float", actor="system", at=START) == 1
    assert cases.pause_tasks(tasks=every, reason="hold", actor="system", at=START) == 1
    assert cases.resume_task(task=task, actor="system", at=START).state == "OPEN"
    assert names(task.case) == ["case.paused", "case.resumed"] * 2


def test_closing_ends_claims_tasks_and_promises():
    claim = make_claim()
    promise = promise_on(claim)
    closed = cases.close_case(case=claim.case, code="DEC", event="stop", actor="user:1", at=START)
    assert (closed.state, closed.close_code, closed.closed_at) == ("CLOSED", "DEC", START)
    assert (state(claim), state(claim.task), state(promise)) == ("TAIL", "WITHDRAWN", "CANCELLED")
    assert Collector.objects.get(pk=claim.collector_id).live_claims == 0
    with pytest.raises(WrongState):
        cases.close_case(case=claim.case, code="DEC", event="stop", actor="user:1", at=START)


def test_paid_in_full_clears_and_closes_and_a_reversal_reopens():
    claim = make_claim()
    cases.start_clearing(case=claim.case, actor="system", at=START)
    assert (state(claim.case), state(claim)) == ("CLEARING", "ACTIVE")
    cases.reverse_clearing(case=claim.case, at=START)
    assert (state(claim.case), state(claim.task)) == ("WORKING", "CLAIMED")
    cases.start_clearing(case=claim.case, actor="system", at=START)
    closed = cases.finish_clearing(case=claim.case, at=START)
    assert (closed.close_code, state(claim.task), state(claim)) == ("PIF", "DONE", "TAIL")
    reopened = cases.reverse_clearing(case=claim.case, at=START)
    assert (reopened.state, reopened.close_code, reopened.closed_at) == ("LISTED", "", None)
    assert list(claim.case.tasks.order_by("pk").values_list("state", flat=True)) == ["DONE", "OPEN"]
    relisted = claim.case.tasks.get(state="OPEN")
    assert (relisted.notice_ref, relisted.rate_bps) == (claim.task.notice_ref, claim.task.rate_bps)


def test_clearing_a_listing_takes_it_off_the_board_and_a_reversal_puts_it_back():
    task = make_task()
    cases.start_clearing(case=task.case, actor="debtor", at=START)
    assert state(task) == "WITHDRAWN"
    cases.reverse_clearing(case=task.case, at=START)
    assert (state(task.case), task.case.tasks.filter(state="OPEN").count()) == ("LISTED", 1)


def test_a_case_never_listed_reopens_without_a_task_and_can_be_listed():
    case = make_case(state=states.NOTICED)
    cases.start_clearing(case=case, actor="debtor", at=START)
    cases.reverse_clearing(case=case, at=START)
    assert (state(case), case.tasks.count()) == ("LISTED", 0)
    assert cases.list_case(case=case, notice_ref="N-1", funding_ref="float", rate_bps=700, at=START)


@pytest.mark.parametrize("held", [True, False])
def test_a_broken_plan_returns_to_its_holder_or_to_the_board(held):
    claim = make_claim()
    cases.arrange(case=claim.case, actor="debtor", at=START)
    if not held:
        end_claim(claim=claim, event="release", reason="", actor="system", at=START)
        assert state(claim.case) == "ARRANGED"
    cases.arrangement_broken(case=claim.case, at=START)
    assert state(claim.case) == ("WORKING" if held else "LISTED")
    assert claim.case.tasks.filter(state="OPEN").count() == (0 if held else 1)


# Money on a debt


def test_a_payment_goes_to_principal_then_interest_then_fees():
    debt = make_debt(make_debtor(make_programme().org))
    first = debts.split_payment(debt, 115_000)
    assert (first.principal, first.interest, first.fees, first.base) == (110_000, 5_000, 0, 115_000)
    debts.apply_parts(debt=debt, parts=first)
    rest = debts.split_payment(debt, 8_457)
    assert (rest.principal, rest.interest, rest.fees) == (0, 3_557, 4_900)
    debts.apply_parts(debt=debt, parts=rest)
    assert debt.balance_minor == 0
    for amount in (1, 0, -5):
        with pytest.raises(AmountAboveBalance):
            debts.split_payment(debt, amount)
    with pytest.raises(AmountAboveBalance):
        debts.apply_parts(debt=debt, parts=first)
    debts.take_back(debt=debt, parts=first)
    assert Debt.objects.get(pk=debt.pk).balance_minor == 115_000
    with pytest.raises(AmountAboveBalance):
        debts.take_back(debt=debt, parts=first)
    assert Debt.objects.get(pk=debt.pk).balance_minor == 115_000


# Promises


def test_a_promise_is_active_stamped_and_extends_the_lease():
    claim = make_claim(first_action_due_at=START)
    promise = promise_on(claim, due_date=date(2026, 11, 30))
    assert [c.state for c in promise.changes.all()] == ["ACTIVE"]
    claim.refresh_from_db()
    assert claim.lease_until == datetime(2026, 12, 4, tzinfo=NEW_YORK)
    assert claim.first_action_due_at is None
    assert names(claim.case) == ["promise.made"]
    assert Event.objects.get().data["amount_minor"] == 5000


def test_a_lease_never_passes_ninety_days():
    claim = make_claim()
    promise_on(claim, due_date=START.date() + timedelta(days=90))
    claim.refresh_from_db()
    assert claim.lease_until == START + timedelta(days=90)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"amount_minor": 0}, BadInput),
        ({"amount_minor": 123_458}, AmountAboveBalance),
        ({"due_date": date(2026, 11, 2)}, BadInput),
        ({"due_date": date(2027, 2, 2)}, BadInput),
    ],
)
def test_a_promise_that_cannot_be_is_refused_without_trace(given, error):
    claim = make_claim()
    with pytest.raises(error):
        promise_on(claim, **given)
    assert (Promise.objects.count(), PromiseChange.objects.count(), names(claim.case)) == (0, 0, [])


def test_one_promise_stands_and_moving_it_keeps_the_chain():
    claim = make_claim()
    first = promise_on(claim)
    with pytest.raises(PromiseStands):
        promise_on(claim)
    second = promise_on(claim, due_date=date(2026, 11, 17), replaces=first)
    assert (state(first), second.replaces, state(second)) == ("RESCHEDULED", first, "ACTIVE")
    with pytest.raises(WrongState):
        promise_on(claim, replaces=first)
    with pytest.raises(WrongState):
        promise_on(make_claim(), replaces=second)
    assert Promise.objects.filter(state="ACTIVE").count() == 1


def test_an_ended_claim_takes_no_promise():
    claim = make_claim()
    end_claim(claim=claim, event="release", reason="", actor="system", at=START)
    with pytest.raises(ClaimEnded):
        promise_on(claim)


def test_a_promise_survives_its_claim():
    claim = make_claim()
    promise = promise_on(claim)
    end_claim(claim=claim, event="lease_expired", reason="", actor="system", at=START)
    assert state(promise) == "ACTIVE"


def test_grace_ends_with_the_third_local_day():
    promise = promise_on(make_claim())
    last = datetime(2026, 11, 13, 23, 59, 59, tzinfo=NEW_YORK)
    assert promises.sweep_due(at=last) == []
    assert promises.sweep_due(at=last + timedelta(seconds=1)) == [promise]
    assert [c.state for c in promise.changes.all()] == ["ACTIVE", "BROKEN"]
    assert promises.sweep_due(at=last + timedelta(days=1)) == []
    assert names(promise.case)[-1] == "promise.broken"


def test_with_two_zones_grace_ends_in_the_later_one():
    claim = make_claim()
    claim.case.debtor.zones_address = ["America/Chicago", "America/Denver"]
    claim.case.debtor.save()
    promise_on(claim)
    midnight_in_denver = datetime(2026, 11, 14, tzinfo=ZoneInfo("America/Denver"))
    assert promises.sweep_due(at=midnight_in_denver - timedelta(seconds=1)) == []
    assert len(promises.sweep_due(at=midnight_in_denver)) == 1


def test_a_suspension_moves_the_deadline_by_its_days():
    promise = promise_on(make_claim())
    promises.change_promise(promise=promise, event="hold_opened", actor="debtor", at=START + timedelta(days=1))
    assert promises.sweep_due(at=START + timedelta(days=60)) == []
    promises.change_promise(promise=promise, event="hold_lifted", actor="system", at=START + timedelta(days=6))
    assert promises.sweep_due(at=datetime(2026, 11, 18, 23, 59, tzinfo=NEW_YORK)) == []
    assert len(promises.sweep_due(at=datetime(2026, 11, 19, tzinfo=NEW_YORK))) == 1


def test_lifting_a_hold_never_makes_two_promises_stand():
    claim = make_claim()
    first = promise_on(claim)
    promises.change_promise(promise=first, event="hold_opened", actor="debtor", at=START)
    second = promise_on(claim)
    promises.change_promise(promise=first, event="hold_lifted", actor="system", at=START)
    assert (state(first), state(second)) == ("CANCELLED", "ACTIVE")


def test_a_promise_kept_is_spent():
    promise = promise_on(make_claim())
    promises.change_promise(promise=promise, event="funds_cleared", actor="system", at=START)
    with pytest.raises(WrongState):
        promises.change_promise(promise=promise, event="due_plus_grace", actor="system", at=START)
    assert [c.state for c in promise.changes.all()] == ["ACTIVE", "KEPT"]


# Recalls


def test_an_unworked_case_is_recalled_at_once():
    task = make_task()
    recall = recalls.recall_case(case=task.case, kind="normal", reason="sold", actor="user:1", at=START)
    assert (state(task.case), state(task), recall.finished_at) == ("CLOSED", "WITHDRAWN", START)
    assert Case.objects.get(pk=task.case_id).close_code == "RCL"


def test_a_normal_recall_leaves_seven_local_days_and_the_promise():
    claim = make_claim()
    promise = promise_on(claim)
    recall = recalls.recall_case(case=claim.case, kind="normal", reason="sold", actor="user:1", at=START)
    assert (state(claim.case), recall.final_date, state(claim)) == ("RECALL_PENDING", date(2026, 11, 10), "ACTIVE")
    with pytest.raises(RecallStands):
        recalls.recall_case(case=claim.case, kind="normal", reason="sold", actor="user:1", at=START)
    over = datetime(2026, 11, 11, tzinfo=NEW_YORK)
    assert recalls.finish_due(at=over - timedelta(seconds=1)) == []
    assert recalls.finish_due(at=over) == [claim.case]
    assert (state(claim.case), state(claim), state(promise)) == ("CLOSED", "TAIL", "ACTIVE")
    assert Claim.objects.get(pk=claim.pk).end_reason == "recall"
    assert recalls.finish_due(at=over) == []


def test_a_compliance_recall_ends_work_at_once():
    claim = make_claim()
    recalls.recall_case(case=claim.case, kind="compliance", reason="complaint", actor="user:1", at=START)
    assert (state(claim.case), state(claim)) == ("CLOSED", "TAIL")


@pytest.mark.parametrize("held", [True, False])
def test_a_cancelled_recall_returns_the_case(held):
    claim = make_claim()
    recall = recalls.recall_case(case=claim.case, kind="normal", reason="sold", actor="user:1", at=START)
    if not held:
        end_claim(claim=claim, event="lease_expired", reason="", actor="system", at=START)
    recalls.cancel_recall(recall=recall, actor="user:1", at=START)
    assert state(claim.case) == ("WORKING" if held else "LISTED")
    assert claim.case.tasks.filter(state="OPEN").count() == (0 if held else 1)
    with pytest.raises(WrongState):
        recalls.cancel_recall(recall=recall, actor="user:1", at=START)


def test_money_under_way_ends_a_recall():
    claim = make_claim()
    recall = recalls.recall_case(case=claim.case, kind="normal", reason="sold", actor="user:1", at=START)
    cases.start_clearing(case=claim.case, actor="debtor", at=START)
    recall.refresh_from_db()
    assert recall.finished_at == START
    assert recalls.finish_due(at=START + timedelta(days=30)) == []


# Sweeps


def test_sweeps_move_what_is_due_and_nothing_else():
    late, fresh = make_claim(), make_claim(accepted_at=START + timedelta(days=10))
    stale = make_task(listed_at=START - timedelta(days=170))
    at = START + timedelta(days=14)
    swept = sweeps.sweep_due(at=at)
    assert swept == sweeps.Swept(leases=1, promises=0, recalls=0, listings=1)
    assert (state(late), state(fresh), state(late.case)) == ("TAIL", "ACTIVE", "LISTED")
    assert (state(stale), Case.objects.get(pk=stale.case_id).close_code) == ("WITHDRAWN", "EXN")
    assert sweeps.sweep_due(at=at) == sweeps.Swept(0, 0, 0, 0)


def test_a_broken_instalment_breaks_the_arrangement():
    claim = make_claim()
    promise_on(claim, plan_ref="PLAN-1")
    cases.arrange(case=claim.case, actor="debtor", at=START)
    sweeps.sweep_due(at=datetime(2026, 11, 14, tzinfo=NEW_YORK))
    assert state(claim.case) == "WORKING"
