"""What the webhooks did not tell is asked for; a call is never placed again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from calling import dialler
from calling.models import Incident, Leg
from calling.reconcile import audit_legs, reconcile_calls
from compliance.models import AttemptOutcome, SlotRelease
from tests.calling.kit import dialled, leg_of, now, provider_at, ready, said, status
from tests.simulator import run_simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock", "--stall", "0.3") as simulator:
        yield simulator


@pytest.fixture
def line(still):
    with provider_at(still.url, "http://testserver"):
        yield still


def place(claim):
    return dialler.place_call(claim=claim, collector=claim.collector, idem_key=claim.ref, at=now())


def later(**by):
    return now() + timedelta(**by)


def test_nothing_is_asked_before_its_time(line):
    place(ready())
    assert reconcile_calls(at=now()) == 0


def test_stuck_queued_reconciled(line):
    call = place(ready())
    assert reconcile_calls(at=later(seconds=31)) == 1  # ended at the provider
    assert reconcile_calls(at=later(seconds=60)) == 1  # and asked how it ended
    call.refresh_from_db()
    assert (leg_of(call, "collector").state, call.ended_as) == ("canceled", "not_bridged")
    assert SlotRelease.objects.get().reason == "not_dialled"
    assert reconcile_calls(at=later(hours=3)) == 0


def test_a_leg_the_provider_does_not_know_is_lost_and_an_incident_and_stays_counted(line):
    call = place(ready())
    Leg.objects.filter(call=call, role="collector").update(sid="CA" + "0" * 32)
    reconcile_calls(at=later(seconds=31))
    call.refresh_from_db()
    assert (leg_of(call, "collector").state, call.ended_as) == ("lost", "failed")
    incident = Incident.objects.get()
    assert (incident.kind, incident.call_ref) == ("leg_gone", call.ref)
    assert not SlotRelease.objects.exists()


def test_an_unknown_create_is_found_in_the_providers_list(still):
    with provider_at(still.url, "http://testserver", timeout_s=0.15):
        call = place(ready(collector_ending="09"))
    with provider_at(still.url, "http://testserver"):
        reconcile_calls(at=later(seconds=21))
        leg = leg_of(call, "collector")
        assert leg.sid is not None
        assert leg.state == "queued"
        assert len([f for f in dialler.list_legs(_today()) if dialler.rings_collector(f, call)]) == 1


def test_an_unknown_create_that_is_nowhere_is_lost_after_120_seconds_and_counts(line):
    call = place(ready())
    Leg.objects.filter(call=call, role="collector").update(
        sid=None, state="unknown", rank=1, deadline_at=now(), token="another-token-for-this-leg"
    )
    call.mask.e164 = "+13035550199"
    call.mask.save()
    reconcile_calls(at=later(seconds=21))
    assert leg_of(call, "collector").state == "unknown"
    reconcile_calls(at=later(seconds=121))
    assert leg_of(call, "collector").state == "lost"
    assert not SlotRelease.objects.exists()
    assert not Incident.objects.exists()


def test_a_crash_before_the_permit_was_used_ends_the_call_without_a_contact(line, monkeypatch):
    from compliance import gate

    def die(**_kwargs):
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(gate, "redeem", die)
        with pytest.raises(RuntimeError):
            place(ready())
    reconcile_calls(at=later(seconds=61))
    leg = Leg.objects.select_related("call").get(role="collector")
    assert (leg.state, leg.call.ended_as) == ("failed", "failed")
    assert leg.call.result_at is not None


def test_the_debtors_end_that_no_webhook_told_stays_counted(line):
    call = place(ready())
    debtor = dialled(call)
    status(leg_of(call, "collector"), "completed", 9, CallDuration="20")
    reconcile_calls(at=later(seconds=200))
    assert leg_of(call, "debtor").state == "lost"
    assert AttemptOutcome.objects.get().outcome == "no_answer"
    status(debtor, "busy", 3, sid="CA" + "c" * 32, SipResponseCode="486")  # late, and it corrects
    assert AttemptOutcome.objects.order_by("-pk").first().outcome == "busy"
    assert SlotRelease.objects.get().reason == "busy"


def test_a_provider_that_is_silent_is_asked_again_later(line):
    call = place(ready())
    with provider_at("http://127.0.0.1:9", "http://testserver"):
        assert reconcile_calls(at=later(seconds=31)) == 1
        assert reconcile_calls(at=later(seconds=32)) == 0
    assert leg_of(call, "collector").state == "queued"
    assert reconcile_calls(at=later(seconds=60)) == 1


def test_orphan_provider_leg_is_incident(line, monkeypatch):
    from django.utils import timezone as django_timezone

    call = place(ready())
    said(leg_of(call, "collector"), "greet", CallStatus="in-progress")
    made = line.post  # the simulator's own desk is not the API: a stray call comes through the provider's API
    assert made is not None
    from calling.providers.twilio import configured_port

    stray = configured_port().client.calls.create(to="+12125550188", from_="+13035550140", twiml="<Response/>")
    known = set(Leg.objects.exclude(sid=None).values_list("sid", flat=True))
    assert audit_legs(since=_today(), at=now()) == []  # too young to judge
    real = django_timezone.now()
    monkeypatch.setattr("calling.reconcile.timezone.now", lambda: real + timedelta(minutes=5))
    found = {incident.provider_ref for incident in audit_legs(since=_today(), at=now())}
    assert stray.sid in found
    assert not found & known
    assert audit_legs(since=_today(), at=now()) == []


def _today():
    return datetime.now(UTC) - timedelta(hours=2)
