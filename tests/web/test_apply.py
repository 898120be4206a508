"""The application pages as an applicant walks them, and the vetting pages of the administration."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.access import is_working, licensed_regions
from accounts.models import Application, ApplicationDocument, Collector, VettingReview
from accounts.services.applications import MAX_DOCUMENT_BYTES
from core import clock
from core.models import Event
from tests.accounts.kit import PDF, PNG, draft, filled, make_staff, submitted
from tests.factories import make_member, make_org, make_user

pytestmark = pytest.mark.django_db
PHONE = "(212) 555-0142"


@pytest.fixture
def applicant(client):
    user = make_user()
    client.force_login(user)
    return user


def go(client, name, data=None, **kwargs):
    url = reverse(f"collector:{name}")
    return client.get(url) if data is None else client.post(url, data, **kwargs)


def upload(client, kind, body=PNG, region="", name="photo.png"):
    return go(client, "apply_documents", {"kind": kind, "region": region, "file": SimpleUploadedFile(name, body)})


def licence_rows(*pairs, rows=3, **extra):
    data = {"rows": str(rows)} | extra
    for row, (region, number) in enumerate(pairs):
        data |= {f"region_{row}": region, f"number_{row}": number}
    return data


def test_an_applicant_walks_all_six_parts_and_sends_it(client, applicant):
    assert "0 of 6 done" in go(client, "apply").content.decode()
    steps = [
        ("apply_contact", {"alias": "Dana O.", "phone": PHONE}),
        ("apply_identity", {
            "legal_name": "Dana Okafor", "birth_date_month": "4", "birth_date_day": "28", "birth_date_year": "1990",
        }),
        ("apply_address", {"address": "1 Quay Road\nAlbany, NY 12207"}),
        ("apply_licences", licence_rows(("US-NY", "NY-1"), ("US-TX", "TX-1"))),
        ("apply_code", {"accepts": "on"}),
    ]  # fmt: skip
    for name, data in steps:
        assert go(client, name, data).status_code == 302
    page = go(client, "apply").content.decode()
    assert "5 of 6 done" in page
    assert "Send the application" not in page
    assert go(client, "apply_submit", {}).status_code == 302
    assert Application.objects.get().state == "DRAFT"
    upload(client, "IDENTITY")
    upload(client, "LICENCE", PDF, "US-NY", "licence.pdf")
    assert "Send the application" in go(client, "apply").content.decode()
    for _time in range(2):  # a second press changes nothing
        assert go(client, "apply_submit", {}).status_code == 302
    page = go(client, "apply").content.decode()
    assert "With our reviewers" in page
    assert "New York, Texas" in page
    assert Event.objects.filter(name="collector.submitted").count() == 1


def test_the_phone_is_never_written_back(client, applicant):
    for data in ({"alias": "", "phone": PHONE}, {"alias": "Dana", "phone": PHONE}):
        answer = go(client, "apply_contact", data)
    assert answer.status_code == 302
    pages = [go(client, "apply_contact", {"alias": "", "phone": "212 555 0177"}).content.decode()]
    pages += [go(client, name).content.decode() for name in ("apply_contact", "apply")]
    for page in pages:
        assert "555" not in page
    assert "ends in 42" in pages[1]


@pytest.mark.parametrize(
    ("phone", "words"),
    [
        ("", "Enter the number where calls reach you"),
        ("12345", "whole phone number"),
        ("212 555 0142 ext 7", "whole phone number"),
        ("+44 20 7946 0958", "in the United States"),
        ("800 555 0199", "Toll-free"),
    ],
)
def test_a_phone_that_cannot_be_called_is_refused(client, applicant, phone, words):
    page = go(client, "apply_contact", {"alias": "Dana", "phone": phone}).content.decode()
    assert words in page
    assert "There is a problem" in page
    assert 'value="Dana"' in page
    assert not Collector.objects.exists()


def test_parts_wait_for_the_first_one(client, applicant):
    for name in ("apply_identity", "apply_address", "apply_licences", "apply_documents", "apply_code"):
        assert go(client, name).url == reverse("collector:apply_contact")
    assert go(client, "apply_submit", {}).url == reverse("collector:apply_contact")
    assert go(client, "apply_renew", {}).status_code == 302


def test_errors_keep_what_was_typed(client, applicant):
    draft(user=applicant)
    page = go(client, "apply_identity", {
        "legal_name": "Dana Okafor", "birth_date_month": "13", "birth_date_day": "1", "birth_date_year": "1990",
        "statement": "Eleven years",
    }).content.decode()  # fmt: skip
    for words in ("There is a problem", "Enter a real date", "Dana Okafor", 'value="13"', "Eleven years", "Error:"):
        assert words in page
    page = go(client, "apply_identity", {
        "legal_name": "D", "birth_date_month": "1", "birth_date_day": "1", "birth_date_year": "2015",
    }).content.decode()  # fmt: skip
    assert "18 or older" in page
    assert "Enter street, city" in go(client, "apply_address", {"address": " "}).content.decode()
    assert "Tick the box" in go(client, "apply_code", {}).content.decode()


def test_licence_rows(client, applicant):
    application = draft(user=applicant)
    for data, words in (
        (licence_rows(), "Choose at least one state"),
        (licence_rows(("US-NY", "")), "Enter the licence number"),
        (licence_rows(("", "NY-1")), "Choose the state"),
        (licence_rows(("US-NY", "1"), ("US-NY", "2")), "in the list already"),
        (licence_rows(("US-ZZ", "1")), "not one of the available choices"),
    ):
        assert words in go(client, "apply_licences", data).content.decode()
    application.refresh_from_db()
    assert application.licences == []
    page = go(client, "apply_licences", licence_rows(("US-NY", "NY-77"), more="1")).content.decode()
    assert 'name="region_5"' in page
    assert "NY-77" in page
    assert "There is a problem" not in page
    go(client, "apply_licences", licence_rows(("US-NY", "NY-77"), ("", ""), ("US-AK", "AK-2"), rows=999))
    application.refresh_from_db()
    assert [one["region"] for one in application.licences] == ["US-NY", "US-AK"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"GIF89a" + b"0" * 20, "PDF, JPEG and PNG"),
        (b"", "file is empty"),
        (PNG + b"0" * MAX_DOCUMENT_BYTES, "over 5 MB"),
    ],
    ids=["gif", "empty", "big"],
)
def test_a_wrong_file_loses_nothing(client, applicant, body, words):
    filled(user=applicant)
    page = upload(client, "LICENCE", body, "US-TX", "licence.gif").content.decode()
    assert words in page
    assert re.search(r'value="LICENCE"[^>]*checked', page)
    assert re.search(r'value="US-TX" selected', page)
    assert ApplicationDocument.objects.count() == 2
    assert "IDENTITY.png" in page


def test_a_licence_document_names_its_state_and_a_form_without_file_says_so(client, applicant):
    filled(user=applicant)
    assert "Choose the state" in upload(client, "LICENCE").content.decode()
    page = go(client, "apply_documents", {"kind": "IDENTITY"}).content.decode()
    assert "Choose a file or take a photo" in page
    upload(client, "IDENTITY")  # the same bytes again
    assert ApplicationDocument.objects.count() == 2


def test_documents_are_removed_by_their_owner_only(client, applicant):
    mine, other = filled(user=applicant), filled()
    for document, status in ((mine.documents.first(), 302), (other.documents.first(), 404)):
        url = reverse("collector:apply_document_remove", args=[document.pk])
        assert client.get(url).status_code == 302
        assert client.post(url).status_code == status
    assert (mine.documents.count(), other.documents.count()) == (1, 2)


def test_a_sent_application_is_closed(client, applicant):
    submitted(user=applicant)
    for name in ("apply_contact", "apply_identity", "apply_licences", "apply_documents", "apply_code"):
        assert go(client, name).url == reverse("collector:apply")
        assert go(client, name, {"alias": "Other", "legal_name": "Other"}).url == reverse("collector:apply")
    assert Application.objects.get().legal_name == "Dana Okafor"


def test_who_may_apply(client):
    assert go(client, "apply").url.startswith("/accounts/login/?next=/apply/")
    client.force_login(make_member(make_org()))
    for name in ("apply", "apply_contact"):
        assert go(client, name).status_code == 403
    assert go(client, "apply_contact", {"alias": "D", "phone": PHONE}).status_code == 403
    assert not Collector.objects.exists()


def test_pages_are_kept_by_no_cache(client, applicant):
    assert go(client, "apply").headers["Cache-Control"] == "no-store"
    draft(user=applicant)
    assert go(client, "apply_address").headers["Cache-Control"] == "no-store"


# Vetting


@pytest.fixture
def reviewer(client):
    staff = make_staff()
    client.force_login(staff)
    return staff


def review_url(application):
    return reverse("admin:accounts_application_review", args=[application.pk])


def decision(value="APPROVE", **extra):
    return {
        "decision": value, "reason_code": "complete", "reason_text": "Everything fits.", "regions": ["US-NY"],
        "tier": "1", "valid_to": "2027-03-01",
    } | extra  # fmt: skip


def test_the_queue_is_oldest_first_and_opens_the_review(client, reviewer):
    second = submitted()
    first = submitted()
    Application.objects.filter(pk=first.pk).update(submitted_at="2026-10-20T10:00:00Z")
    filled()
    page = client.get(reverse("admin:accounts_application_changelist")).content.decode()
    assert page.index(first.ref) < page.index(second.ref)
    assert page.count("/review/") == 2
    assert "over the target" in page
    answer = client.get(reverse("admin:accounts_application_change", args=[first.pk]))
    assert answer.url == review_url(first)


def test_a_review_shows_papers_and_facts_without_the_number(client, reviewer):
    application = submitted()
    page = client.get(review_url(application)).content.decode()
    for words in ("Dana Okafor", "1 Quay Road", "L-US-TX", "no document of this state", "ends in 42", "<img"):
        assert words in page
    assert "555" not in page
    document = application.documents.first()
    answer = client.get(reverse("admin:accounts_application_document", args=[document.pk]))
    assert (answer.content, answer.headers["Content-Type"]) == (PNG, "image/png")
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Event.objects.filter(name="collector.document_opened").count() == 1


def test_a_pdf_is_downloaded(client, reviewer):
    application = filled()
    document = ApplicationDocument.objects.filter(kind="LICENCE")
    document.update(mime="application/pdf")
    Application.objects.update(state="SUBMITTED", submitted_at=clock.now())
    page = client.get(review_url(application), {"document": document.get().pk}).content.decode()
    assert "Download the PDF" in page
    answer = client.get(reverse("admin:accounts_application_document", args=[document.get().pk]))
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_approval_through_the_page(client, reviewer):
    application = submitted()
    answer = client.post(review_url(application), decision(tier="2"))
    assert answer.url == reverse("admin:accounts_application_changelist")
    collector = Collector.objects.get()
    now = clock.now()
    assert is_working(collector, now)
    assert licensed_regions(collector, now) == {"US-NY"}
    assert collector.tier == 2
    last_second = VettingReview.objects.get().valid_to.astimezone(clock.MARKET_ZONE)
    assert last_second.strftime("%Y-%m-%d %H:%M:%S") == "2027-03-01 23:59:59"
    client.force_login(collector.user)
    page = go(client, "apply").content.decode()
    assert "You can work until 1 March 2027" in page
    assert "Everything fits." in page
    assert "States you may work in" in page


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"reason_text": ""}, "Say why"),
        ({"reason_code": "conduct"}, "belongs to this decision"),
        ({"valid_to": "2020-01-01"}, "later than today"),
        ({"valid_to": ""}, "later than today"),
        ({"regions": []}, "Tick at least one state"),
        ({"decision": ""}, "Choose one of the three decisions"),
    ],
)
def test_refusals_are_errors_of_the_form(client, reviewer, data, words):
    application = submitted()
    answer = client.post(review_url(application), decision(**data))
    page = answer.content.decode()
    assert words in page
    assert "There is a problem" in page
    if "reason_text" not in data:
        assert "Everything fits." in page
    assert not VettingReview.objects.exists()


def test_the_second_reviewer_is_told_and_nothing_changes(client, reviewer):
    application = submitted()
    client.post(review_url(application), decision())
    answer = client.post(review_url(application), decision("REFUSE", reason_code="conduct"))
    assert "not waiting" in answer.content.decode()
    assert VettingReview.objects.count() == 1


def test_asking_for_more_and_refusing_reach_the_applicant(client, reviewer):
    application = submitted()
    client.post(review_url(application), decision("ASK_MORE", reason_code="too_old", reason_text="Bill is from May."))
    client.force_login(application.collector.user)
    page = go(client, "apply").content.decode()
    assert "Our reviewer asks for more" in page
    assert "Bill is from May." in page
    assert "Seen by a reviewer" in go(client, "apply_documents").content.decode()
    go(client, "apply_submit", {})
    client.force_login(reviewer)
    nothing_ticked = decision("REFUSE", reason_code="other", reason_text="No licence found.", regions=[], valid_to="")
    client.post(review_url(application), nothing_ticked)
    client.force_login(application.collector.user)
    page = go(client, "apply").content.decode()
    assert "Not approved" in page
    assert "No licence found." in page


def test_an_ended_approval_is_renewed(client, reviewer):
    application = submitted()
    client.post(review_url(application), decision(valid_to="2026-12-24"))
    client.force_login(application.collector.user)
    assert "Renew it, or add a state" in go(client, "apply").content.decode()
    clock.advance(timedelta(days=60))
    page = go(client, "apply").content.decode()
    assert "Your approval has ended" in page
    assert "It held until 24 December 2026" in page
    assert not is_working(Collector.objects.get(), clock.now())
    for _time in range(2):
        go(client, "apply_renew", {})
    page = go(client, "apply").content.decode()
    assert "5 of 6 done" in page


def test_vetting_needs_rights(client):
    application = submitted()
    document = application.documents.first()
    urls = [review_url(application), reverse("admin:accounts_application_document", args=[document.pk])]
    for user, status in ((make_user(), 302), (make_user(is_staff=True), 403)):
        client.force_login(user)
        assert [client.get(url).status_code for url in urls] == [status, status]
        assert client.post(urls[0], decision()).status_code == status
    assert not VettingReview.objects.exists()
    assert not Event.objects.filter(name="collector.document_opened").exists()


def test_drafts_are_the_applicants_own(client, reviewer):
    application = filled()
    assert client.get(review_url(application)).status_code == 404
    document = application.documents.first()
    assert client.get(reverse("admin:accounts_application_document", args=[document.pk])).status_code == 404


def test_registers_are_read_only(client, reviewer):
    submitted()
    collector = Collector.objects.get()
    page = client.get(reverse("admin:accounts_collector_change", args=[collector.pk])).content.decode()
    assert 'name="_save"' not in page
    for name in ("user", "creditororg", "apitoken", "agency", "collector", "vettingreview", "application"):
        assert client.get(reverse(f"admin:accounts_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:accounts_{name}_add")).status_code == 403
    assert client.post(reverse("admin:accounts_collector_change", args=[collector.pk]), {"tier": 4}).status_code == 403
    user = client.get(reverse("admin:accounts_user_change", args=[reviewer.pk])).content.decode()
    assert reviewer.password not in user
