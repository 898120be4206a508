"""The creditor's pages in a real browser: accessible, never wider than the phone, and live without a reload."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import transaction
from django.test import Client

from compliance.services.disputes import open_dispute
from core import clock
from core.events import record
from insight.services import progress
from payments.services.payments import report_payment
from payments.services.statements import state_paid
from tests.factories import START, make_case, make_claim, make_member, make_notice, make_org, make_programme
from tests.payments.kit import top_up, touch

pytestmark = pytest.mark.e2e
NOW = START + timedelta(hours=5)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def portfolio(real_db, monkeypatch):
    """One creditor with a worked, disputed, paid case and a second one said to be paid."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    org = make_org(name="Harbour Cards")
    programme = make_programme(org, slug="cards", name="Autumn cards")
    claim = make_claim(case=make_case(programme, state="WORKING"))
    make_notice(claim.case)
    touch(claim.case, claim.collector, START + timedelta(hours=1))
    top_up(org, 100_000)
    payment = report_payment(
        case=claim.case, amount_minor=10030, currency="USD", initiated_at=START + timedelta(hours=2), at=NOW,
        instrument="transfer", external_ref="BANK-1", actor="user:1",
    )  # fmt: skip
    open_dispute(case=claim.case, parts=[], text="Not mine.", channel="portal", actor="debtor", at=NOW)
    other = make_case(programme, state="NOTICED")
    make_notice(other)
    state_paid(case=other, amount_minor=5000, paid_on=date(2026, 11, 2), instrument="transfer", text="By bank.", at=NOW)
    return {"programme": programme, "case": claim.case, "other": other, "payment": payment, "user": make_member(org)}


def sign_in(page, site, user):
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}])


def pages(portfolio):
    case = portfolio["case"].ref
    return [
        "/c/", "/c/programme/cards/", "/c/cases/", "/c/cases/?q=nobody", f"/c/cases/{case}/",
        f"/c/cases/{portfolio['other'].ref}/", f"/c/cases/{case}/payment/", f"/c/cases/{case}/recall/",
        f"/c/payments/{portfolio['payment'].ref}/reverse/", "/c/answers/", "/c/billing/", "/c/help/",
    ]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_pages_are_accessible_and_never_scroll_sideways(portfolio, real_site, page, scheme, width):
    sign_in(page, real_site, portfolio["user"])
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for url in pages(portfolio):
        assert page.goto(real_site.url + url).status == 200
        found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], url
        for narrow in (width, 320):
            page.set_viewport_size({"width": narrow, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (url, narrow)
        page.set_viewport_size({"width": width, "height": 844})
    assert said == []


def test_an_open_dashboard_shows_what_happens_within_five_seconds(portfolio, real_site, page):
    sign_in(page, real_site, portfolio["user"])
    page.goto(real_site.url + "/c/programme/cards/")
    case = portfolio["case"]
    with transaction.atomic():
        event = record(
            name="promise.made", stream=case.stream, actor="collector:C-1", at=NOW, creditor_id=case.org_id,
            data={"amount_minor": 12_300, "currency": "USD", "due": "2026-11-06"},
        )  # fmt: skip
    progress.touch(event)
    progress.refresh_dirty(at=NOW)
    page.get_by_text("Promised $123.00 for 6 November").wait_for(timeout=5_000)
    assert page.locator("[data-poll-status]").inner_text().startswith("Updated ")


def test_an_unchanged_dashboard_answers_without_a_body(portfolio, real_site, page):
    sign_in(page, real_site, portfolio["user"])
    page.goto(real_site.url + "/c/programme/cards/")
    with page.expect_response(lambda answer: "/live/" in answer.url, timeout=5_000) as waited:
        pass
    assert waited.value.status == 204
