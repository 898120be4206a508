"""Placing a call: what is written before anything leaves, what each answer of the provider means, who may not call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.errors import NotVetted
from calling import dialler
from calling.errors import NoMask, ResultMissing
from calling.models import Call, Leg, MaskNumber, MaskSlot
from calling.services.results import record_result
from compliance.models import AttemptOutcome, ContactAttempt, Permit, Refusal, SlotRelease
from compliance.services.holds import open_hold
from core.models import Event
from marketplace.errors import ClaimEnded, KeyReused
from tests.calling.kit import dialled, finish, leg_of, now, press, provider_at, ready, said, status
from tests.factories import make_collector
from tests.simulator import run_simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def still():
    """A simulator whose clock stands still, so that nothing rings and a test plays the provider itself."""
    with run_simulator("--manual-clock", "--stall", "0.3") as simulator:
        yield simulator


@pytest.fixture
def line(still):
    with provider_at(still.url, "http://testserver"):
        yield still


def place(claim, key="tap", at=None):
    return dialler.place_call(claim=claim, collector=claim.collector, idem_key=key, at=at or now())


def test_a_call_is_written_with_its_attempt_and_has_the_providers_name(line):
    claim = ready()
    call = place(claim)
    collector, debtor = leg_of(call, "collector"), leg_of(call, "debtor")
    assert (collector.state, debtor.state, debtor.sid) == ("queued", "requested", None)
    assert collector.sid.startswith("CA")
    assert ContactAttempt.objects.get(permit=call.permit).case == claim.case
    names = Event.objects.filter(stream=claim.case.stream).order_by("number").values_list("name", flat=True)
    assert list(names) == ["contact.permitted", "call.requested", "contact.attempted"]


def test_double_tap_is_one_call(line):
    claim = ready()
    assert place(claim).pk == place(claim).pk
    assert (Call.objects.count(), ContactAttempt.objects.count()) == (1, 1)
    assert (
        len([leg for leg in dialler.list_legs(_long_ago()) if leg.sid == leg_of(Call.objects.get(), "collector").sid])
        == 1
    )


def _long_ago():
    from django.utils import timezone

    return timezone.now() - timedelta(hours=1)


def test_a_key_of_another_case_is_refused(line):
    claim = ready()
    place(claim)
    other = ready(collector=claim.collector)
    with pytest.raises(KeyReused):
        place(other)
    assert Call.objects.count() == 1


def test_no_next_dial_without_a_result(line):
    claim = ready()
    call = place(claim)
    other = ready(collector=claim.collector)
    with pytest.raises(ResultMissing) as missing:
        place(other, "next")
    assert missing.value.call_ref == call.ref
    assert (Call.objects.count(), Permit.objects.count(), Refusal.objects.count()) == (1, 1, 0)
    debtor = dialled(call)
    status(debtor, "no-answer", 3)
    finish(call)
    with pytest.raises(ResultMissing):
        place(other, "next")
    record_result(call=call, result="NO_ANSWER", text="", actor=claim.collector.actor, at=now())
    assert isinstance(place(other, "next"), Call)


def test_a_refusal_of_the_gate_is_stored_and_nothing_leaves(line):
    claim = ready()
    open_hold(reason="DISPUTE", case=claim.case, actor="debtor", at=now())
    before = len(dialler.list_legs(_long_ago()))
    refusal = place(claim)
    assert isinstance(refusal, Refusal)
    assert refusal.rule == "HOLD.DISPUTE"
    assert (Call.objects.count(), MaskSlot.objects.count(), ContactAttempt.objects.count()) == (0, 0, 0)
    assert len(dialler.list_legs(_long_ago())) == before


def test_refused_outside_every_zone(line, at):
    claim = ready()
    late = at.replace(hour=22)
    refusal = place(claim, at=late)
    assert isinstance(refusal, Refusal)
    assert refusal.retry_at is not None
    assert refusal.retry_at > late


@pytest.mark.parametrize("problem", ["stranger", "ended", "unvetted"])
def test_who_may_not_call_leaves_no_trace(line, problem):
    claim = ready()
    collector, error = claim.collector, ClaimEnded
    if problem == "stranger":
        collector = make_collector()
    elif problem == "ended":
        claim.state, claim.ended_at = "TAIL", now()
        claim.save()
    else:
        collector.qualifications.update(valid_to=now() - timedelta(days=1))
        error = NotVetted
    with pytest.raises(error):
        dialler.place_call(claim=claim, collector=collector, idem_key="k", at=now())
    assert (Call.objects.count(), Permit.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_without_a_free_mask_nothing_is_left(line):
    claim = ready()
    MaskNumber.objects.update(status="retired")
    with pytest.raises(NoMask):
        place(claim)
    assert (Call.objects.count(), Permit.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_a_provider_that_cannot_be_reached_gives_the_slot_back(line):
    claim = ready()
    with provider_at("http://127.0.0.1:9", "http://testserver"):
        call = place(claim)
    assert (call.ended_as, leg_of(call, "collector").state) == ("failed", "failed")
    assert SlotRelease.objects.get().reason == "not_dialled"
    assert call.result_at is not None


def test_ambiguous_create_is_never_reposted(still):
    claim = ready(collector_ending="09")
    with provider_at(still.url, "http://testserver", timeout_s=0.15):
        call = place(claim)
        assert leg_of(call, "collector").state == "unknown"
        assert place(claim).pk == call.pk
        called = [leg for leg in dialler.list_legs(_long_ago()) if dialler.rings_collector(leg, call)]
    assert len(called) == 1
    assert ContactAttempt.objects.count() == 1
    assert not SlotRelease.objects.exists()


def test_an_unknown_leg_is_bound_by_the_token_of_its_first_callback(still):
    claim = ready(collector_ending="09")
    with provider_at(still.url, "http://testserver", timeout_s=0.15):
        call = place(claim)
    with provider_at(still.url, "http://testserver"):
        status(leg_of(call, "collector"), "ringing", 1, sid="CA" + "7" * 32)
    leg = leg_of(call, "collector")
    assert (leg.sid, leg.state) == ("CA" + "7" * 32, "ringing")


def test_a_worker_that_dies_after_dialling_leaves_it_counted(line, monkeypatch):
    claim = ready()
    with monkeypatch.context() as patched:
        patched.setattr(dialler, "_keep", _die)
        with pytest.raises(_Died):
            place(claim)
    attempt = ContactAttempt.objects.get()
    assert not SlotRelease.objects.exists()
    from compliance.facts import facts_for

    log = facts_for(case=claim.case, channel="call", at=now()).log
    assert [entry.outcome for entry in log] == ["no_answer"]
    assert attempt.permit.redeemed_at is not None


class _Died(Exception):
    pass


def _die(*args, **kwargs):
    raise _Died


def test_a_collector_who_does_not_press_1_costs_no_slot(line):
    claim = ready()
    call = place(claim)
    assert b"Gather" in said(leg_of(call, "collector"), "greet", CallStatus="in-progress").content
    finish(call)
    assert (call.ended_as, SlotRelease.objects.get().reason) == ("not_bridged", "not_dialled")
    assert call.result_at is not None
    from compliance.facts import facts_for

    assert facts_for(case=claim.case, channel="call", at=now()).log == ()


@pytest.mark.parametrize(
    ("word", "extra", "outcome", "released"),
    [
        ("busy", {"SipResponseCode": "486"}, "busy", True),
        ("no-answer", {}, "no_answer", False),
        ("failed", {"SipResponseCode": "404"}, "not_in_service", True),
        ("failed", {"SipResponseCode": "607"}, "no_answer", False),
        ("canceled", {}, "no_answer", False),
        ("completed", {"CallDuration": "22"}, "voicemail", False),
        ("completed", {"CallDuration": "3"}, "dropped", False),
    ],
)
def test_outcome_of_the_debtors_leg(line, word, extra, outcome, released):
    call = place(ready())
    debtor = dialled(call)
    status(debtor, word, 3, **extra)
    finish(call)
    assert [row.outcome for row in AttemptOutcome.objects.all()] == [outcome]
    assert SlotRelease.objects.exists() is released
    assert (call.ended_as, call.result_at) == ("not_bridged", None)


def test_busy_twice_and_late_gives_the_slot_back_once(line):
    claim = ready()
    call = place(claim)
    debtor = dialled(call)
    collector = leg_of(call, "collector")
    child = "CA" + "b" * 32
    from calling.reconcile import reconcile_calls

    status(debtor, "ringing", 1, sid=child)
    at = now() + timedelta(minutes=2)
    reconcile_calls(at=at)  # the provider has no record of the leg: we believe it lost
    assert leg_of(call, "debtor").state == "lost"
    assert not SlotRelease.objects.exists()
    for _turn in range(2):
        assert status(debtor, "busy", 3, sid=child, SipResponseCode="486").status_code == 204
    said(collector, "end", CallStatus="in-progress", DialCallSid=child, DialCallStatus="busy")
    finish(call)
    assert SlotRelease.objects.count() == 1
    assert [row.outcome for row in AttemptOutcome.objects.order_by("pk")] == ["no_answer", "busy"]
    assert Event.objects.filter(name="contact.outcome").count() == 2


def test_the_flow_that_dials_names_the_mask(line):
    claim = ready()
    call = place(claim)
    said(leg_of(call, "collector"), "greet", CallStatus="in-progress")
    document = press(leg_of(call, "collector"), "accept", "1")
    assert f'callerId="{call.mask.e164}"' in document
    assert "record=" not in document
    # once the debtor's leg runs, a replayed question dials nobody
    status(leg_of(call, "debtor"), "ringing", 1)
    assert "Dial" not in press(leg_of(call, "collector"), "accept", "1")
    assert Leg.objects.count() == 2
