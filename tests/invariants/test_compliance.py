"""Decisions, attempts, holds and notices attacked behind the services' back: the database says no each time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.errors import PermitExpired, PermitSpent
from compliance.gate import authorise, redeem
from compliance.models import (
    AttemptOutcome,
    ContactAttempt,
    Dispute,
    Hold,
    InboundContact,
    PackVersion,
    Permit,
    Refusal,
    SlotRelease,
    ValidationNotice,
)
from compliance.services.attempts import record_inbound, record_outcome
from compliance.services.disputes import open_dispute
from compliance.services.holds import open_hold
from core.models import Event
from tests.factories import make_case, make_notice, make_person
from tests.invariants.attack import (
    CHECK,
    NOT_NULL,
    UNIQUE,
    append_only,
    never_changes,
    never_goes,
    refused,
    snapshot,
    sql,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    case = make_case(state="WORKING")
    make_notice(case)
    return case


@pytest.fixture
def permit(case, at) -> Permit:
    permit = authorise(case=case, channel="call", actor="collector:C-1", at=at)
    assert isinstance(permit, Permit)
    return permit


@pytest.fixture
def attempt(permit, at) -> ContactAttempt:
    return redeem(permit=permit, at=at)


def copy_of(row, **changes):
    again = type(row).objects.get(pk=row.pk)
    again.pk, again._state.adding = None, True
    for name, value in changes.items():
        setattr(again, name, value)
    return again


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ref", "PM-other"), ("channel", "sms"), ("purpose", "x"), ("actor", "system"), ("facts", {"a": 1}),
        ("packs", []), ("disclosures", ["x"]),
    ],
)  # fmt: skip
def test_a_permit_is_frozen(permit, field, value):
    never_changes(permit, field, value)


def test_a_permits_times_and_people_are_frozen(permit, at):
    never_changes(permit, "at", at - timedelta(minutes=1))
    never_changes(permit, "expires_at", at + timedelta(days=1))
    never_changes(permit, "person_id", make_person().pk)
    never_changes(permit, "case_id", make_case().pk)
    never_goes(permit)


def test_a_permit_is_used_within_its_time_by_any_way(permit, at):
    for when in (at - timedelta(seconds=1), permit.expires_at, at + timedelta(days=1)):
        never_changes_as_check(permit, when)
    with pytest.raises(PermitExpired):
        redeem(permit=permit, at=permit.expires_at)
    assert ContactAttempt.objects.count() == 0


def never_changes_as_check(permit, when):
    refused(lambda: Permit.objects.filter(pk=permit.pk).update(redeemed_at=when), CHECK)
    refused(sql("UPDATE compliance_permit SET redeemed_at = %s WHERE id = %s", when, permit.pk), CHECK)


def test_a_permit_is_used_once(permit, attempt, at):
    events = Event.objects.count()
    with pytest.raises(PermitSpent):
        redeem(permit=permit, at=at + timedelta(seconds=1))
    assert (ContactAttempt.objects.count(), Event.objects.count()) == (1, events)


def test_a_second_attempt_on_one_permit_is_refused(attempt, at):
    again = copy_of(attempt, at=at + timedelta(seconds=5))
    refused(again.save, UNIQUE)
    refused(lambda: ContactAttempt.objects.bulk_create([copy_of(attempt)]), UNIQUE)
    refused(
        sql(
            "INSERT INTO compliance_contactattempt (permit_id, case_id, person_id, channel, at, debt_refs, numkind,"
            " collector_ref, requested_by_debtor) SELECT permit_id, case_id, person_id, channel, at, debt_refs, numkind,"
            " collector_ref, requested_by_debtor FROM compliance_contactattempt"
        ),
        UNIQUE,
    )
    assert ContactAttempt.objects.count() == 1


def test_an_attempt_needs_a_permit(case, at):
    free = ContactAttempt(case=case, person=case.debtor.person, channel="call", at=at, debt_refs=[])
    refused(free.save, NOT_NULL)
    refused(lambda: ContactAttempt.objects.bulk_create([free]), NOT_NULL)
    refused(
        sql(
            "INSERT INTO compliance_contactattempt (case_id, person_id, channel, at, debt_refs, numkind, collector_ref,"
            " requested_by_debtor) VALUES (%s, %s, 'call', %s, '{}', '', '', false)",
            case.pk, case.debtor.person_id, at,
        ),
        NOT_NULL,
    )  # fmt: skip
    assert snapshot(ContactAttempt) == []


def test_what_was_tried_stays(case, attempt, at):
    record_outcome(attempt=attempt, outcome="busy", source="carrier", at=at)
    record_inbound(case=case, channel="call", outcome="answered", at=at)
    append_only(attempt, "channel", "sms")
    append_only(AttemptOutcome.objects.get(), "outcome", "answered")
    append_only(SlotRelease.objects.get(), "reason", "x")
    append_only(InboundContact.objects.get(), "outcome", "no_answer")
    append_only(PackVersion.objects.first(), "version", "9")


def test_a_refusal_stays(case, at):
    refusal = authorise(case=case, channel="call", actor="collector:C-1", at=at.replace(hour=23))
    assert isinstance(refusal, Refusal)
    append_only(refusal, "rule", "X")
    append_only(refusal, "denials", [])


def test_a_refusal_has_a_known_verdict(case, at):
    refusal = authorise(case=case, channel="call", actor="system", at=at.replace(hour=23))
    refused(copy_of(refusal, ref="RF-2", verdict="allow").save, CHECK)


@pytest.mark.parametrize("reason", ["DECEASED", "BANKRUPT", "VULNERABLE", "CEASE"])
def test_a_reason_that_goes_with_the_person_covers_the_person(case, reason, at):
    hold = open_hold(case=case, reason=reason, actor="system", at=at)
    assert hold.scope == Hold.Scope.PERSON
    narrow = copy_of(hold, scope="case", case=case)
    refused(narrow.save, CHECK)
    refused(lambda: Hold.objects.bulk_create([narrow]), CHECK)
    refused(lambda: Hold.objects.filter(pk=hold.pk).update(scope="case", case=case), CHECK)
    refused(sql("UPDATE compliance_hold SET scope = 'case', case_id = %s WHERE id = %s", case.pk, hold.pk), CHECK)


def test_a_hold_names_its_case_and_ends_after_it_began(case, at):
    hold = open_hold(case=case, reason="DISPUTE", actor="system", at=at)
    refused(lambda: Hold.objects.filter(pk=hold.pk).update(case=None), CHECK)
    refused(lambda: Hold.objects.filter(pk=hold.pk).update(to_at=at - timedelta(days=1)), CHECK)
    refused(sql("UPDATE compliance_hold SET scope = 'world' WHERE id = %s", hold.pk), CHECK)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ref", "N-2"),
        ("language", "xx"),
        ("delivery", "email"),
        ("content_sealed", b"x"),
        ("content_sha256", b"y" * 32),
    ],
)
def test_a_sent_notice_is_frozen(case, field, value):
    never_changes(ValidationNotice.objects.get(case=case), field, value)


def test_a_notices_dates_are_frozen_and_it_stays(case, at):
    notice = ValidationNotice.objects.get(case=case)
    never_changes(notice, "sent_at", at)
    never_changes(notice, "period_ends_on", at.date())
    never_changes(notice, "assumed_received_on", at.date())
    never_goes(notice)
    ValidationNotice.objects.filter(pk=notice.pk).update(printed_at=at)
    refused(copy_of(notice, ref="N-again").save, UNIQUE)


def test_one_open_dispute_a_case_and_kind(case, at):
    dispute = open_dispute(case=case, parts=[], text="No.", channel="portal", actor="debtor", at=at)
    refused(copy_of(dispute, ref="D-2", state="OPEN").save, UNIQUE)
    refused(lambda: Dispute.objects.bulk_create([copy_of(dispute, ref="D-2", state="OPEN")]), UNIQUE)
