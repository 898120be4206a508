"""The people of the story, each in a browser context of their own, and what an open dashboard showed and when."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

PASSWORD = "evenhand-demo"
WAIT_MS = 45_000
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"

BULK = ("case.placed", "case.noticed")  # seen in the first two steps from placed to paid, not line by line

# Notes each state of the dashboard with the time at which it stood in the page. The page is never reloaded.
WATCH = """() => {
  window.seen = [];
  const note = () => {
    const live = document.getElementById('live');
    if (!live) return;
    const rows = [...live.querySelectorAll('[id^=act-]')].map(
      a => [a.getAttribute('href').split('/')[3], a.textContent.trim()]);
    const steps = [...live.querySelectorAll('ol .pair strong')].map(n => Number(n.textContent.replace(/\\D/g, '')));
    window.seen.push({t: Date.now() / 1000, v: live.dataset.v, rows, steps});
  };
  note();
  new MutationObserver(note).observe(document.body, {childList: true, subtree: true});
}"""


class People:
    """Opens people's browsers and keeps what went wrong in any of them."""

    def __init__(self, browser: Browser, site: str, *, shots: bool) -> None:
        self.browser, self.site, self.shots = browser, site, shots
        self.wrong: list[str] = []

    def person(self, size: dict[str, int] = DESK, beside: Page | None = None) -> Page:
        """A page of a fresh visitor, or another tab beside somebody's page."""
        if beside:
            context = beside.context
        else:
            context = self.browser.new_context(viewport=size, locale="en-US", base_url=self.site)  # type: ignore[arg-type]
            context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.wrong.append(f"{page.url}: {error}"))
        page.on("response", self._response)
        return page

    def _console(self, message: ConsoleMessage) -> None:
        # A refusal is a page with a 4xx status, which the browser reports; scripts and policy never may complain.
        if message.type == "error" and not re.search(r"status of 4\d\d", message.text):
            self.wrong.append(f"{message.location.get('url')}: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self.wrong.append(f"{response.url}: {response.status}")

    def sign_up(self, page: Page, door: str, email: str) -> None:
        """Through one of the two doors: account, the mail with the link, the first page behind it."""
        page.goto(f"/accounts/signup/{door}/")
        page.fill("input[name=email]", email)
        page.fill("input[name=password1]", PASSWORD)
        page.fill("input[name=password2]", PASSWORD)
        press(page, "Open the account")
        page.goto("/mailbox/")
        page.locator("li.row", has_text=email).first.locator("h2 a").click()
        page.locator("a[href*='confirm-email']").first.click()
        press(page, "Yes, confirm it")
        if "/login/" in page.url:
            self.sign_in(page, email, go=False)

    def sign_in(self, page: Page, email: str, *, go: bool = True) -> None:
        if go:
            page.goto("/accounts/login/")
        page.fill("input[name=login]", email)
        page.fill("input[name=password]", PASSWORD)
        press(page, "Sign in")

    def shot(self, page: Page, name: str) -> None:
        """The page on a phone and on a desk, when pictures are asked for."""
        if not self.shots:
            return
        SCREENS.mkdir(parents=True, exist_ok=True)
        was = page.viewport_size
        for end, size in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size(size)  # type: ignore[arg-type]
            page.evaluate("scrollTo(0, 0)")
            page.screenshot(path=SCREENS / f"{name}-{end}.png", animations="disabled")
        page.set_viewport_size(was)  # type: ignore[arg-type]


def press(page: Page, words: str) -> None:
    """A button of the page's own part, and the page it leads to."""
    with page.expect_navigation(wait_until="load"):
        page.locator("main, .callbar, .strip").get_by_role("button", name=words).first.click()


def advance(page: Page, words: str) -> None:
    """A button of the banner with the market clock."""
    if page.locator(".strip details[open]").count() == 0:
        page.locator(".strip summary").click()
    press(page, words)


def delays(events: list[dict[str, Any]], seen: list[dict[str, Any]], say: Any) -> dict[str, float]:
    """Seconds from each act's row to its line, or for acts in bulk its figure, on the dashboard.

    Acts that never had either are left out: the dashboard tells one act in one line.
    """
    found = {}
    for number, event in enumerate(events):
        line = [event["case"], say(event["name"], event["data"])]
        had = _shows(event, line, max((one for one in seen if one["t"] < event["at"]), key=lambda one: one["t"]))
        after = [one for one in seen if one["t"] >= event["at"]]
        shown = next((one["t"] for one in after if _shows(event, line, one) > had), None)
        if shown is not None:
            found[f"{number:02d} {event['name']}: {line[1]}"] = shown - event["at"]
    return found


def _shows(event: dict[str, Any], line: list[str], state: dict[str, Any]) -> int:
    if event["name"] in BULK:
        return int(state["steps"][BULK.index(event["name"])])
    return int(state["rows"].count(line))
