"""A whole call in a browser against the simulator: the page follows by itself and opens the wrap-up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore

from calling.models import Call
from marketplace.models import Promise
from tests.calling.kit import provider_at, ready
from tests.simulator import run_simulator, wait_for

SHOTS = os.environ.get("SHOTS", "")


def sign_in(page, user, site):
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": site}])


def shot(page, name):
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


@pytest.fixture(scope="module")
def exchange(real_site):
    with run_simulator("--talk", "20", tick=0.1) as simulator, provider_at(simulator.url, real_site.url):
        yield simulator


def test_a_call_from_ringing_to_a_promise(real_db, real_site, exchange, page):
    problems = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    claim = ready()
    phones = {
        side: exchange.phone(number, side, by_hand=True)
        for side, number in zip(("collector", "debtor"), _numbers(claim), strict=True)
    }
    sign_in(page, claim.collector.user, real_site.url)
    page.goto(real_site.url + "/accounts/email/")
    page.evaluate(
        """([path, token]) => {
            const form = document.createElement('form');
            form.method = 'post'; form.action = path;
            form.innerHTML = `<input name="csrfmiddlewaretoken" value="${token}"><input name="key" value="tap">`;
            document.body.append(form); form.submit();
        }""",
        [f"/case/{claim.case.ref}/call/", page.locator("input[name=csrfmiddlewaretoken]").first.get_attribute("value")],
    )
    page.wait_for_selector("#state:has-text('Ringing you')")
    shot(page, "call-ringing")
    for side, words in (("collector", "Connecting"), ("debtor", "Connected")):
        exchange.await_status(phones[side], "ringing")
        exchange.post(f"/phones/{phones[side]}/answer")
        wait_for(lambda side=side: exchange.screen(phones[side])["heard"])
        exchange.post(f"/phones/{phones[side]}/press", key="1")
        page.wait_for_selector(f"#state:has-text('{words}'), #state:has-text('Notice playing')")
    page.wait_for_selector("[role=timer]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, "call-live")
    exchange.post(f"/phones/{phones['debtor']}/hangup")
    page.wait_for_url("**/wrap/**")
    shot(page, "wrap")
    page.locator("label.tile", has_text="Promise to pay").click()
    page.get_by_role("button", name="Save and go on").click()
    page.locator("input[name=amount]").fill("120.00")
    shot(page, "wrap-promise")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url(f"**/case/{claim.case.ref}/")
    assert Promise.objects.get(case=claim.case).amount_minor == 12000
    assert Call.objects.get(case=claim.case).ended_as == "bridged"
    assert [text for text in problems if "404" not in text] == []


def _numbers(claim):
    from core.crypto import unseal

    return unseal(claim.collector.phone_sealed), unseal(claim.case.debtor.contact_points.get().sealed)
