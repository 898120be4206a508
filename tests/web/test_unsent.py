"""A form sent after its session ended: nothing happens, and nothing that was typed is lost."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from core.models import Event
from marketplace.models import Note
from tests.factories import make_case, make_claim, make_member, make_org

pytestmark = pytest.mark.django_db

OWN = {"origin": "http://testserver", "referer": "http://testserver/case/K-1/note/"}
TYPED = {"pair": "EMAIL/DELIVERED", "text": "She asked for <the> papers", "key": "k1"}


def strict(user=None) -> Client:
    client = Client(enforce_csrf_checks=True)
    if user:
        client.force_login(user)
    return client


def with_token(client: Client, page: str, **fields: str) -> dict[str, str]:
    html = client.get(page).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', html)
    assert token
    return fields | {"csrfmiddlewaretoken": token[1]}


def fields_of(html: str) -> dict[str, str]:
    form = html[html.index('<form class="card stack stack-4"') :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def test_a_note_written_past_the_session_is_given_back_and_sent_after_signing_in() -> None:
    claim = make_claim()
    page = f"/case/{claim.case.ref}/note/"
    client = strict(claim.collector.user)
    sent = with_token(client, page, **TYPED)
    del client.cookies["sessionid"]
    events = Event.objects.count()
    refused = client.post(page, sent, headers=OWN)
    html = refused.content.decode()
    assert (refused.status_code, refused["Cache-Control"]) == (403, "no-store")
    assert "You have been signed out" in html
    assert "She asked for &lt;the&gt; papers" in html
    assert "/accounts/login/" in html
    assert (Note.objects.count(), Event.objects.count()) == (0, events)

    client.force_login(claim.collector.user)
    again = fields_of(html)
    again["text"] = TYPED["text"]
    assert client.post(page, again, headers=OWN).status_code == 302
    assert Note.objects.get().text == TYPED["text"]


def test_a_token_from_before_signing_in_is_answered_with_a_fresh_one() -> None:
    claim = make_claim()
    page = f"/case/{claim.case.ref}/note/"
    client = strict(claim.collector.user)
    client.get(page)
    refused = client.post(page, {**TYPED, "csrfmiddlewaretoken": "x" * 64}, headers=OWN)
    html = refused.content.decode()
    assert refused.status_code == 403
    assert "This page was from before you signed in" in html
    assert not Note.objects.exists()
    assert client.post(page, {**fields_of(html), "text": TYPED["text"]}, headers=OWN).status_code == 302
    assert Note.objects.count() == 1


@pytest.mark.parametrize("headers", [{"origin": "https://elsewhere.example"}, {"origin": "null"}, {}])
def test_what_another_site_sent_is_never_given_back(headers: dict[str, str]) -> None:
    claim = make_claim()
    answer = strict(claim.collector.user).post(f"/case/{claim.case.ref}/note/", TYPED, headers=headers)
    assert answer.status_code == 403
    assert "papers" not in answer.content.decode()
    assert not Note.objects.exists()


def test_passwords_are_never_given_back() -> None:
    answer = strict().post("/accounts/login/", {"login": "a@example.com", "password": "hunter22"}, headers=OWN)
    assert answer.status_code == 403
    assert "hunter22" not in answer.content.decode()


def test_a_button_alone_leads_to_signing_in_and_back() -> None:
    answer = Client().post("/case/K-1/call/", {"key": "k"}, headers=OWN)
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/case/K-1/note/")


def test_a_file_has_to_be_chosen_again() -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    client, user = strict(), make_member(make_org())
    client.force_login(user)
    sent = with_token(client, "/c/import/", programme="1", as_of_0="3")
    del client.cookies["sessionid"]
    html = client.post(
        "/c/import/", {**sent, "file": SimpleUploadedFile("a.csv", b"x")}, headers=OWN
    ).content.decode()  # fmt: skip
    assert '<input type="file" name="file"' in html
    assert 'enctype="multipart/form-data"' in html


def test_what_a_debtor_wrote_is_shown_to_be_copied_and_nothing_happens() -> None:
    case = make_case()
    events = Event.objects.count()
    headers = {"origin": "null", "sec-fetch-site": "same-origin"}
    answer = Client().post("/p/dispute/", {"kind": "other", "text": "I never bought this"}, headers=headers)
    html = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"], answer["Referrer-Policy"]) == (403, "no-store", "no-referrer")
    assert "I never bought this" in html
    assert case.org.name not in html
    assert Event.objects.count() == events
    from_elsewhere = {"origin": "null", "sec-fetch-site": "cross-site"}
    strange = Client().post("/p/dispute/", {"text": "I never bought this"}, headers=from_elsewhere)
    assert "I never bought this" not in strange.content.decode()
