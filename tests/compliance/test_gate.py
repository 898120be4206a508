"""The gate on rows: permits are single use, refusals are stored, holds and open permits count, previews write nothing."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from compliance.conformance_rows import ask_gate, is_in_scope
from compliance.errors import NoNumber, PermitExpired, PermitSpent
from compliance.gate import authorise, preview, recheck, redeem
from compliance.models import AttemptOutcome, ContactAttempt, PackVersion, Permit, Refusal, SlotRelease
from compliance.packbook import packs_for
from compliance.policies.decide import decide
from compliance.policies.facts import from_json
from compliance.services.attempts import mark_number, record_outcome
from compliance.services.holds import close_hold, open_hold
from core.events import verify_stream
from core.models import Event
from marketplace import states
from tests import factories as make

pytestmark = pytest.mark.django_db
VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "conduct.json").read_text())
IN_SCOPE = [case for case in VECTORS if is_in_scope(case["facts"])]


@pytest.mark.parametrize("case", IN_SCOPE, ids=lambda case: case["id"])
def test_the_gate_on_rows_decides_as_the_case_expects(case: dict) -> None:
    answer = ask_gate(case["facts"])
    expected = case["expect"]
    assert (answer["decision"], answer["rule"]) == (expected["decision"], expected["rule"])
    if expected.get("retry_at"):
        assert datetime.fromisoformat(answer["retry_at"]) == datetime.fromisoformat(expected["retry_at"])
    assert not Permit.objects.exists()


def test_there_are_seventy_one_such_cases() -> None:
    assert len(IN_SCOPE) == 71


def ask(case: object, at: datetime) -> Permit | Refusal:
    return authorise(case=case, channel="call", actor="collector:C-1", at=at)  # type: ignore[arg-type]


def test_a_permit_is_used_once_and_makes_one_attempt(at: datetime) -> None:
    permit = ask(make.make_claim().case, at)
    assert isinstance(permit, Permit)
    attempt = redeem(permit=permit, at=at)
    assert attempt.permit == permit
    with pytest.raises(PermitSpent):
        redeem(permit=permit, at=at)
    assert ContactAttempt.objects.count() == 1


def test_a_permit_lives_sixty_seconds(at: datetime) -> None:
    permit = ask(make.make_claim().case, at)
    assert isinstance(permit, Permit)
    with pytest.raises(PermitExpired):
        redeem(permit=permit, at=at + timedelta(seconds=60))
    assert not ContactAttempt.objects.exists()


def test_a_refusal_is_stored_with_every_reason_and_the_next_time(at: datetime) -> None:
    case = make.make_claim().case
    night = at.replace(hour=22)
    refusal = ask(case, night)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "US.REGF.6b1i.HOURS"
    assert refusal.retry_at == night.replace(hour=8, minute=0) + timedelta(days=1)
    assert refusal.denials[0]["say"]
    event = Event.objects.get(stream=case.stream, name="contact.refused")
    assert event.data["rule"] == refusal.rule
    assert verify_stream(case.stream) is None


def test_a_stored_decision_replays_to_the_same_verdict(at: datetime) -> None:
    case = make.make_claim().case
    refusal = ask(case, at.replace(hour=22))
    again = decide(from_json(refusal.facts), packs_for(case.programme.pack_ids))
    assert (again.verdict, again.rule) == (refusal.verdict, refusal.rule)
    assert PackVersion.objects.filter(sha256__in=[row[2] for row in refusal.packs]).count() == len(refusal.packs)


def test_an_open_permit_holds_its_slot(at: datetime) -> None:
    case = make.make_claim().case
    assert isinstance(ask(case, at), Permit)
    second = ask(case, at + timedelta(seconds=1))
    assert isinstance(second, Refusal)
    assert second.rule == "HOUSE.GAP"


def test_the_count_is_the_persons_across_creditors(at: datetime) -> None:
    person = make.make_person()
    cases = []
    for _turn in range(2):
        programme = make.make_programme()
        debtor = make.make_debtor(programme.org, person)
        cases.append(make.make_case(programme, debt=make.make_debt(debtor), state=states.WORKING))
    redeem(permit=ask(cases[0], at), at=at)  # type: ignore[arg-type]
    refusal = ask(cases[1], at + timedelta(minutes=5))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "HOUSE.GAP"


def test_busy_gives_the_slot_back_exactly_once(at: datetime) -> None:
    case = make.make_claim().case
    attempt = redeem(permit=ask(case, at), at=at)  # type: ignore[arg-type]
    for _turn in range(2):
        record_outcome(attempt=attempt, outcome="busy", source="provider", at=at)
    assert SlotRelease.objects.count() == 1
    assert AttemptOutcome.objects.count() == 1
    assert isinstance(ask(case, at + timedelta(minutes=1)), Permit)


def test_an_attempt_whose_end_is_unknown_stays_counted(at: datetime) -> None:
    case = make.make_claim().case
    redeem(permit=ask(case, at), at=at)  # type: ignore[arg-type]
    refusal = ask(case, at + timedelta(minutes=30))
    assert isinstance(refusal, Refusal)


def test_a_conversation_closes_seven_local_days(at: datetime) -> None:
    case = make.make_claim().case
    make.make_notice(case)
    attempt = redeem(permit=ask(case, at), at=at)  # type: ignore[arg-type]
    record_outcome(attempt=attempt, outcome="answered", answered_by="right_party", is_conversation=True,
                   source="collector", at=at)  # fmt: skip
    refusal = ask(case, at + timedelta(days=6))
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "US.REGF.14b2iB"
    assert isinstance(ask(case, at + timedelta(days=7)), Permit)


def test_a_hold_denies_and_lifting_one_of_two_leaves_the_other(at: datetime) -> None:
    case = make.make_claim().case
    first = open_hold(reason="COMPLAINT", case=case, actor="debtor", at=at)
    second = open_hold(reason="COMPLAINT", case=case, actor="debtor", at=at)
    close_hold(hold=first, actor="user:1", at=at, reason="answered")
    refusal = ask(case, at)
    assert isinstance(refusal, Refusal)
    assert (refusal.verdict, refusal.rule, refusal.retry_at) == ("hold", "HOLD.COMPLAINT", None)
    close_hold(hold=second, actor="user:1", at=at, reason="answered")
    assert isinstance(ask(case, at), Permit)


def test_a_stop_between_press_and_dial_is_met_at_the_recheck(at: datetime) -> None:
    case = make.make_claim().case
    permit = ask(case, at)
    redeem(permit=permit, at=at)  # type: ignore[arg-type]
    assert recheck(permit=permit, at=at + timedelta(seconds=5)) is None  # type: ignore[arg-type]
    open_hold(reason="CEASE", case=case, detail={"form": "portal"}, actor="debtor", at=at + timedelta(seconds=6))
    refusal = recheck(permit=permit, at=at + timedelta(seconds=10))  # type: ignore[arg-type]
    assert refusal is not None
    assert refusal.rule == "US.REGF.6c1"


def test_a_wrong_number_is_never_dialled_again_for_that_person(at: datetime) -> None:
    case = make.make_claim().case
    attempt = redeem(permit=ask(case, at), at=at)  # type: ignore[arg-type]
    mark_number(attempt=attempt, standing="wrong", actor="collector:C-1", at=at)
    with pytest.raises(NoNumber):
        ask(case, at + timedelta(days=30))
    assert Refusal.objects.count() == 0


def test_house_applies_whatever_the_programme_lists(at: datetime) -> None:
    case = make.make_claim(make.make_case(make.make_programme(pack_ids=[]), state=states.WORKING)).case
    assert {row[0] for row in ask(case, at).packs} >= {"HOUSE"}


def test_a_preview_says_what_the_gate_would_and_writes_nothing(at: datetime, django_assert_num_queries: object) -> None:
    cases = [make.make_claim().case for _turn in range(3)]
    counts = []
    for size in (1, 3):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as caught:
            found = preview(cases=cases[:size], at=at)
        counts.append(len(caught))
        assert all(found[case.pk].is_open for case in cases[:size])
    assert counts[0] == counts[1]
    assert not Permit.objects.exists()
    assert preview(cases=cases, at=at.replace(hour=22))[cases[0].pk].retry_at is not None
