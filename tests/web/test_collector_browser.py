"""The collector's pages in a real browser: accessible, never wider than the phone, without a word on the console."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from compliance.services.holds import open_hold
from core import clock
from core.models import MarketClock
from marketplace.services.promises import make_promise
from payments.models import Accrual
from tests.factories import START, make_case, make_claim, make_collector, make_notice, make_task
from tests.payments.kit import pay, top_up, touch

pytestmark = pytest.mark.e2e
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def work(real_database, real_site):
    """A collector with a case to call, a paused one and a paid one with a promise; tasks on the board."""
    MarketClock.objects.all().delete()
    clock.start(START + timedelta(hours=1))
    collector = make_collector()
    claims = []
    for _n in range(3):
        claims.append(make_claim(collector=collector))
        collector.refresh_from_db()
        make_notice(claims[-1].case)
    ready, paused, paid = claims
    open_hold(reason="DISPUTE", case=paused.case, actor="debtor", at=START)
    top_up(paid.case.org, 100_000)
    touch(paid.case, collector, START)
    pay(paid.case, 10030, START + timedelta(minutes=10))
    due = (START + timedelta(days=3)).date()
    make_promise(
        case=paid.case, claim=paid, amount_minor=5000, due_date=due, channel="phone", actor=collector.actor, at=START
    )
    make_task(make_case(state="LISTED"), amount_band=7)
    client = Client()
    client.force_login(collector.user)
    body = {"topic": "rule", "case": paused.case.ref, "key": "k"}
    ticket = client.post("/support/", body).headers["Location"]
    line = f"/earnings/{Accrual.objects.get(collector=collector).ref}/"
    on_case = [f"/case/{ready.case.ref}/{name}" for name in ("", "note/", "promise/", "release/")]
    held = [f"/case/{claim.case.ref}/" for claim in (paused, paid)]
    pages = [
        "/today/", "/find/", "/find/?state=WY&bucket=30-59", f"/find/{make_task().ref}/", *on_case, *held, "/promises/",
        "/earnings/", line, f"/support/?case={paused.case.ref}", ticket, "/settings/",
    ]  # fmt: skip
    return {"pages": pages, "session": client.cookies["sessionid"].value, "ready": ready}


def sign_in(page, site, work):
    page.context.add_cookies([{"name": "sessionid", "value": work["session"], "url": site.url}])


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1440)])
def test_pages_are_accessible_and_never_scroll_sideways(work, real_site, page, settings, scheme, width):
    settings.EVENHAND_DEMO = True
    sign_in(page, real_site, work)
    page.emulate_media(color_scheme=scheme)
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    for url in work["pages"]:
        page.set_viewport_size({"width": width, "height": 844})
        assert page.goto(real_site.url + url).status == 200
        found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], url
        for narrow in (width, 320):
            page.set_viewport_size({"width": narrow, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (url, narrow)
    assert said == []


def test_a_refused_note_comes_back_with_its_words_and_the_error_in_focus(work, real_site, page, settings):
    settings.EVENHAND_DEMO = True
    sign_in(page, real_site, work)
    page.goto(f"{real_site.url}/case/{work['ready'].case.ref}/note/")
    page.fill("[name=text]", "Call me at 212 555 0142")
    page.get_by_role("button", name="Save").click()
    page.locator(".error-summary:focus").wait_for()
    assert page.input_value("[name=text]") == "Call me at 212 555 0142"
    assert page.title().startswith("Error:")
