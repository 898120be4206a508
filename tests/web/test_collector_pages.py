"""The collector's pages: bands before the claim, the case after it, and refusals that lose nothing."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Collector
from calling.models import Call, Leg, MaskNumber
from compliance.gate import authorise
from compliance.models import Permit, Refusal
from compliance.services.holds import open_hold
from core import clock
from core.models import Event, MarketClock
from marketplace import states
from marketplace.models import Claim, Note, Promise, SupportTicket, Task
from tests import factories as make
from tests.payments.kit import pay, top_up, touch

pytestmark = pytest.mark.django_db


def make_call(claim: Claim, collector: Collector, at: datetime, **extra: Any) -> Call:
    """A call behind a mask that carries the canary number 555-0199, with both legs."""
    permit = authorise(case=claim.case, channel="call", actor=collector.actor, at=at)
    assert isinstance(permit, Permit)
    mask = MaskNumber.objects.create(e164="+12125550199", country="US", area="212", provider="simulator")
    call = Call.objects.create(
        ref=f"L-{make.number():06d}", case=claim.case, claim=claim, collector=collector, permit=permit, mask=mask,
        idem_key=f"k{make.number()}", requested_at=at, bridged_at=at, **extra,
    )  # fmt: skip
    for role in Leg.Role.values:
        Leg.objects.create(call=call, role=role, token=f"t{make.number()}")
    return call


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
    assert "1 task matches" in read(page, "/find/?state=NY&bucket=30-59&sort=rate")
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
    assert "1 task matches" in read(client, "/find/")
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


def queries(page: Client, path: str) -> int:
    read(page, path)
    with CaptureQueriesContext(connection) as caught:
        read(page, path)
    return len(caught)


def test_lists_cost_the_same_for_one_row_and_three(page: Client, collector: Collector, at: datetime) -> None:
    paths = ("/today/", "/find/", "/promises/", "/earnings/", "/support/")
    counts = []
    for size in (1, 2):
        for _turn in range(size):
            make.make_task()
            claim = make.make_claim(collector=collector)
            collector.refresh_from_db()
            make.make_notice(claim.case)
            top_up(claim.case.org, 100_000)
            touch(claim.case, collector, at)
            pay(claim.case, 10030, at + timedelta(hours=1), ref=f"P{make.number()}")
            body = {"amount": "100", "due": "3"}
            assert page.post(f"/case/{claim.case.ref}/promise/", body).status_code == 302
            body = {"topic": "rule", "text": "Why?", "case": claim.case.ref, "key": str(make.number())}
            assert page.post("/support/", body).status_code == 302
        counts.append([queries(page, path) for path in paths])
    assert counts[0] == counts[1]


def test_a_call_without_a_result_stands_on_top_of_today(page: Client, collector: Collector, at: datetime) -> None:
    claim = make.make_claim(collector=collector)
    call = make_call(claim, collector, at, ended_at=at + timedelta(minutes=3))
    html = read(page, "/today/")
    assert html.index(f"/case/{claim.case.ref}/wrap/{call.ref}/") < html.index("To call now")


def test_somebody_not_vetted_is_led_to_the_application(client: Client) -> None:
    client.force_login(make.make_collector(vetted=False).user)
    for path in ("/today/", "/find/"):
        assert 'href="/apply/"' in read(client, path)
    assert client.get(f"/find/{make.make_task().ref}/").status_code == 403


def test_an_empty_search_offers_to_take_each_filter_away(page: Client) -> None:
    html = read(page, "/find/?state=TX&bucket=90-119&sort=rate")
    assert 'href="/find/?bucket=90-119&amp;sort=rate">Texas</a>' in html
    assert 'href="/find/?state=TX&amp;sort=rate">90–119 days</a>' in html


def test_pages_of_the_board_go_on_without_repeating(page: Client) -> None:
    refs = {make.make_task().ref for _n in range(27)}
    first = read(page, "/find/")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward is not None
    second = read(page, onward[1].replace("&amp;", "&"))
    seen = [re.findall(r'href="/find/(T-[^/]+)/"', html) for html in (first, second)]
    assert len(seen[0]) == 25
    assert set(seen[0]) | set(seen[1]) == refs
    assert len(seen[0]) + len(seen[1]) == len(refs)


def test_without_a_licence_there_is_no_claim_button_and_the_claim_is_refused(client: Client) -> None:
    client.force_login(make.make_collector(regions=("US-TX",)).user)
    task = make.make_task()
    html = read(client, f"/find/{task.ref}/")
    assert "Needs a licence there" in html
    assert "Claim this case" not in html
    refused = client.post(f"/case/{task.ref}/claim/")
    assert refused.status_code == 403
    assert "You have no current licence for US-NY" in refused.content.decode()
    assert not Claim.objects.exists()


def test_a_fourth_case_is_refused_and_leads_to_those_in_hand(page: Client, collector: Collector) -> None:
    for _n in range(3):
        make.make_claim(collector=collector)
        collector.refresh_from_db()
    refused = page.post(f"/case/{make.make_task().ref}/claim/")
    assert refused.status_code == 409
    words = refused.content.decode()
    assert "You hold 3 of 3 cases" in words
    assert all(f'href="/case/{held.case.ref}/"' in words for held in Claim.objects.all())
    assert Claim.objects.count() == 3


def test_the_second_tap_on_claim_finds_the_case(page: Client) -> None:
    task = make.make_task()
    for _tap in range(2):
        assert page.post(f"/case/{task.ref}/claim/").headers["Location"] == f"/case/{task.case.ref}/"
    assert page.get(f"/find/{task.ref}/").headers["Location"] == f"/case/{task.case.ref}/"
    assert Claim.objects.count() == 1


def test_a_case_out_of_hours_says_why_its_law_and_when(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    clock.advance(timedelta(hours=12))
    html = read(page, f"/case/{claim.case.ref}/")
    assert "outside 08:00–21:00" in html
    assert "12 CFR 1006.6(b)(1)(i)" in html
    assert "Opens" in html
    assert "Call via Evenhand" not in html
    assert "Allowed from 08:00 to 21:00, now 22:05" in html


def test_the_reason_in_the_queue_is_the_one_that_lasts(page: Client, collector: Collector, at: datetime) -> None:
    claim = make.make_claim(collector=collector)
    make.make_notice(claim.case)
    touch(claim.case, collector, at)
    clock.advance(timedelta(hours=1))
    assert re.search(r"Opens 10 November, 08:00.*less than 7 days ago", read(page, "/today/"), re.DOTALL)
    html = read(page, f"/case/{claim.case.ref}/")
    assert "less than 120 minutes ago" in html
    assert re.search(r"Why not now.*less than 7 days ago.*says they owe", html, re.DOTALL)


def test_another_collectors_case_is_not_found_and_nothing_happens(page: Client) -> None:
    other = make.make_claim()
    before = Event.objects.count()
    forms = {
        "": {},
        "note/": {"pair": "CHECK/FOUND", "text": "Moved.", "key": "k"},
        "promise/": {"amount": "100", "due": "3"},
        "release/": {"reason": "no_time"},
        "call/": {"key": "k"},
    }
    for name, body in forms.items():
        if name != "call/":
            assert page.get(f"/case/{other.case.ref}/{name}").status_code == 404
        assert page.post(f"/case/{other.case.ref}/{name}", body).status_code in (404, 405)
    help_body = {"topic": "rule", "text": "", "case": other.case.ref, "key": "k"}
    assert page.post("/support/", help_body).status_code == 404
    ticket = SupportTicket.objects.create(
        ref="S-1", opened_by=other.collector.user, topic="other", opened_at=clock.now()
    )
    assert page.get(f"/support/{ticket.ref}/").status_code == 404
    assert page.post(f"/support/{ticket.ref}/reply/", {"text": "Mine?"}).status_code == 404
    assert Event.objects.count() == before
    assert not Note.objects.exists()
    assert not Promise.objects.exists()


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
    refused = page.post(path, {"amount": "5000", "due": "7"})
    assert refused.status_code == 409
    assert 'value="5000"' in refused.content.decode()
    assert page.post(path, {"amount": "50", "due": "other"}).status_code == 400
    assert not Promise.objects.exists()
    for _tap in range(2):
        assert page.post(path, {"amount": "100.00", "due": "7"}).status_code == 302
    assert Promise.objects.get().due_date == date(2026, 11, 10)
    assert "Promised" in read(page, f"/case/{claim.case.ref}/")
    assert "$100.00" in read(page, "/promises/")


def test_a_promise_waits_for_the_result_of_the_call_it_was_made_in(
    page: Client, collector: Collector, at: datetime
) -> None:
    claim = make.make_claim(collector=collector)
    call = make_call(claim, collector, at, ended_at=at + timedelta(minutes=3))
    asked = page.get(f"/case/{claim.case.ref}/promise/")
    assert asked.headers["Location"] == f"/case/{claim.case.ref}/wrap/{call.ref}/?result=PROMISE"
    assert "Amount they promised" in read(page, asked.headers["Location"])
    late = {"amount": "77.10", "due": "7"}  # a page that stood open before the call
    refused = page.post(f"/case/{claim.case.ref}/promise/", late)
    assert refused.status_code == 409
    assert 'value="77.10"' in refused.content.decode()
    assert not Promise.objects.exists()


def test_release_puts_the_case_back_on_the_board(page: Client, collector: Collector) -> None:
    claim = make.make_claim(collector=collector)
    assert page.post(f"/case/{claim.case.ref}/release/", {"reason": "no_time"}).status_code == 302
    assert Task.objects.get(pk=claim.task_id).state == states.OPEN
    assert page.get(f"/case/{claim.case.ref}/").status_code == 404


def test_help_in_one_tap_attaches_case_and_last_decision(page: Client, collector: Collector, at: datetime) -> None:
    claim = make.make_claim(collector=collector)
    call = make_call(claim, collector, at, ended_at=at + timedelta(minutes=3), result_at=at + timedelta(minutes=4))
    clock.advance(timedelta(hours=12))
    refusal = authorise(case=claim.case, channel="call", actor=collector.actor, at=clock.now())
    assert isinstance(refusal, Refusal)
    body = {"topic": "rule", "case": claim.case.ref, "key": "k"}
    for _tap in range(2):
        answer = page.post("/support/", body)
    ticket = SupportTicket.objects.get()
    assert ticket.case == claim.case
    assert ticket.context["decision"] == refusal.ref
    assert ticket.context["call"] == call.ref
    thread = answer.headers["Location"]
    assert "I do not understand a refusal" in read(page, thread)
    for _tap in range(2):
        assert page.post(f"{thread}reply/", {"text": "It was noon."}).status_code == 302
    assert ticket.messages.count() == 2
    assert page.post(f"{thread}reply/", {"text": " "}).status_code == 400
    assert ticket.messages.count() == 2


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


def test_no_phone_number_stands_on_any_page(page: Client, collector: Collector, at: datetime) -> None:
    claim = make.make_claim(collector=collector)
    task = make.make_task()
    call = make_call(claim, collector, at, ended_at=at + timedelta(minutes=3))
    ticket = page.post("/support/", {"topic": "rule", "case": claim.case.ref, "key": "k"}).headers["Location"]
    case = f"/case/{claim.case.ref}/"
    own = ("/today/", "/find/", f"/find/{task.ref}/", "/promises/", "/earnings/", "/support/", ticket, "/settings/")
    on_case = ("", "note/", "release/", f"wrap/{call.ref}/", f"wrap/{call.ref}/?result=PROMISE")
    for path in (*own, *(case + name for name in on_case)):
        html = read(page, path)
        assert not re.search(r"555\D{0,3}01\d\d", html), path
        assert "Mock Street" not in html, path


PATHS = ("/today/", "/find/", "/find/T-1/", "/case/K-1/", "/case/K-1/note/", "/case/K-1/promise/", "/case/K-1/release/",
         "/promises/", "/earnings/", "/earnings/A-1/", "/support/", "/support/S-1/", "/settings/")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_strangers_are_sent_to_sign_in_and_creditors_away(client: Client, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/accounts/login/")
    client.force_login(make.make_member(make.make_org()))
    assert client.get(path).status_code == 403


def test_acts_of_strangers_change_nothing(client: Client) -> None:
    claim = make.make_claim()
    before = Event.objects.count()
    paths = ("claim/", "note/", "promise/", "release/", "call/")
    for path in paths:
        assert client.post(f"/case/{claim.case.ref}/{path}", {"key": "k"}).status_code == 302
    client.force_login(make.make_member(claim.case.org))
    for path in paths:
        assert client.post(f"/case/{claim.case.ref}/{path}", {"key": "k"}).status_code == 403
    assert Event.objects.count() == before
