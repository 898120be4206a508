"""The collector's pages: bands before the claim, the case after it, and refusals that lose nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Collector
from compliance.services.holds import open_hold
from core import clock
from core.models import MarketClock
from marketplace import states
from marketplace.models import Claim, Note, Promise, SupportTicket, Task
from tests import factories as make
from tests.payments.kit import pay, top_up, touch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _market(settings: Any, at: datetime) -> None:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(at)


@pytest.fixture
def collector() -> Collector:
    return make.make_collector()


@pytest.fixture
def page(client: Client, collector: Collector) -> Client:
    client.force_login(collector.user)
    return client


def read(page: Client, path: str) -> str:
    answer = page.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_the_board_shows_bands_and_never_the_person(page: Client) -> None:
    task = make.make_task()
    for path in ("/find/", f"/find/{task.ref}/"):
        html = read(page, path)
        assert "Credit card" in html
        for secret in ("Jamie", "Mock Street", "1,234.57", task.case.ref):
            assert secret not in html


def test_the_address_is_the_search(page: Client) -> None:
    make.make_task()
    assert "1 tasks match" in read(page, "/find/?state=NY&bucket=30-59&sort=rate")
    assert "No tasks match" in read(page, "/find/?state=TX")


def test_claiming_leads_to_the_case_and_a_second_tap_too_late_to_similar_ones(page: Client, at: datetime) -> None:
    task = make.make_task()
    answer = page.post(f"/case/{task.ref}/claim/")
    assert answer.headers["Location"] == f"/case/{task.case.ref}/"
    html = read(page, f"/case/{task.case.ref}/")
    assert "Jamie Sample" in html
    assert "$1,234.57" in html
    other = Client()
    other.force_login(make.make_collector().user)
    late = other.post(f"/case/{task.ref}/claim/")
    assert late.status_code == 409
    assert Claim.objects.count() == 1


def test_an_expired_vetting_empties_the_board_and_answers_403(client: Client, at: datetime) -> None:
    expired = make.make_collector(valid_to=at + timedelta(days=1))
    client.force_login(expired.user)
    task = make.make_task()
    assert "1 tasks match" in read(client, "/find/")
    clock.advance(timedelta(days=2))
    assert "The board is empty for you" in read(client, "/find/")
    assert client.post(f"/case/{task.ref}/claim/").status_code == 403
    assert not Claim.objects.exists()


def test_today_says_who_may_be_contacted_and_why_not(page: Client, collector: Collector) -> None:
    free = make.make_claim(collector=collector)
    held = make.make_claim(collector=collector)
    open_hold(reason="COMPLAINT", case=held.case, actor="debtor", at=clock.now())
    html = read(page, "/today/")
    assert html.index("You may contact now") < html.index(free.case.ref)
    assert html.index("Not now, and why") < html.index(held.case.ref)
    assert "Contact is paused" in html


def test_today_costs_the_same_for_one_case_and_three(page: Client, collector: Collector) -> None:
    counts = []
    for size in (1, 2):
        for _turn in range(size):
            make.make_claim(collector=collector)
            collector.refresh_from_db()
        read(page, "/today/")
        with CaptureQueriesContext(connection) as caught:
            read(page, "/today/")
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_another_collectors_case_is_not_found(page: Client) -> None:
    other = make.make_claim()
    for name in ("", "note/", "promise/", "release/"):
        assert page.get(f"/case/{other.case.ref}/{name}").status_code == 404


def test_a_note_is_kept_once_and_a_refused_one_gives_the_text_back(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    path = f"/case/{claim.case.ref}/note/"
    body = {"pair": "CHECK/FOUND", "text": "Moved in August.", "key": "k1"}
    for _tap in range(2):
        assert page.post(path, body).status_code == 302
    assert Note.objects.count() == 1
    refused = page.post(path, body | {"text": "Call me at 212 555 0142", "key": "k2"})
    assert refused.status_code == 400
    assert "Call me at 212 555 0142" in refused.content.decode()
    assert Note.objects.count() == 1


def test_a_promise_above_the_balance_is_refused(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    path = f"/case/{claim.case.ref}/promise/"
    day = {"due_date_month": "11", "due_date_day": "10", "due_date_year": "2026"}
    assert page.post(path, {"amount": "5000", **day}).status_code in (400, 409)
    assert not Promise.objects.exists()
    assert page.post(path, {"amount": "100.00", **day}).status_code == 302
    assert "Promised" in read(page, f"/case/{claim.case.ref}/")
    assert "$100.00" in read(page, "/promises/")


def test_release_puts_the_case_back_on_the_board(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    assert page.post(f"/case/{claim.case.ref}/release/", {"reason": "no_time"}).status_code == 302
    assert Task.objects.get(pk=claim.task_id).state == states.OPEN
    assert page.get(f"/case/{claim.case.ref}/").status_code == 404


def test_help_in_one_tap_attaches_case_and_last_decision(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    read(page, f"/support/?case={claim.case.ref}")
    body = {"topic": "rule", "text": "Why not now?", "case": claim.case.ref, "key": "k"}
    for _tap in range(2):
        answer = page.post("/support/", body)
    ticket = SupportTicket.objects.get()
    assert ticket.case == claim.case
    assert set(ticket.context) == {"decision", "rule", "call"}
    assert "Why not now?" in read(page, answer.headers["Location"])


def test_earnings_explain_a_line_down_to_its_postings(page: Client, collector: Collector, at: datetime) -> None:
    claim = make.make_claim(collector=collector)
    make.make_notice(claim.case)
    top_up(claim.case.org, 100_000)
    touch(claim.case, collector, at)
    pay(claim.case, 10030, at + timedelta(hours=1), ref="P1")
    html = read(page, "/earnings/")
    assert "$10.53" in html
    ref = re.search(r'href="(/earnings/[^"]+/)"', html)
    assert ref is not None
    assert "A3" in read(page, ref[1])


def test_no_phone_number_stands_on_any_page(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    for path in (
        "/today/",
        "/find/",
        f"/case/{claim.case.ref}/",
        "/promises/",
        "/earnings/",
        "/support/",
        "/settings/",
    ):
        assert not re.search(r"555.?01\d\d", read(page, path)), path


def test_strangers_are_sent_to_sign_in_and_creditors_away(client: Client) -> None:
    assert client.get("/today/").headers["Location"].startswith("/accounts/login/")
    client.force_login(make.make_member(make.make_org()))
    assert client.get("/today/").status_code == 403
