"""Application, vetting and terms in a real browser: accessible, inside the policy, and whole without scripts."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client

from accounts.models import Application
from core.models import MarketClock
from marketplace.models import Programme
from tests.accounts.kit import filled, make_staff, submitted
from tests.factories import make_member, make_org, make_programme, make_user

pytestmark = pytest.mark.e2e
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def people(real_db):
    MarketClock.objects.all().delete()
    org = make_org()
    make_programme(org, slug="cards")
    applicant = make_user()
    filled(user=applicant)
    return {
        "applicant": applicant, "fresh": make_user(), "owner": make_member(org), "staff": make_staff(),
        "application": submitted(),
    }  # fmt: skip


def sign_in(page, site, user):
    client = Client()
    client.force_login(user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site.url}])


def walk(people):
    review = f"/admin/accounts/application/{people['application'].pk}/review/"
    parts = ("contact", "identity", "address", "licences", "documents", "code")
    return [
        ("fresh", "/start/"), ("fresh", "/c/start/"), ("fresh", "/apply/"), ("applicant", "/apply/"),
        *(("applicant", f"/apply/{part}/") for part in parts), ("owner", "/c/start/programme/"),
        ("owner", "/c/programme/cards/rules/"), ("owner", "/c/team/"), ("staff", review),
    ]  # fmt: skip


@pytest.mark.parametrize(("scheme", "width"), [("light", 320), ("dark", 1440)])
def test_pages_are_accessible_and_never_scroll_sideways(people, real_site, page, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for who, url in walk(people):
        sign_in(page, real_site, people[who])
        assert page.goto(real_site.url + url).status == 200
        found = Axe().run(page, options={"runOnly": RULES}).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
    assert said == []


def test_an_application_is_decided_by_hand(people, real_site, page):
    sign_in(page, real_site, people["staff"])
    page.goto(real_site.url + "/admin/accounts/application/")
    page.get_by_role("link", name=people["application"].ref).click()
    page.get_by_role("button", name="Record my decision").click()
    page.get_by_role("link", name="Choose one of the three decisions.").wait_for()
    page.get_by_label("Approve", exact=True).check()
    page.get_by_label("Reason", exact=True).select_option("complete")
    page.get_by_label("In your words, the applicant reads this").fill("All papers fit.")
    page.get_by_role("button", name="Record my decision").click()
    page.get_by_text("The applicant can read your reason now.").wait_for()
    people["application"].refresh_from_db()
    assert people["application"].state == "APPROVED"


def test_the_fee_is_shown_without_a_reload_and_the_form_still_saves(people, real_site, page):
    sign_in(page, real_site, people["owner"])
    page.goto(real_site.url + "/c/programme/cards/rules/")
    page.evaluate("window.sameDocument = true")
    page.get_by_label("Row 2: percent in column 3").fill("22.5")
    page.get_by_role("button", name="Show the fee").click()
    page.get_by_text("$225.00").wait_for()
    assert page.evaluate("window.sameDocument")
    page.get_by_role("button", name="Save for new work").click()
    page.get_by_text("The new terms count for work taken from now on").wait_for()
    assert Programme.objects.get(slug="cards", org__memberships__user=people["owner"]).terms_version == 2


def test_without_scripts_the_same_pages_work(people, real_site, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, real_site, people["owner"])
    page.goto(real_site.url + "/c/programme/cards/rules/")
    page.get_by_label("Row 2: percent in column 3").fill("30")
    page.get_by_role("button", name="Show the fee").click()
    assert page.get_by_text("$300.00").is_visible()
    assert page.get_by_label("Row 2: percent in column 3").input_value() == "30"
    sign_in(page, real_site, people["applicant"])
    page.goto(real_site.url + "/apply/")
    page.get_by_role("button", name="Send the application").click()
    assert page.get_by_text("With our reviewers").is_visible()
    assert Application.objects.get(collector__user=people["applicant"]).state == "SUBMITTED"
    context.close()
