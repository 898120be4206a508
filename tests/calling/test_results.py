"""Wrap-up: the result with its note, what it adds to the contact log, and what protects the debtor at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calling import dialler
from calling.errors import CallRunning, ResultStands
from calling.models import Call
from calling.services.results import record_result
from compliance.errors import TextRefused
from compliance.models import AttemptOutcome, Dispute, Hold, Preference
from core.errors import BadInput
from core.models import Event
from marketplace.errors import AmountAboveBalance
from marketplace.models import Note, NumberStanding, Promise
from tests.calling.kit import dialled, finish, now, press, provider_at, ready, said, status
from tests.simulator import run_simulator

pytestmark = pytest.mark.django_db
NUMBER_TEXT = "Call back on 212 555 0101"


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock") as simulator:
        yield simulator


@pytest.fixture
def joined(still):
    """A call in which both sides are talking."""
    with provider_at(still.url, "http://testserver"):
        claim = ready()
        call = dialler.place_call(claim=claim, collector=claim.collector, idem_key="tap", at=now())
        debtor = dialled(call)
        said(debtor, "whisper", CallStatus="in-progress")
        press(debtor, "choice", "1")
        call.refresh_from_db()
        yield call


def wrap(call, result, text="Spoke calmly", **extra):
    return record_result(call=call, result=result, text=text, actor=call.collector.actor, at=now(), **extra)


def rows():
    models = (Note, Promise, Hold, Dispute, Preference, NumberStanding, AttemptOutcome, Event)
    return [model.objects.count() for model in models] + [Call.objects.filter(result_at__isnull=False).count()]


def test_a_result_during_the_call_and_no_provider_word_after_it_wins(joined):
    note = wrap(joined, "WILL_NOT")
    assert (note.action, note.result, note.call_ref, note.claim) == ("CALL", "WILL_NOT", joined.ref, joined.claim)
    finish(joined)
    newest = AttemptOutcome.objects.order_by("-pk").first()
    assert (newest.outcome, newest.answered_by, newest.is_conversation) == ("answered", "right_party", True)
    assert joined.ended_as == "bridged"
    assert Event.objects.filter(name="call.result").count() == 1


def test_a_promise_is_made_with_its_note(joined):
    day = now().date() + timedelta(days=3)
    wrap(joined, "PROMISE", promise=(12000, day))
    promise = Promise.objects.get()
    assert (promise.amount_minor, promise.due_date, promise.claim) == (12000, day, joined.claim)
    assert Note.objects.get().result == "PROMISE"


@pytest.mark.parametrize(
    ("result", "extra", "error"),
    [
        ("PROMISE", {}, BadInput),
        ("WILL_NOT", {"promise": (1, None)}, BadInput),
        ("PROMISE", {"promise": (99_999_999, 3)}, AmountAboveBalance),
        ("PROMISE", {"promise": (100, 400)}, BadInput),
        ("BUSY", {}, BadInput),
        ("DELIVERED", {}, BadInput),
        ("nonsense", {}, BadInput),
        ("STOP", {"text": NUMBER_TEXT}, TextRefused),
    ],
)
def test_refused_input_leaves_no_trace(joined, result, extra, error):
    if isinstance(extra.get("promise", (0, None))[1], int):
        amount, days = extra["promise"]
        extra = {"promise": (amount, now().date() + timedelta(days=days))}
    before = rows()
    with pytest.raises(error):
        wrap(joined, result, **extra)
    assert rows() == before


def test_a_person_cannot_have_been_reached_on_a_call_that_never_joined(still):
    with provider_at(still.url, "http://testserver"):
        claim = ready()
        call = dialler.place_call(claim=claim, collector=claim.collector, idem_key="tap", at=now())
        with pytest.raises(CallRunning):
            wrap(call, "NO_ANSWER")
        status(dialled(call), "no-answer", 3)
        finish(call)
    before = rows()
    for result in ("TALKED", "PROMISE", "WRONG_PERSON"):
        with pytest.raises(BadInput):
            wrap(call, result)
    assert rows() == before
    wrap(call, "BUSY")  # the collector's word gives no slot back
    assert AttemptOutcome.objects.get().outcome == "no_answer"


def test_a_second_result_is_refused_and_the_same_one_returned(joined):
    note = wrap(joined, "TALKED", idem_key="w1")
    assert wrap(joined, "TALKED", idem_key="w1") == note
    for result, key in (("WILL_NOT", "w1"), ("TALKED", "w2"), ("TALKED", None)):
        with pytest.raises(ResultStands):
            wrap(joined, result, idem_key=key)
    assert Note.objects.count() == 1


def test_the_wrong_persons_number_is_never_called_again(joined):
    wrap(joined, "WRONG_PERSON")
    standing = NumberStanding.objects.get()
    assert (standing.standing, bytes(standing.hash)) == ("wrong", bytes(joined.case.debtor.contact_points.get().hash))
    assert AttemptOutcome.objects.order_by("-pk").first().outcome == "wrong_person"


@pytest.mark.parametrize(
    ("result", "reason", "scope"),
    [
        ("LAWYER", "REPRESENTED", "case"),
        ("BANKRUPT", "BANKRUPT", "person"),
        ("DECEASED", "DECEASED", "person"),
        ("HARDSHIP", "HARDSHIP_REVIEW", "case"),
        ("STOP", "CEASE", "person"),
        ("DISPUTES", "DISPUTE", "case"),
        ("SAYS_PAID", "DISPUTE", "case"),
    ],
)
def test_protective_results_open_their_hold_at_once(joined, result, reason, scope):
    wrap(joined, result)
    hold = Hold.objects.get()
    assert (hold.reason, hold.scope, hold.opened_by) == (reason, scope, joined.collector.actor)
    from compliance.gate import preview

    assert not preview(cases=[joined.case], at=now())[joined.case_id].is_open


def test_a_dispute_by_voice_is_an_oral_one(joined):
    wrap(joined, "DISPUTES", text="Never had this card")
    dispute = Dispute.objects.get()
    assert (dispute.kind, dispute.is_written, dispute.text) == ("dispute", False, "Never had this card")


def test_somebody_else_is_no_conversation(joined):
    wrap(joined, "THIRD_PARTY")
    newest = AttemptOutcome.objects.order_by("-pk").first()
    assert (newest.outcome, newest.answered_by, newest.is_conversation) == ("answered", "third_party", False)


def test_after_the_claim_has_ended_the_result_can_still_be_written(joined):
    from marketplace.services.claims import end_claim

    end_claim(claim=joined.claim, event="release", reason="no_time", actor=joined.collector.actor, at=now())
    assert wrap(joined, "TALKED").claim == joined.claim
