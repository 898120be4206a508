"""A collector's way in: what an application takes and refuses, and the decision about it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.access import is_working, licensed_regions
from accounts.errors import AlreadyDecided, ApplicationClosed, ApplicationIncomplete, OtherRole, OwnApplication
from accounts.models import Application, ApplicationDocument, Collector, Qualification, User, VettingReview
from accounts.selectors import missing_parts, parts_given, phone_ending, read_address, read_document
from accounts.services import applications
from accounts.services.applications import (
    LicenceClaim,
    add_document,
    change_contact,
    remove_document,
    renew_application,
    save_application,
    start_application,
    submit_application,
)
from accounts.services.vetting import open_document, review_application
from core.errors import BadInput, NotAllowed, NotFound
from core.models import Event
from tests.accounts.kit import PDF, PHONE, PNG, draft, filled, make_staff, submitted
from tests.factories import START, make_member, make_org, make_user

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
YEAR = START + 365 * DAY


def decide(application, decision="APPROVE", **extra):
    values = {
        "reviewer": extra.pop("reviewer", None) or make_staff(), "reason_code": "complete", "reason_text": "All fits.",
        "valid_to": YEAR, "regions": ["US-NY"], "at": START + DAY,
    } | extra  # fmt: skip
    return review_application(application=application, decision=decision, **values)


def test_starting_twice_gives_one_application():
    user = make_user()
    first, second = draft(user=user), draft(user=user)
    assert first == second
    assert Collector.objects.count() == 1
    assert first.collector.status == "APPLICANT"
    assert PHONE.encode() not in bytes(first.collector.phone_sealed)
    assert phone_ending(first.collector) == "42"


@pytest.mark.parametrize("who", ["member", "staff"])
def test_one_account_plays_one_part(who):
    user = make_member(make_org()) if who == "member" else make_staff()
    with pytest.raises(OtherRole):
        draft(user=user)
    assert not Collector.objects.exists()
    assert not Event.objects.exists()


def test_an_alias_is_needed():
    with pytest.raises(BadInput):
        start_application(user=make_user(), alias="  ", phone_e164=PHONE, at=START)
    assert not Collector.objects.exists()


@pytest.mark.parametrize(
    ("born", "is_old_enough"),
    [(date(2008, 11, 3), True), (date(2008, 11, 4), False), (date(1900, 1, 1), False)],
)
def test_applicants_are_eighteen_on_the_day(born, is_old_enough):
    application = draft()
    if is_old_enough:
        save_application(application=application, birth_date=born, at=START)
    else:
        with pytest.raises(BadInput):
            save_application(application=application, birth_date=born, at=START)
    application.refresh_from_db()
    assert application.birth_date == (born if is_old_enough else None)


def test_the_last_days_of_a_month_count_too():
    application = draft()
    at = START.replace(year=2026, month=10, day=31)
    with pytest.raises(BadInput):
        save_application(application=application, birth_date=date(2008, 11, 1), at=at)
    save_application(application=application, birth_date=date(2008, 10, 31), at=at)


def test_only_the_answers_given_change():
    application = filled()
    save_application(application=application, statement="Eleven years at a credit union", at=START)
    application.refresh_from_db()
    assert application.legal_name == "Dana Okafor"
    assert read_address(application) == "1 Quay Road\nAlbany"
    assert b"Quay" not in bytes(application.address_sealed)
    assert [one["region"] for one in application.licences] == ["US-NY", "US-TX"]


@pytest.mark.parametrize(
    "licences",
    [
        [LicenceClaim("US-NY", "1"), LicenceClaim("US-NY", "2")],
        [LicenceClaim("New York", "1")],
        [LicenceClaim("US-NY", "  ")],
    ],
)
def test_licences_are_refused_whole(licences):
    application = filled()
    with pytest.raises(BadInput):
        save_application(application=application, licences=licences, statement="new", at=START)
    application.refresh_from_db()
    assert (len(application.licences), application.statement) == (2, "")


def test_the_phone_changes_only_when_one_is_given():
    application = draft()
    before = bytes(application.collector.phone_hash)
    change_contact(application=application, alias="Sam", phone_e164=None, at=START)
    collector = Collector.objects.get()
    assert (collector.alias, bytes(collector.phone_hash)) == ("Sam", before)
    change_contact(application=application, alias="Sam", phone_e164="+16465550177", at=START)
    collector.refresh_from_db()
    assert phone_ending(collector) == "77"
    assert not Event.objects.filter(data__icontains="555").exists()


@pytest.mark.parametrize(
    ("kind", "region", "body"),
    [
        ("IDENTITY", "", b""),
        ("IDENTITY", "", b"GIF89a" + b"0" * 40),
        ("IDENTITY", "", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("IDENTITY", "", PNG + b"0" * applications.MAX_DOCUMENT_BYTES),
        ("LICENCE", "US-CA", PNG),
        ("SELFIE", "", PNG),
    ],
)
def test_a_wrong_file_is_refused_and_nothing_is_kept(kind, region, body):
    application = filled()
    with pytest.raises(BadInput):
        add_document(application=application, kind=kind, region=region, filename="x", body=body, at=START)
    assert application.documents.count() == 2


def test_a_document_is_sealed_named_by_its_own_name_and_kept_once():
    application = draft()
    values = {"kind": "ADDRESS", "region": "US-NY", "filename": "..\\secret/bill\n.pdf", "body": PDF, "at": START}
    document = add_document(application=application, **values)
    assert add_document(application=application, **values) == document
    assert (document.filename, document.mime, document.region) == ("bill.pdf", "application/pdf", "")
    assert PDF not in bytes(document.body_sealed)
    assert read_document(document) == PDF


def test_documents_have_a_limit(monkeypatch):
    monkeypatch.setattr(applications, "MAX_DOCUMENTS", 2)
    application = filled()
    with pytest.raises(BadInput):
        add_document(application=application, kind="ADDRESS", region="", filename="x", body=PDF, at=START)
    assert application.documents.count() == 2


def test_an_incomplete_application_is_not_sent():
    application = draft()
    assert [part for part, given in parts_given(application).items() if given] == ["contact"]
    assert len(missing_parts(application)) == 5
    with pytest.raises(ApplicationIncomplete) as refused:
        submit_application(application=application, at=START)
    assert "your address" in refused.value.message
    application.refresh_from_db()
    assert application.state == "DRAFT"
    assert not Event.objects.filter(name="collector.submitted").exists()


def test_nothing_changes_while_reviewers_have_it():
    application = submitted()
    document = application.documents.first()
    for act in (
        lambda: save_application(application=application, legal_name="Other", at=START),
        lambda: change_contact(application=application, alias="Other", phone_e164=None, at=START),
        lambda: add_document(application=application, kind="ADDRESS", region="", filename="x", body=PDF, at=START),
        lambda: remove_document(application=application, document_id=document.pk, at=START),
        lambda: submit_application(application=application, at=START),
    ):
        with pytest.raises(ApplicationClosed):
            act()
    assert application.documents.count() == 2
    assert Application.objects.get().legal_name == "Dana Okafor"
    assert Event.objects.filter(name="collector.submitted").count() == 1


def test_approval_makes_a_working_collector_until_its_end():
    application = submitted()
    review = decide(application, tier=2)
    collector = Collector.objects.get()
    assert (collector.status, collector.tier, collector.live_limit, collector.amount_cap_minor) == (
        "ACTIVE", 2, 5, 1_000_000,
    )  # fmt: skip
    assert licensed_regions(collector, START + DAY) == {"US-NY"}
    assert is_working(collector, YEAR - timedelta(seconds=1))
    assert not is_working(collector, YEAR)
    licence = Qualification.objects.get(kind="LICENCE")
    assert (licence.number, licence.evidence.kind, licence.verified_by) == ("L-US-NY", "LICENCE", review.reviewer)
    assert Event.objects.get(name="collector.vetted").data["regions"] == ["US-NY"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_to": None}, {"valid_to": START}, {"valid_to": START + 800 * DAY}, {"regions": []},
        {"regions": ["US-NY", "US-CA"]}, {"tier": 9}, {"reason_text": " "}, {"reason_code": "conduct"},
        {"decision": "MAYBE"},
    ],
    ids=str,
)  # fmt: skip
def test_a_faulty_decision_leaves_no_trace(wrong):
    application = submitted()
    with pytest.raises(BadInput):
        decide(application, **wrong)
    assert Application.objects.get().state == "SUBMITTED"
    assert not VettingReview.objects.exists()
    assert not Qualification.objects.exists()
    assert not Event.objects.filter(name="collector.vetted").exists()


def test_who_may_decide():
    application = submitted()
    with pytest.raises(NotAllowed):
        decide(application, reviewer=make_user())
    User.objects.filter(pk=application.collector.user_id).update(is_staff=True)
    with pytest.raises(OwnApplication):
        decide(application, reviewer=User.objects.get(pk=application.collector.user_id))
    assert not VettingReview.objects.exists()


def test_the_second_reviewer_is_told():
    application = submitted()
    decide(application)
    with pytest.raises(AlreadyDecided):
        decide(application, "REFUSE", reason_code="conduct")
    assert VettingReview.objects.count() == 1


def test_a_suspended_collector_is_not_let_in_by_approval():
    application = submitted()
    Collector.objects.update(status="SUSPENDED")
    with pytest.raises(BadInput):
        decide(application)
    assert Collector.objects.get().status == "SUSPENDED"


def test_asked_for_more_the_applicant_adds_and_sends_again():
    application = submitted()
    seen = application.documents.first()
    decide(application, "ASK_MORE", reason_code="too_old", regions=["US-NY"])
    assert not Qualification.objects.exists()
    assert VettingReview.objects.get().valid_to is None
    with pytest.raises(NotFound):
        remove_document(application=application, document_id=seen.pk, at=START + 2 * DAY)
    late = START + 2 * DAY
    fresh = add_document(application=application, kind="ADDRESS", region="", filename="x", body=PDF, at=late)
    remove_document(application=application, document_id=fresh.pk, at=late)
    assert submit_application(application=application, at=late).state == "SUBMITTED"
    assert application.documents.count() == 2


def test_a_document_of_somebody_else_is_not_found():
    mine, other = filled(), filled()
    with pytest.raises(NotFound):
        remove_document(application=mine, document_id=other.documents.first().pk, at=START)
    assert ApplicationDocument.objects.count() == 4


def test_refused_is_the_end():
    application = submitted()
    decide(application, "REFUSE", reason_code="other", valid_to=None, regions=[])
    with pytest.raises(ApplicationClosed):
        renew_application(application=application, at=YEAR)
    assert Collector.objects.get().status == "APPLICANT"
    with pytest.raises(IntegrityError), transaction.atomic():
        Application.objects.update(state="SUBMITTED")


def test_the_old_approval_holds_during_a_renewal():
    application = submitted()
    decide(application)
    soon = YEAR - 59 * DAY
    renewed = renew_application(application=application, at=soon)
    assert (renewed.state, renewed.conduct_code_accepted_at) == ("DRAFT", None)
    assert is_working(Collector.objects.get(), soon)
    save_application(application=application, accepts_code=True, at=soon)
    submit_application(application=application, at=soon)
    decide(application, reason_code="renewed", valid_to=YEAR + 300 * DAY, at=soon)
    assert is_working(Collector.objects.get(), YEAR + DAY)
    Collector.objects.update(status="SUSPENDED")
    with pytest.raises(ApplicationClosed):
        renew_application(application=application, at=soon)


def test_opening_a_document_is_kept_and_for_staff_only():
    document = filled().documents.select_related("application__collector").first()
    with pytest.raises(NotAllowed):
        open_document(document=document, reader=make_user(), at=START)
    assert not Event.objects.filter(name="collector.document_opened").exists()
    staff = make_staff()
    assert open_document(document=document, reader=staff, at=START) == PNG
    assert Event.objects.get(name="collector.document_opened").actor == f"user:{staff.pk}"
