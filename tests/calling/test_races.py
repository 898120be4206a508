"""Two dials for the last slot, under real parallel commits; the control shows what the person's lock prevents."""

from __future__ import annotations

import threading

import pytest

from calling import dialler
from calling.models import Call
from compliance import gate
from compliance.models import ContactAttempt, Permit, Refusal
from core.errors import DomainError
from marketplace.models import Case
from tests.calling.kit import MASKS, now, provider_at, ready, threaded
from tests.factories import make_person, number
from tests.simulator import run_simulator


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock") as simulator:
        yield simulator


@pytest.fixture
def line(real_db, still):
    with provider_at(still.url, "http://testserver"):
        yield still


def dial_together(claims, keys=None):
    """Press call on every claim at once; what each one came to, by type or error code."""
    start, seen = threading.Barrier(len(claims)), []
    at = now()
    keys = keys or [f"race-{number()}" for _claim in claims]

    def dial(claim, key):
        start.wait(20)
        try:
            answer = dialler.place_call(claim=claim, collector=claim.collector, idem_key=key, at=at)
            seen.append(type(answer).__name__)
        except DomainError as error:
            seen.append(error.code)

    threads = [
        threading.Thread(target=threaded(lambda c=claim, k=key: dial(c, k)))
        for claim, key in zip(claims, keys, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(seen)


def one_slot_left():
    """One debt, the daily slots of HOUSE used but for one, and two collectors of two creditors' cases of one person."""
    person = make_person()
    claims = [ready(person=person), ready(person=person)]
    return claims, person


def test_two_dials_for_the_last_slot_give_one(line):
    claims, person = one_slot_left()
    cap = _use_all_but_one(claims)
    outcome = dial_together(claims)
    assert outcome == ["Call", "Refusal"], cap
    assert Call.objects.filter(case__debtor__person=person).count() == 1
    assert Refusal.objects.filter(person=person).count() == 1


def _use_all_but_one(claims):
    """Attempts of earlier days until one more call today to this person is the last one allowed."""
    from datetime import timedelta

    case = claims[0].case
    rules = _person_cap(case)
    for turn in range(rules - 1):
        at = now() - timedelta(hours=3 * (turn + 1))
        permit = Permit.objects.create(
            ref=f"PM-{number()}", case=case, person=case.debtor.person, channel="call", actor="system", at=at,
            redeemed_at=at, expires_at=at + timedelta(minutes=1), facts={}, packs=[],
        )  # fmt: skip
        ContactAttempt.objects.create(
            permit=permit, case=case, person=case.debtor.person, channel="call", at=at, debt_refs=[],
        )  # fmt: skip
    return rules


def _person_cap(case):
    from compliance.packbook import packs_for
    from compliance.policies.packs import rules_of_kind

    caps = [
        rule.params["limit"]
        for rule in rules_of_kind(packs_for(case.programme.pack_ids), "rolling_count")
        if not rule.params.get("per_debt") and rule.is_for("call", "consumer", None)
    ]
    return min(caps)


def test_control_without_the_persons_lock_both_get_through(line, monkeypatch):
    claims, person = one_slot_left()
    _use_all_but_one(claims)
    both_have_read = threading.Barrier(2)
    judge = gate.judge

    def unlocked(case):
        return Case.objects.select_related("debtor", "debt", "programme").get(pk=case.pk)

    def slow_judge(book, case, facts):
        answer = judge(book, case, facts)
        both_have_read.wait(20)
        return answer

    monkeypatch.setattr(gate, "_locked_case", unlocked)
    monkeypatch.setattr(gate, "judge", slow_judge)
    assert dial_together(claims) == ["Call", "Call"]
    assert Call.objects.filter(case__debtor__person=person).count() == 2


def test_a_double_tap_from_two_threads_is_one_call(line):
    claim = ready()
    assert dial_together([claim] * 4, keys=["same"] * 4) == ["Call"] * 4
    assert Call.objects.filter(claim=claim).count() == 1
    assert ContactAttempt.objects.filter(case=claim.case).count() == 1


def test_one_collector_rings_one_debtor_at_a_time(line):
    first = ready()
    others = [ready(collector=first.collector) for _turn in range(2)]
    assert dial_together([first, *others]) == ["Call", "result_missing", "result_missing"]
    assert len(MASKS) == 6
