"""The call pages: pressing call, the page while it runs, the refusal in words, the wrap-up in two taps."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from calling import dialler
from calling.models import Call
from compliance.models import ContactAttempt, Hold, SlotRelease
from compliance.services.holds import open_hold
from core.crypto import unseal
from marketplace.models import Note, Promise
from tests.calling.kit import dialled, finish, leg_of, now, press, provider_at, ready, said, status
from tests.factories import make_collector
from tests.simulator import run_simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def still():
    with run_simulator("--manual-clock") as simulator:
        yield simulator


@pytest.fixture
def claim(still):
    with provider_at(still.url, "http://testserver"):
        yield ready()


@pytest.fixture
def client(claim):
    client = Client()
    client.force_login(claim.collector.user)
    return client


def start(client, claim, key="tap"):
    return client.post(f"/case/{claim.case.ref}/call/", {"key": key})


def placed(claim, key="tap"):
    return dialler.place_call(claim=claim, collector=claim.collector, idem_key=f"{claim.collector.ref}:{key}", at=now())


def join(call):
    debtor = dialled(call)
    said(debtor, "whisper", CallStatus="in-progress")
    press(debtor, "choice", "1")
    return debtor


def url(call, tail=""):
    return f"/case/{call.case.ref}/call/{call.ref}/{tail}"


def wrap_url(call):
    return f"/case/{call.case.ref}/wrap/{call.ref}/"


def test_pressing_call_rings_and_leads_to_the_call_page(client, claim):
    answer = start(client, claim)
    call = Call.objects.get()
    assert (answer.status_code, answer.url) == (302, url(call))
    page = client.get(answer.url)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Ringing you" in text
    assert 'data-poll="' + url(call, "state/") in text
    assert '<noscript><meta http-equiv="refresh"' in text
    assert "This call is from a debt collector" in text or "to collect a debt" in text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("keys", [("a", "a"), ("a", "b"), ("", "")])
def test_double_tap_is_one_call(client, claim, keys):
    first, second = (start(client, claim, key) for key in keys)
    assert first.url == second.url
    assert (Call.objects.count(), ContactAttempt.objects.count()) == (1, 1)


def test_the_state_fragment_follows_the_call(client, claim):
    start(client, claim)
    call = Call.objects.get()
    state = client.get(url(call, "state/"))
    version = re.search(r'data-v="([^"]+)"', state.content.decode())[1]
    assert client.get(url(call, "state/"), {"v": version}).status_code == 204
    said(leg_of(call, "collector"), "greet", CallStatus="in-progress")
    assert b"Press 1 on your phone" in client.get(url(call, "state/"), {"v": version}).content
    press(leg_of(call, "collector"), "accept", "1")
    assert b"Connecting" in client.get(url(call, "state/")).content
    said(leg_of(call, "debtor"), "whisper", CallStatus="in-progress")
    assert b"Notice playing" in client.get(url(call, "state/")).content
    press(leg_of(call, "debtor"), "choice", "1")
    assert b"data-elapsed" in client.get(url(call, "state/")).content
    status(leg_of(call, "debtor"), "completed", 3, CallDuration="40")
    finish(call)
    ended = client.get(url(call, "state/"))
    assert (ended.status_code, ended.headers["X-Location"]) == (204, wrap_url(call))


def test_a_denied_call_says_the_rule_its_source_and_the_next_hour(client, claim):
    from core import clock

    clock.advance(timedelta(hours=12))
    page = start(client, claim)
    text = page.content.decode()
    assert page.status_code == 409
    assert "Next allowed:" in text
    assert "in New York" in text
    assert re.search(r"CFR|House policy", text)
    assert not Call.objects.exists()


def test_a_call_refused_after_the_press_shows_the_reason(client, claim):
    start(client, claim)
    call = Call.objects.get()
    said(leg_of(call, "collector"), "greet", CallStatus="in-progress")
    open_hold(reason="DISPUTE", case=claim.case, actor="debtor", at=now())
    press(leg_of(call, "collector"), "accept", "1")
    finish(call)
    assert client.get(url(call, "state/")).headers["X-Location"] == url(call)
    text = client.get(url(call)).content.decode()
    assert "Contact is paused: Dispute." in text
    assert wrap_url(call) not in text


def test_no_next_dial_without_a_result(client, claim):
    start(client, claim)
    call = Call.objects.get()
    status(dialled(call), "no-answer", 3)
    finish(call)
    other = ready(collector=claim.collector)
    page = client.post(f"/case/{other.case.ref}/call/", {"key": "next"})
    assert page.status_code == 409
    assert wrap_url(call) in page.content.decode()
    assert Call.objects.count() == 1


def test_wrap_up_in_two_taps(client, claim):
    start(client, claim)
    call = Call.objects.get()
    status(dialled(call), "no-answer", 3)
    finish(call)
    page = client.get(wrap_url(call)).content.decode()
    assert page.count('class="tile"') == 6
    assert "Promise to pay" not in page
    assert "you cannot take them back" not in page  # nothing that protects is offered when nobody answered
    saved = client.post(wrap_url(call), {"result": "NO_ANSWER", "text": ""})
    assert (saved.status_code, saved.url) == (302, f"/case/{call.case.ref}/")
    assert Note.objects.get().result == "NO_ANSWER"
    again = client.post(wrap_url(call), {"result": "NO_ANSWER", "text": ""})
    assert again.status_code == 302
    assert Note.objects.count() == 1


def test_a_promise_takes_a_second_step_and_keeps_the_note(client, claim):
    call = placed(claim)
    join(call)
    page = client.get(wrap_url(call)).content.decode()
    assert page.count('class="tile"') == 15
    step = client.post(wrap_url(call), {"result": "PROMISE", "text": "Pays after payday"})
    text = step.content.decode()
    assert step.status_code == 200
    assert "Amount they promised" in text
    assert "Pays after payday" in text
    assert not Note.objects.exists()
    filled = {"result": "PROMISE", "text": "Pays after payday", "amount": "120.00", "due": "7"}
    assert client.post(wrap_url(call), filled).status_code == 302
    promise = Promise.objects.get()
    assert (promise.amount_minor, promise.due_date.isoformat()) == (12000, "2026-11-10")


@pytest.mark.parametrize(
    "sent",
    [
        {"result": ""},
        {"result": "BUSY"},
        {"result": "TALKED", "text": "ring 212 555 0101 instead"},
        {"result": "PROMISE", "amount": "", "due": "3"},
        {"result": "PROMISE", "amount": "99999.00", "due": "3"},
        {"result": "PROMISE", "amount": "10.00", "due": "other"},
        {"result": "PROMISE", "amount": "10.00", "due": "other", "other_day_0": "1", "other_day_1": "1",
         "other_day_2": "2026"},
    ],
)  # fmt: skip
def test_refused_input_loses_no_text_and_leaves_no_trace(client, claim, sent):
    call = placed(claim)
    join(call)
    sent = {"text": "She asked for a letter"} | sent
    page = client.post(wrap_url(call), sent)
    assert page.status_code == 400
    text = page.content.decode()
    assert sent["text"] in text
    assert "There is a problem" in text
    assert not Note.objects.exists()
    assert not Promise.objects.exists()
    call.refresh_from_db()
    assert call.result_at is None


def test_stop_said_during_the_call_takes_effect_and_ends_it(client, claim, still):
    call = placed(claim)
    join(call)
    assert 'value="STOP"' in client.get(f"{wrap_url(call)}?result=STOP").content.decode()
    assert client.post(wrap_url(call), {"result": "STOP", "text": ""}).status_code == 302
    assert Hold.objects.get().reason == "CEASE"
    assert ("collector", "End") in [
        (entry["side"], entry["verb"]) for entry in still.log(leg_of(call, "collector").sid)
    ]


def test_the_result_waits_until_the_lines_are_joined(client, claim):
    call = placed(claim)
    assert client.get(wrap_url(call)).url == url(call)
    assert client.post(wrap_url(call), {"result": "NO_ANSWER"}).status_code == 400
    assert not Note.objects.exists()


def test_hanging_up(client, claim, still):
    call = placed(claim)
    assert client.post(url(call, "end/")).url == url(call)
    assert ("collector", "End") in [
        (entry["side"], entry["verb"]) for entry in still.log(leg_of(call, "collector").sid)
    ]
    assert client.get(url(call, "end/")).url == url(call)


def test_a_call_ended_before_anybody_answered_has_a_result_of_its_own(client, claim):
    call = placed(claim)
    debtor = dialled(call)
    client.post(url(call, "end/"))
    status(debtor, "no-answer", 3)
    finish(call)
    # the news of the end may come before the answer to the press: the page then goes on by itself
    assert client.get(url(call)).url == wrap_url(call)
    assert "I ended it before anybody answered" in client.get(wrap_url(call)).content.decode()
    saved = client.post(wrap_url(call), {"result": "ENDED_EARLY", "text": ""}, follow=True)
    words = saved.content.decode()
    assert "Saved." in words
    assert "You may call again" not in words  # some time has to pass between two calls
    assert Note.objects.get().result == "ENDED_EARLY"
    assert not SlotRelease.objects.exists()  # their phone rang: it counts


def test_saved_says_that_a_call_is_possible_only_where_it_is(client, claim):
    start(client, claim)
    call = Call.objects.get()
    join(call)
    saved = client.post(wrap_url(call), {"result": "STOP", "text": ""}, follow=True).content.decode()
    assert "Saved." in saved
    assert "You may call again" not in saved


def test_another_collector_finds_nothing(claim):
    call = placed(claim)
    stranger = Client()
    stranger.force_login(make_collector().user)
    for method, path in (
        ("get", url(call)), ("get", url(call, "state/")), ("post", url(call, "end/")), ("get", wrap_url(call)),
        ("post", wrap_url(call)), ("post", f"/case/{call.case.ref}/call/"),
    ):  # fmt: skip
        assert getattr(stranger, method)(path).status_code == 404
        assert getattr(Client(), method)(path).status_code == 302
    assert Call.objects.count() == 1


def test_no_page_holds_a_number(client, claim):
    call = placed(claim)
    pages = [client.get(url(call)).content.decode()]
    join(call)
    pages += [client.get(path).content.decode() for path in (url(call), url(call, "state/"), wrap_url(call))]
    finish(call)
    pages += [client.get(url(call)).content.decode()]
    numbers = [unseal(claim.collector.phone_sealed), unseal(claim.case.debtor.contact_points.get().sealed)]
    for page in pages:
        digits = re.sub(r"[\s().+-]", "", page)
        assert not any(number[-7:] in digits for number in [*numbers, call.mask.e164])
