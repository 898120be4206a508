"""Calls, legs, masks and provider events attacked behind the dialler's back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calling.models import Call, CallEvent, Incident, Leg, MaskNumber, MaskSlot
from compliance.models import Permit
from tests.factories import make_claim, number
from tests.invariants.attack import CHECK, UNIQUE, append_only, refused, sql

pytestmark = pytest.mark.django_db


def make_permit(case, at) -> Permit:
    return Permit.objects.create(
        ref=f"PM-{number()}", case=case, person=case.debtor.person, channel="call", actor="system", at=at,
        expires_at=at + timedelta(minutes=1), facts={}, packs=[],
    )  # fmt: skip


@pytest.fixture
def claim():
    return make_claim()


def new(claim, at, **extra) -> Call:
    mask = MaskNumber.objects.get_or_create(
        e164="+12125550199", defaults={"country": "US", "area": "212", "provider": "twilio"}
    )[0]
    values = {
        "ref": f"L-{number()}", "case": claim.case, "claim": claim, "collector": claim.collector, "mask": mask,
        "permit": extra.pop("permit", None) or make_permit(claim.case, at), "idem_key": f"k{number()}",
        "requested_at": at,
    } | extra  # fmt: skip
    return Call(**values)


@pytest.fixture
def call(claim, at) -> Call:
    call = new(claim, at)
    call.save()
    return call


def test_one_call_without_result_a_collector(claim, call, at):
    again = new(claim, at)
    refused(again.save, UNIQUE)
    refused(lambda: Call.objects.bulk_create([again]), UNIQUE)
    refused(
        sql(
            "INSERT INTO calling_call (ref, case_id, claim_id, collector_id, direction, permit_id, mask_id, idem_key,"
            " requested_at, ended_as) SELECT 'L-x', case_id, claim_id, collector_id, direction, %s, mask_id, 'other',"
            " requested_at, '' FROM calling_call",
            again.permit.pk,
        ),
        UNIQUE,
    )
    Call.objects.filter(pk=call.pk).update(result_at=at)
    again.save()
    refused(lambda: Call.objects.filter(pk=call.pk).update(result_at=None), UNIQUE)


def test_a_permit_and_a_key_make_one_call(claim, call, at):
    Call.objects.filter(pk=call.pk).update(result_at=at)
    refused(new(claim, at, permit=call.permit).save, UNIQUE)
    refused(new(claim, at, idem_key=call.idem_key).save, UNIQUE)
    refused(lambda: Call.objects.bulk_create([new(claim, at, idem_key=call.idem_key)]), UNIQUE)


def test_one_leg_a_role_and_one_token(call):
    leg = Leg.objects.create(call=call, role="collector", token="one")
    refused(Leg(call=call, role="collector", token="two").save, UNIQUE)
    refused(Leg(call=call, role="debtor", token="one").save, UNIQUE)
    Leg.objects.filter(pk=leg.pk).update(sid="CA1")
    other = Leg.objects.create(call=call, role="debtor", token="two")
    refused(lambda: Leg.objects.filter(pk=other.pk).update(sid="CA1"), UNIQUE)


def test_a_provider_event_is_kept_once_and_stays(call, at):
    leg = Leg.objects.create(call=call, role="collector", token="one")
    event = CallEvent.objects.create(key="e1", leg=leg, kind="status", state="ringing", at=at)
    refused(CallEvent(key="e1", leg=leg, kind="status", state="completed", at=at).save, UNIQUE)
    append_only(event, "state", "completed")
    append_only(event, "seq", 99)


def test_a_mask_stands_for_a_debtor_once(call, at):
    MaskSlot.objects.create(debtor_key=b"x" * 32, mask=call.mask, claim_ref="M-1", leased_at=at)
    again = MaskSlot(debtor_key=b"x" * 32, mask=call.mask, claim_ref="M-2", leased_at=at)
    refused(lambda: again.save(force_insert=True), UNIQUE)
    refused(lambda: MaskSlot.objects.bulk_create([again]), UNIQUE)
    refused(lambda: MaskNumber.objects.bulk_create([MaskNumber(e164=call.mask.e164, country="US", area="1")]), UNIQUE)


def test_an_incident_is_told_once(at):
    Incident.objects.create(kind="unknown_leg", provider_ref="CA1", at=at)
    refused(Incident(kind="unknown_leg", provider_ref="CA1", at=at).save, UNIQUE)


def test_a_permit_is_not_taken_from_under_its_call(call):
    refused(sql("DELETE FROM compliance_permit WHERE id = %s", call.permit_id), CHECK)
