"""What a page weighs, on disk and on the wire, and that its markup keeps to the content security policy."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from playwright.sync_api import Browser, Response
    from pytest_django.live_server_helper import LiveServer

ROOT = Path(__file__).resolve().parents[2]
KB = 1024
FILES = {
    "css/evenhand.css": (25 * KB, 7 * KB),
    "css/data.css": (6 * KB, 2 * KB),
    "css/admin.css": (7 * KB, 3 * KB),
    "js/app.js": (8 * KB, 3 * KB),
}
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PUBLIC = ["/", "/real/", "/mailbox/", "/accounts/login/", "/accounts/signup/", "/accounts/signup/collector/"]
AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize("name", FILES)
def test_file_is_small(name: str) -> None:
    raw = (ROOT / "static" / name).read_bytes()
    most, most_packed = FILES[name]
    assert len(raw) <= most
    assert len(gzip.compress(raw, 9)) <= most_packed


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_keeps_to_the_policy(path: Path) -> None:
    """No inline style, script or handler: the policy would drop it. No hx- without data-: it would not validate."""
    text = re.sub(r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"{%.*?%}|{{.*?}}", "", text)
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\b(?:src=|type=\"application/json\"))", text)
    assert not re.search(r"\shx-", text)


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC)
def test_page_names_its_parts(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert "<title>" in html
    assert '<html lang="en"' in html


@pytest.mark.e2e
@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_in_a_browser(browser: Browser, real_site: LiveServer, path: str, scheme: str) -> None:
    """First load at most 60 KB, nothing refused or logged, no axe finding, no sideways scroll at 320 px or 200 % text."""
    from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    bodies: list[Response] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda answer: bodies.append(answer))
    page.goto(real_site.url + path, wait_until="networkidle")
    assert [answer.url for answer in bodies if answer.status >= 400] == []
    assert sum(len(gzip.compress(answer.body(), 6)) + 600 for answer in bodies) <= 60 * KB
    found = Axe().run(page, options=AXE).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert said == []
    context.close()
