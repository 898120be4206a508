"""The debtor's whole way in a browser, with scripts and without: forms arrive, pages are light and readable."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from compliance.models import Dispute, Hold
from compliance.services.notices import send_notice
from core import clock
from core.ids import new_token
from core.models import MarketClock
from payments.models import PaidStatement
from tests import factories as make

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response
    from pytest_django.live_server_helper import LiveServer

KB = 1024
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def look(page: Page, *, has_scripts: bool) -> None:
    """Nothing to the side at 320 px or at 200 % text, no finding of axe. Needs scripts to measure."""
    if not has_scripts:
        return
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    found = Axe().run(page, options=AXE).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    for width, size in ((320, "100%"), (390, "200%")):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("size => document.documentElement.style.fontSize = size", size)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (page.url, width)
    page.evaluate("document.documentElement.style.fontSize = ''")


def press(page: Page) -> None:
    page.click("main form button.btn-primary")
    page.wait_for_load_state("networkidle")


def weight(bodies: list[Response]) -> int:
    """Bytes on the wire, heads included."""
    return sum(len(gzip.compress(answer.body(), 6)) + 600 for answer in bodies)


@pytest.mark.e2e
@pytest.mark.parametrize(("scheme", "has_scripts"), [("light", True), ("dark", False)])
def test_a_debtor_reads_disputes_says_paid_and_stops(
    browser: Browser, real_site: LiveServer, settings: Any, scheme: Any, has_scripts: bool
) -> None:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(make.START)
    token = new_token()
    case = make.make_case(token=token)
    send_notice(case=case, at=make.START - timedelta(days=2))
    size = {"width": 390, "height": 844}
    context = browser.new_context(viewport=size, color_scheme=scheme, java_script_enabled=has_scripts)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page, bodies, said = context.new_page(), list["Response"](), list[str]()
    page.on("response", lambda answer: bodies.append(answer))
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)

    page.goto(f"{real_site.url}/p/{token}/", wait_until="networkidle")
    assert weight(bodies) <= 20 * KB
    assert "Private message" in page.inner_text("header")
    look(page, has_scripts=has_scripts)
    press(page)
    assert token not in page.url
    page.fill("[name=answer]", "12207")
    press(page)
    assert "says you owe $1,234.57" in page.inner_text("h1")
    for name in ("home", "notice", "dispute", "stop", "pay", "paid"):
        bodies.clear()
        page.goto(f"{real_site.url}/p/{name}/", wait_until="networkidle")
        assert weight(bodies) <= 20 * KB
        look(page, has_scripts=has_scripts)

    page.goto(f"{real_site.url}/p/dispute/")
    press(page)
    assert "Choose what is wrong" in page.inner_text("main")
    look(page, has_scripts=has_scripts)
    page.goto(f"{real_site.url}/p/dispute/")
    page.check("[name=reason][value=amount]")
    page.check("[name=parts][value=fees]")
    press(page)
    row = Dispute.objects.get(case=case)
    assert row.ref in page.inner_text("main")
    look(page, has_scripts=has_scripts)
    page.go_back()
    page.check("[name=reason][value=amount]")
    press(page)
    assert Dispute.objects.get(case=case).ref == row.ref

    page.goto(f"{real_site.url}/p/paid/")
    for name, value in {"amount": "100.30", "paid_on_month": "11", "paid_on_day": "2", "paid_on_year": "2026"}.items():
        page.fill(f"[name={name}]", value)
    page.check("[name=instrument][value=transfer]")
    press(page)
    assert PaidStatement.objects.get(case=case).ref in page.inner_text("main")

    page.goto(f"{real_site.url}/p/stop/")
    press(page)
    assert "Contact has stopped" in page.inner_text("h1")
    assert Hold.objects.filter(person=case.debtor.person_id, reason="CEASE").count() == 1
    page.goto(f"{real_site.url}/p/home/")
    look(page, has_scripts=has_scripts)
    page.click("main form button")
    page.wait_for_load_state("networkidle")
    assert "This page has closed" in page.inner_text("h1")
    page.go_back()
    assert "This page has closed" in page.inner_text("h1")
    assert said == []
    context.close()
