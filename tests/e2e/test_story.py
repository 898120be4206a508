"""The whole story in a browser: four people from placing a debt to a paid collector, while a dashboard looks on."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import TimeoutError

from insight.words import words_of
from tests.e2e.papers import PNG, portfolio
from tests.e2e.people import PHONE, WATCH, People, advance, delays, press
from tests.e2e.stack import Stack, running

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

AT_MOST_BEHIND = 5.0  # seconds


class Story:
    """What the four people know of one another's work, and the dashboard nobody touches."""

    def __init__(self, stack: Stack, people: People) -> None:
        self.stack, self.people = stack, people
        self.creditor, self.collector = people.person(), people.person(PHONE)
        self.tab = people.person(PHONE, beside=self.collector)
        self.debtor, self.admin = people.person(PHONE), people.person()
        self.dashboard = people.person()
        self.case = self.slug = ""

    def look(self) -> None:
        """The watcher is somebody who sits there: the page asks more rarely for a reader gone for a minute."""
        self.dashboard.keyboard.press("Shift")

    def wait_for(self, words: str, tries: int = 1) -> None:
        """Until the untouched dashboard says so, with a look at it before each try."""
        line = self.dashboard.locator("#live").get_by_text(words).first
        for _try in range(tries):
            self.look()
            try:
                line.wait_for(timeout=30_000)
            except TimeoutError:
                continue
            return
        pytest.fail(f"the dashboard never said: {words}")

    # 1 and 2

    def found(self) -> None:
        """A new creditor: account, organisation, programme, float. Another creditor finds nothing of it."""
        page = self.creditor
        self.people.sign_up(page, "creditor", "quay@example.com")
        page.goto("/c/start/")
        page.fill("[name=name]", "Quay Bank")
        page.fill("[name=postal_address]", "Quay Bank, Customer Care, 1 Quay Street, Albany, NY 12207")
        press(page, "Open the organisation")
        page.fill("[name=name]", "Store cards")
        page.fill("[name=product]", "store card")
        page.fill("[name=floor]", "500")
        page.fill("[name=ways_to_pay]", "Bank transfer to Quay Bank. Quote your account reference.")
        assert page.input_value("[name=age_1]") == "30"
        assert page.input_value("[name=rate_1_2]") == "15"
        assert page.input_value("[name=age_2]") == "60"
        assert page.input_value("[name=collector_share]") == "70"
        assert page.input_value("[name=vat]") == "0"
        assert (page.input_value("[name=clearing_transfer]"), page.input_value("[name=holdback_transfer]")) == (
            "1",
            "3",
        )
        press(page, "Open the programme")
        self.slug = page.url.split("/programme/")[1].split("/")[0]
        page.goto("/c/billing/")
        page.fill("[name=amount]", "5000")
        press(page, "Ask for the transfer")
        self._other_creditor()
        self.people.sign_in(self.dashboard, "quay@example.com")
        self.dashboard.goto(f"/c/programme/{self.slug}/")
        self.dashboard.evaluate(WATCH)

    def _other_creditor(self) -> None:
        other = self.people.person()
        self.people.sign_in(other, "meridian@example.com")
        other.goto("/c/")
        assert "Quay" not in other.content()
        answer = other.goto(f"/c/programme/{self.slug}/")
        assert answer is not None
        assert answer.status == 404
        other.context.close()

    def place(self) -> None:
        """A file with a bad line: checked, run, noticed, listed."""
        page = self.creditor
        page.goto("/c/import/")
        page.set_input_files("[name=file]", {"name": "cards.csv", "mimeType": "text/csv", "buffer": portfolio()})
        press(page, "Check the file")
        page.get_by_text("3 of 4 lines are ready").wait_for()
        self.people.shot(page, "import")
        press(page, "Import the 3 ready lines")
        page.get_by_text("3 of 4 lines became cases").wait_for()
        self.look()
        back = page.url
        self._until_float()
        page.goto(back)
        press(page, "Send the notices and list the cases")
        page.get_by_text("On the board: 3").wait_for()
        page.goto("/c/cases/?q=QB-7701")
        page.locator("tr", has_text="Marisol Specimen").get_by_role("link").first.click()
        page.get_by_role("heading", name="Marisol Specimen").wait_for()
        self.case = page.url.rstrip("/").rsplit("/", 1)[1]
        self.look()

    def _until_float(self) -> None:
        """The provider's message about the top-up has arrived."""
        page = self.creditor
        page.goto("/c/billing/")
        for _try in range(60):
            if page.get_by_text("New work is paused").count() == 0:
                return
            page.wait_for_timeout(500)
            page.reload()
        pytest.fail("the float did not grow")

    # 4

    def apply(self) -> None:
        """A new collector hands in all six parts; the admin looks at the papers and decides."""
        page = self.collector
        self.people.sign_up(page, "collector", "rio@example.com")
        page.goto("/apply/")
        self._part("Name on calls", {"alias": "Rio M.", "phone": "+1 646 555 0101"})
        self._part("Who you are", {
            "legal_name": "Rio Marchetti", "birth_date_month": "4", "birth_date_day": "28", "birth_date_year": "1990",
        })  # fmt: skip
        self._part("Where you live", {"address": "12 Placeholder Avenue, Albany, NY 12207"})
        page.locator("main").get_by_role("link", name="States and licences").click()
        page.select_option("[name=region_0]", "US-NY")
        page.fill("[name=number_0]", "NY-20417")
        press(page, "Save")
        page.locator("main").get_by_role("link", name="Documents").click()
        for kind, region in (("IDENTITY", ""), ("LICENCE", "US-NY")):
            page.check(f"[name=kind][value={kind}]")
            page.select_option("[name=region]", region)
            page.set_input_files("[name=file]", {"name": "paper.png", "mimeType": "image/png", "buffer": PNG})
            press(page, "Store this document")
        page.goto("/apply/")
        page.locator("main").get_by_role("link", name="Code of conduct").click()
        page.check("main input[type=checkbox]")
        press(page, "Accept the code")
        press(page, "Send the application")
        page.get_by_text("With our reviewers").first.wait_for()
        self._vet()

    def _part(self, title: str, values: dict[str, str]) -> None:
        page = self.collector
        page.locator("main").get_by_role("link", name=title).click()
        for name, value in values.items():
            page.fill(f"[name={name}]", value)
        press(page, "Save")

    def _vet(self) -> None:
        page = self.admin
        self.people.sign_in(page, "admin@example.com")
        page.goto("/admin/accounts/application/")
        page.locator("tbody tr", has_text="Rio M.").last.locator("th a, td a").first.click()
        page.get_by_text("Rio Marchetti").first.wait_for()
        page.check("[name=decision][value=APPROVE]")
        page.select_option("[name=reason_code]", "complete")
        page.fill("[name=reason_text]", "Identity and licence checked against both documents.")
        page.check("[name=regions][value=US-NY]")
        page.fill("[name=valid_to]", "2027-02-01")
        self.people.shot(page, "vetting")
        press(page, "Record my decision")

    # 5 to 8

    def claim(self) -> None:
        """Find by filters, look, claim."""
        page = self.collector
        page.goto("/find/?state=NY&bucket=30-59&q=store+card&mine=1&min_rate_bps=1000&sort=amount")
        self.people.shot(page, "find")
        assert "Marisol" not in page.content()
        self.look()
        page.locator("ul.rows li.row h2 a").first.click()
        press(page, "Claim")
        page.get_by_role("heading", name="Marisol Specimen").wait_for()
        page.get_by_text("$1,234.57").first.wait_for()
        self.wait_for("A case worker took the case")
        self.people.shot(page, "case")

    def call(self) -> None:
        """His phone, the notice, her phone, the bridge, the end, the result with a promise."""
        page = self.collector
        self.tab.goto(page.url)  # left open; its button stays
        press(page, "Call via Evenhand")
        page.get_by_text("Connected", exact=True).wait_for()
        self._until_bridged()
        self.people.shot(page, "call")
        if self.people.shots:
            phones = self.people.person()
            phones.goto(self.stack.phones)
            phones.get_by_text("Two phones, one call").wait_for()
            phones.wait_for_timeout(1000)
            self.people.shot(phones, "phones")
            phones.context.close()
        self.wait_for("Both sides connected on a recorded line")
        press(page, "End call")
        page.wait_for_url(re.compile("/wrap/"))
        page.locator("label.tile", has_text="romise").first.click()
        press(page, "Save and go on")
        page.fill("[name=amount]", "333.33")
        page.fill("[name=text]", "She will pay a part by transfer on Friday.")
        press(page, "Save and go on")
        page.get_by_text("Saved.").wait_for()
        self.wait_for("Promised $333.33")

    def _until_bridged(self) -> None:
        """In the simulator's own order, she heard the notice, then pressed 1, and only then heard him."""
        deadline = time.monotonic() + 45
        hers: list[str] = []
        while "Bridge" not in hers:
            assert time.monotonic() < deadline, hers
            self.collector.wait_for_timeout(200)
            log = self.stack.phone_log()
            hers = [line["verb"] for line in log if line["side"] == "debtor"]
        notice = next(i for i, line in enumerate(log) if line["side"] == "debtor" and line["verb"] == "Say")
        press_1 = next(i for i, line in enumerate(log) if line["side"] == "debtor" and line["verb"] == "Press")
        bridge = min(i for i, line in enumerate(log) if line["verb"] == "Bridge")
        assert "recorded call" in log[notice]["detail"]
        assert log[press_1]["detail"] == "1"
        assert notice < press_1 < bridge

    def note(self) -> None:
        page = self.collector
        page.locator(".callbar").get_by_role("link", name="Note").click()
        page.select_option("[name=pair]", "EMAIL/DELIVERED")
        page.fill("[name=text]", "Sent the ways to pay she asked for.")
        press(page, "Save")
        self.wait_for("delivered")

    def night(self) -> None:
        """The page still shows the button; the gate says no, in words, and when."""
        advance(self.creditor, "To 21:30")
        page = self.tab
        press(page, "Call via Evenhand")
        page.get_by_text("Next allowed:").wait_for()
        assert "in New York" in page.locator("main p.big").inner_text()
        self.people.shot(page, "refused")
        self.wait_for("A call was not allowed")
        page.get_by_role("link", name="Back to the case").click()
        press(page, "Get help now")
        page.get_by_text(self.case).first.wait_for()

    # 9 and 10

    def debtor_says_paid(self) -> None:
        """Letter, neutral page, second fact, notice, "I have paid"."""
        page = self.debtor
        page.goto(f"/mailbox/letters/?case={self.case}")
        page.locator("li.row h2 a").click()
        assert "Quay" not in page.content()
        press(page, "Continue")
        page.check("[name=question][value=account]")
        page.fill("[name=answer]", "7701")
        page.locator("main form button").first.click()
        page.get_by_text("Quay Bank says you owe $1,234.57").wait_for()
        self.people.shot(page, "debtor")
        page.get_by_role("link", name="Read the notice").click()
        page.get_by_role("heading", name="Your rights").wait_for()
        self.wait_for("The account holder read the notice")
        page.locator("a.back").click()
        page.locator("main").get_by_role("link", name="I have paid").click()
        page.fill("[name=amount]", "100.30")
        for name, value in (("month", "11"), ("day", "3"), ("year", "2026")):
            page.fill(f"[name=paid_on_{name}]", value)
        page.check("[name=instrument][value=transfer]")
        press(page, "Send")
        page.get_by_role("heading", name="Thank you").wait_for()
        self.wait_for("The debtor says $100.30 was paid")

    def payments(self) -> None:
        """The creditor confirms the first payment and reports the other two."""
        page = self.creditor
        page.goto(f"/c/cases/{self.case}/")
        page.get_by_role("link", name="Yes, it arrived").click()
        page.fill("[name=external_ref]", "QB-PAY-1")
        assert page.input_value("[name=amount]") == "100.30"
        with page.expect_navigation():
            page.locator("main form button.btn-primary").click()
        self.wait_for("Payment of $100.30 reported")
        for number, amount in ((2, "333.33"), (3, "800.94")):
            page.goto(f"/c/cases/{self.case}/payment/")
            page.fill("[name=amount]", amount)
            page.select_option("[name=instrument]", "transfer")
            page.fill("[name=external_ref]", f"QB-PAY-{number}")
            press(page, "Report the payment")
            self.wait_for(f"Payment of ${amount} reported")
        self.people.shot(self.dashboard, "dashboard")

    def paid(self) -> None:
        """A week on: cleared, the holdback over, paid out. Then the second payment comes back."""
        self.look()
        advance(self.creditor, "7 days on")
        self.wait_for("Payment of $800.94 cleared", tries=4)
        page = self.collector
        self._earnings_until("Paid", "$124.49")
        self.people.shot(page, "earnings")
        listed = page.locator("main li.row .row-end").all_inner_texts()
        assert [re.findall(r"\$[\d.]+", text)[0] for text in listed] == ["$78.96", "$35.00", "$10.53"]
        page.goto("/earnings/")
        page.locator("main li.row a").first.click()
        page.get_by_text("Why $78.96").wait_for()
        self.bounce()

    def _earnings_until(self, state: str, amount: str) -> None:
        page = self.collector
        deadline = time.monotonic() + 150
        while True:
            page.goto("/earnings/")
            self.look()
            text = page.locator("main").inner_text()
            if re.search(rf"{state}\b[^$]*{re.escape(amount)}", text):
                return
            assert time.monotonic() < deadline, text
            page.wait_for_timeout(500)

    def bounce(self) -> None:
        page = self.creditor
        page.goto(f"/c/cases/{self.case}/")
        page.get_by_role("link", name="Take back QB-PAY-2").click()
        page.check("[name=reason][value=bounced]")
        page.fill("[name=external_ref]", "QB-BACK-2")
        press(page, "Take it back")
        self.wait_for("Payment of $333.33 taken back")
        self._earnings_until("To be netted with your next earnings", "$35.00")

    # 12

    def administration(self) -> None:
        page = self.admin
        wanted = {
            "accounts/collector": "Rio M.", "accounts/vettingreview": "complete", "marketplace/case": self.case, "compliance/refusal": self.case,
            "compliance/contactattempt": self.case, "calling/call": self.case, "payments/journalentry": "",
            "payments/posting": "", "marketplace/supportticket": self.case, "marketplace/programme": "Store cards",
        }  # fmt: skip
        for name, words in wanted.items():
            answer = page.goto(f"/admin/{name}/")
            assert answer is not None
            assert answer.status == 200, name
            assert words in page.content(), name


@pytest.fixture(scope="module")
def stack(chromium: str, tmp_path_factory: Any) -> Any:
    del chromium  # without one there is nothing to start
    with running(tmp_path_factory.mktemp("story")) as found:
        yield found


def test_four_people_from_a_placed_debt_to_a_paid_collector(stack: Stack, browser: Browser) -> None:
    people = People(browser, stack.site, shots=os.environ.get("EVENHAND_SHOTS") == "1")
    story = Story(stack, people)
    told = ["Seconds of each part of the story:"]
    for part in (
        story.found, story.place, story.apply, story.claim, story.call, story.note, story.night,
        story.debtor_says_paid, story.payments, story.paid, story.administration,
    ):  # fmt: skip
        began = time.monotonic()
        part()
        told.append(f"{time.monotonic() - began:6.1f}  {part.__name__}")
    seen = story.dashboard.evaluate("window.seen")
    shown = delays(stack.events([story.case]), seen, lambda name, data: words_of(name, data)[2])
    told.append("Seconds from the act's row to the open dashboard:")
    told += [f"{seconds:6.2f}  {line}" for line, seconds in shown.items()]
    told.append(f"{len(shown)} events shown, the largest delay {max(shown.values()):.2f} s")
    sys.stdout.write("\n".join(told) + "\n")
    assert len(shown) >= 20
    assert max(shown.values()) <= AT_MOST_BEHIND
    assert people.wrong == []
