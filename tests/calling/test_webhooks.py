"""The provider's webhooks: signatures, repeats, the second gate, pressing 9; and whole calls against the simulator."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from accounts.models import Qualification
from calling import dialler, selectors
from calling.models import Call, CallEvent, Incident, Leg
from compliance.models import AttemptOutcome, ContactAttempt, Hold, Preference, Refusal, SlotRelease
from compliance.services.holds import open_hold
from core.events import verify_stream
from core.models import Event
from marketplace.models import NumberStanding
from marketplace.services.claims import end_claim
from tests.calling.kit import dialled, finish, leg_of, now, press, provider_at, ready, said, status, verbs
from tests.simulator import run_simulator, wait_for


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock") as simulator:
        yield simulator


@pytest.fixture
def line(still):
    with provider_at(still.url, "http://testserver"):
        yield still


@pytest.fixture
def call(db, line):
    claim = ready()
    return dialler.place_call(claim=claim, collector=claim.collector, idem_key="tap", at=now())


@pytest.mark.parametrize("signature", ["", "AAAA", "aW52YWxpZCBzaWduYXR1cmUgaGVyZQ=="])
@pytest.mark.parametrize("step", ["greet", "accept", "status"])
def test_a_bad_signature_is_403_and_leaves_no_trace(call, signature, step):
    leg, events = leg_of(call, "collector"), Event.objects.count()
    answer = said(leg, step, signature=signature, CallStatus="in-progress", Digits="1", SequenceNumber="1")
    assert (answer.status_code, answer.content) == (403, b"")
    assert not CallEvent.objects.exists()
    assert not Incident.objects.exists()
    assert Event.objects.count() == events
    assert leg_of(call, "collector").state == leg.state


def test_a_signature_of_another_step_is_403(call):
    from twilio.request_validator import RequestValidator

    from tests.simulator import TOKEN

    leg = leg_of(call, "collector")
    other = RequestValidator(TOKEN).compute_signature(
        f"http://testserver/hooks/voice/{leg.token}/greet/", {"CallSid": leg.sid, "AccountSid": "AC" + "5" * 32}
    )
    assert said(leg, "status", signature=other).status_code == 403


def test_unknown_tokens_and_steps_are_404_and_an_incident(call):
    stranger = Leg(token="no-such-token-at-all", sid="CA" + "9" * 32)
    assert said(stranger, "greet", CallStatus="in-progress").status_code == 404
    assert Incident.objects.get().provider_ref == "CA" + "9" * 32
    # the debtor's token opens none of the collector's steps
    assert said(leg_of(call, "debtor"), "accept", Digits="1", sid="CA" + "9" * 32).status_code == 404
    assert not CallEvent.objects.exists()


def test_a_repeated_report_changes_nothing(call):
    leg = leg_of(call, "collector")
    for _turn in range(3):
        assert status(leg, "ringing", 1).status_code == 204
    assert CallEvent.objects.count() == 1


def test_reports_in_any_order_give_one_state(call):
    debtor = dialled(call)
    for word, seq in (("completed", 3), ("initiated", 0), ("in-progress", 2), ("ringing", 1)):
        status(debtor, word, seq, CallDuration="3")
    assert leg_of(call, "debtor").state == "completed"
    assert AttemptOutcome.objects.get().outcome == "dropped"


def test_a_repeated_question_gets_its_answer_again(call):
    leg = leg_of(call, "collector")
    said(leg, "greet", CallStatus="in-progress")
    assert press(leg, "accept", "1") == press(leg, "accept", "1")


def test_gate_rechecked_at_flow_fetch(call):
    """A cease arrives between the press on the page and the dial: the debtor's phone never rings."""
    collector = leg_of(call, "collector")
    said(collector, "greet", CallStatus="in-progress")
    open_hold(reason="CEASE", case=call.case, detail={"form": "portal"}, actor="debtor", at=now())
    document = press(collector, "accept", "1")
    assert "Dial" not in document
    assert leg_of(call, "debtor").rank == 0
    finish(call)
    assert call.ended_as == "refused"
    assert call.result_at is not None
    state = selectors.state_of(call, at=now())
    assert state.refusal == Refusal.objects.get()
    assert SlotRelease.objects.get().reason == "not_dialled"
    # even if he presses again
    assert "Dial" not in press(collector, "accept", "1")


@pytest.mark.parametrize("loss", ["case", "vetting"])
def test_who_lost_his_case_or_his_vetting_meanwhile_is_not_put_through(call, loss):
    collector = leg_of(call, "collector")
    said(collector, "greet", CallStatus="in-progress")
    if loss == "case":
        end_claim(claim=call.claim, event="lease_expired", reason="late", actor="system", at=now())
    else:
        Qualification.objects.filter(collector=call.collector, kind="VETTING").update(revoked_at=now())
    document = press(collector, "accept", "1")
    assert "Dial" not in document
    assert leg_of(call, "debtor").rank == 0
    assert finish(call).ended_as == "refused"
    assert SlotRelease.objects.get().reason == "not_dialled"


def test_the_hour_passes_between_press_and_dial(call, monkeypatch):
    from core import clock

    said(leg_of(call, "collector"), "greet", CallStatus="in-progress")
    clock.advance(timedelta(hours=12))
    assert "Dial" not in press(leg_of(call, "collector"), "accept", "1")


def test_press9_sets_cease_and_ends_call(call):
    debtor = dialled(call)
    said(debtor, "whisper", CallStatus="in-progress")
    document = press(debtor, "choice", "9")
    assert "Hangup" in document
    assert press(debtor, "choice", "9") == document
    hold = Hold.objects.get()
    assert (hold.reason, hold.scope, hold.detail) == ("CEASE", "person", {"form": "oral"})
    assert Preference.objects.get().detail == {"medium": "call"}
    assert NumberStanding.objects.get().standing == "stop"
    assert Event.objects.filter(name="stop.received").count() == 1
    status(debtor, "completed", 3, CallDuration="9")
    finish(call)
    assert AttemptOutcome.objects.get().outcome == "answered"
    assert call.bridged_at is None
    from compliance.errors import NoNumber

    call.result_at = now()
    call.save()
    with pytest.raises(NoNumber):
        dialler.place_call(claim=call.claim, collector=call.collector, idem_key="again", at=now())


def test_the_debtor_takes_the_call(call):
    debtor = dialled(call)
    said(debtor, "whisper", CallStatus="in-progress")
    assert selectors.state_of(call, at=now()).stage == "notice"
    assert "Hangup" not in press(debtor, "choice", "1")
    call.refresh_from_db()
    assert call.bridged_at is not None
    assert selectors.state_of(call, at=now()).stage == "live"
    status(debtor, "completed", 3, CallDuration="40")
    finish(call)
    assert (call.ended_as, AttemptOutcome.objects.get().outcome) == ("bridged", "answered")
    assert call.result_at is None
    assert verify_stream(call.case.stream) is None
    assert "Hangup" in press(debtor, "choice", "1")  # a replay after the end joins nobody
    names = list(Event.objects.filter(name__startswith="call.").order_by("pk").values_list("name", flat=True))
    assert names == ["call.requested", "call.bridged", "call.ended"]


def test_no_row_or_event_holds_a_number(call):
    debtor = dialled(call)
    said(debtor, "whisper", CallStatus="in-progress", From="+13035550140", To="+12125550101")
    press(debtor, "choice", "1")
    status(debtor, "completed", 3, CallDuration="40")
    finish(call)
    kept = [str(row) for row in CallEvent.objects.values_list("detail", flat=True)]
    kept += [str(row) for row in Event.objects.values_list("data", flat=True)]
    assert not re.search(r"\d{7,}", " ".join(kept))


# Whole calls: the served site, the simulator's own process, real HTTP both ways


@pytest.fixture(scope="module")
def exchange(real_site):
    with run_simulator("--talk", "5", tick=0.1) as simulator, provider_at(simulator.url, real_site.url):
        yield simulator


def run_call(simulator, **extra) -> tuple[Call, str]:
    claim = ready(**extra)
    call = dialler.place_call(claim=claim, collector=claim.collector, idem_key=claim.ref, at=now())
    wait_for(lambda: Call.objects.filter(pk=call.pk, ended_at__isnull=False).exists(), 30)
    call.refresh_from_db()
    return call, leg_of(call, "collector").sid


def test_notice_before_bridge(real_db, exchange):
    call, sid = run_call(exchange)
    assert call.ended_as == "bridged"
    told = ("Ring", "Say", "Press", "Dial", "Bridge")
    assert [entry for entry in verbs(exchange, sid) if entry[1] in told] == [
        ("collector", "Ring"), ("collector", "Say"), ("collector", "Press"), ("collector", "Say"),
        ("collector", "Dial"), ("debtor", "Ring"), ("debtor", "Say"), ("debtor", "Press"), ("debtor", "Say"),
        ("collector", "Bridge"), ("debtor", "Bridge"), ("collector", "Say"),
    ]  # fmt: skip
    assert ContactAttempt.objects.get(permit=call.permit).outcomes.get().outcome == "answered"


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [("02", "busy"), ("03", "no_answer"), ("05", "voicemail"), ("06", "dropped"), ("08", "answered")],
)
def test_how_the_debtor_behaves(real_db, exchange, ending, outcome):
    call, sid = run_call(exchange, debtor_ending=ending)
    attempt = ContactAttempt.objects.get(permit=call.permit)
    wait_for(lambda: attempt.outcomes.exists())
    assert [row.outcome for row in attempt.outcomes.all()] == [outcome]
    assert ("debtor", "Bridge") not in verbs(exchange, sid)
    assert SlotRelease.objects.filter(attempt=attempt).exists() is (outcome == "busy")
    assert Hold.objects.filter(person=attempt.person, reason="CEASE").exists() is (ending == "08")


def test_each_phone_sees_the_mask_and_never_the_other_number(real_db, exchange):
    claim = ready()
    number = "+1646555" + "0171"
    from core.crypto import keyed_hash, seal, unseal

    claim.collector.phone_sealed, claim.collector.phone_hash = (
        seal(number, key_id="collector"), keyed_hash(number, purpose="phone"),
    )  # fmt: skip
    claim.collector.save()
    theirs = unseal(claim.case.debtor.contact_points.get().sealed)
    phones = {"collector": exchange.phone(number, "collector", by_hand=True)}
    phones["debtor"] = exchange.phone(theirs, "debtor", by_hand=True)
    call = dialler.place_call(claim=claim, collector=claim.collector, idem_key="hand", at=now())
    seen = []
    for side in ("collector", "debtor"):
        exchange.await_status(phones[side], "ringing")
        seen.append(str(exchange.screen(phones[side])))
        exchange.post(f"/phones/{phones[side]}/answer")
        wait_for(lambda side=side: exchange.screen(phones[side])["heard"])
        exchange.post(f"/phones/{phones[side]}/press", key="1")
    exchange.await_status(phones["debtor"], "talking")
    seen.append(str([exchange.screen(phone) for phone in phones.values()]))
    call.refresh_from_db()
    assert call.bridged_at is not None
    dialler.hang_up(call=call)
    wait_for(lambda: Call.objects.filter(pk=call.pk, ended_at__isnull=False).exists())
    shown = re.sub(r"\D", "", " ".join(seen))
    assert number[-7:] not in shown
    assert theirs[-7:] not in shown
    assert call.mask.e164[-7:] in shown


def test_a_hold_ends_a_running_call(real_db, exchange):
    from core.events import run_pending

    claim = ready(debtor_ending="03")
    call = dialler.place_call(claim=claim, collector=claim.collector, idem_key="hold", at=now())
    wait_for(lambda: leg_of(call, "debtor").rank > 0)
    open_hold(reason="DISPUTE", case=claim.case, actor="debtor", at=now())
    run_pending()
    wait_for(lambda: Call.objects.filter(pk=call.pk, ended_at__isnull=False).exists(), 5)
    assert Event.objects.filter(name="hold.opened", stream=claim.case.stream).exists()


def test_what_is_said_about_one_leg_never_names_the_other_sides_number(real_db, exchange, monkeypatch):
    from core.crypto import unseal

    bodies, verify = [], dialler.verify

    def noted(path, params, signature):
        bodies.append((path, params.dict()))
        return verify(path, params, signature)

    monkeypatch.setattr(dialler, "verify", noted)
    call, _sid = run_call(exchange)
    numbers = {
        "collector": unseal(call.collector.phone_sealed),
        "debtor": unseal(call.case.debtor.contact_points.get().sealed),
    }
    told = {role: [body for path, body in bodies if leg_of(call, role).token in path] for role in numbers}
    for role, other in (("collector", "debtor"), ("debtor", "collector")):
        assert len(told[role]) >= 5
        assert all(body["To"] == numbers[role] and body["From"] == call.mask.e164 for body in told[role])
        assert not any(numbers[other][-10:] in str(body) for body in told[role])
