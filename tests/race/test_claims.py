"""Claims under real parallel commits. Each race has a control: without its guard the same threads do the wrong thing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.db.models import F

from accounts.models import Collector
from compliance.services.claiming import claim_case
from core.errors import DomainError
from marketplace import states
from marketplace.models import Case, Claim, Task
from marketplace.services.cases import close_case
from marketplace.states import LIVE_CLAIM
from tests.factories import START, make_case, make_collector, make_debt, make_debtor, make_programme, make_task

CLAIMERS = 50


def together(acts: Sequence[Callable[[], object]]) -> Counter[str]:
    """Run every act in a thread of its own from one barrier; what each one came to, counted by name."""
    gate, seen, lock = threading.Barrier(len(acts)), [], threading.Lock()

    def run(act: Callable[[], object]) -> None:
        connection.ensure_connection()
        gate.wait(timeout=20)
        try:
            act()
            word = "ok"
        except DomainError as error:
            word = error.code
        except Exception as error:
            word = type(error).__name__
        finally:
            connection.close()
        with lock:
            seen.append(word)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(seen)


@pytest.fixture
def programme(real_db):
    return make_programme()


def listed(programme):
    return make_task(make_case(programme, debt=make_debt(make_debtor(programme.org)), state=states.LISTED))


def test_fifty_claims_of_one_task_give_one(programme):
    task = listed(programme)
    collectors = [make_collector() for _turn in range(CLAIMERS)]
    acts = [lambda c=c: claim_case(case_ref=task.ref, collector=c, at=START) for c in collectors]
    assert together(acts) == {"ok": 1, "case_taken": CLAIMERS - 1}
    assert Claim.objects.filter(task=task, state__in=LIVE_CLAIM).count() == 1
    counters = Collector.objects.filter(pk__in=[c.pk for c in collectors]).values_list("live_claims", flat=True)
    assert sorted(counters) == [0] * (CLAIMERS - 1) + [1]


def unguarded_take(task, collector, seen: threading.Barrier) -> None:
    """What claiming would be if it looked first and acted afterwards."""
    with transaction.atomic():
        assert Task.objects.filter(pk=task.pk, state=states.OPEN).exists()
        seen.wait(timeout=20)
        Claim.objects.create(
            ref=f"X-{task.pk}-{collector.pk}", task=task, case=task.case, collector=collector, terms={}, currency="USD",
            balance_minor=1, past_due_since=START.date(), accepted_at=START, lease_until=START + timedelta(days=1),
        )  # fmt: skip
        Task.objects.filter(pk=task.pk).update(state=states.CLAIMED)


def test_control_looking_first_claims_one_task_many_times(programme):
    task, collectors = listed(programme), [make_collector() for _turn in range(8)]
    index = "one_live_claim_a_task"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = %s", [index])
        definition = cursor.fetchone()[0]
        cursor.execute(f"DROP INDEX {index}")
    barrier = threading.Barrier(len(collectors))
    together([lambda c=c: unguarded_take(task, c, barrier) for c in collectors])
    assert Claim.objects.filter(task=task, state__in=LIVE_CLAIM).count() == 8
    Claim.objects.filter(task=task).update(state=states.TAIL, ended_at=START)
    with connection.cursor() as cursor:
        cursor.execute(definition)


def test_the_index_alone_stops_looking_first(programme):
    task, collectors = listed(programme), [make_collector() for _turn in range(8)]
    barrier = threading.Barrier(len(collectors))
    outcome = together([lambda c=c: unguarded_take(task, c, barrier) for c in collectors])
    assert outcome == {"ok": 1, "IntegrityError": 7}


def test_four_tasks_at_a_limit_of_three_give_three(programme):
    collector = make_collector()
    tasks = [listed(programme) for _turn in range(4)]
    acts = [lambda t=t: claim_case(case_ref=t.ref, collector=collector, at=START) for t in tasks]
    assert together(acts) == {"ok": 3, "claim_limit": 1}
    assert Claim.objects.filter(collector=collector, state__in=LIVE_CLAIM).count() == 3
    assert Collector.objects.get(pk=collector.pk).live_claims == 3
    assert sorted(Case.objects.filter(tasks__in=tasks).values_list("state", flat=True)) == ["LISTED"] + ["WORKING"] * 3


def test_control_counting_first_goes_over_the_limit(programme):
    collector = make_collector()
    tasks = [listed(programme) for _turn in range(8)]
    barrier = threading.Barrier(len(tasks))

    def count_then_claim(task) -> None:
        with transaction.atomic():
            assert Claim.objects.filter(collector=collector, state__in=LIVE_CLAIM).count() < 3
            barrier.wait(timeout=20)
            Claim.objects.create(
                ref=f"Y-{task.pk}", task=task, case=task.case, collector=collector, terms={}, currency="USD",
                balance_minor=1, past_due_since=START.date(), accepted_at=START, lease_until=START + timedelta(days=1),
            )  # fmt: skip

    assert together([lambda t=t: count_then_claim(t) for t in tasks]) == {"ok": 8}
    assert Claim.objects.filter(collector=collector, state__in=LIVE_CLAIM).count() == 8


def test_the_counters_own_rule_refuses_a_fourth(programme):
    collector = make_collector()
    outcome = together([lambda: Collector.objects.filter(pk=collector.pk).update(live_claims=F("live_claims") + 1)] * 5)
    assert outcome == {"ok": 3, "IntegrityError": 2}


def test_claiming_and_closing_at_once_leave_one_truth(programme):
    for _turn in range(3):
        task, collector = listed(programme), make_collector()
        outcome = together(
            [
                partial(claim_case, case_ref=task.ref, collector=collector, at=START),
                partial(close_case, case=task.case, code="BKR", event="stop", actor="system", at=START),
            ]
        )
        assert outcome["ok"] + outcome["case_taken"] == 2
        assert Case.objects.get(pk=task.case_id).state == states.CLOSED
        assert not Claim.objects.filter(task=task, state__in=LIVE_CLAIM).exists()
        assert Collector.objects.get(pk=collector.pk).live_claims == 0
