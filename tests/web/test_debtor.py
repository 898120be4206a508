"""The debtor's private pages: nothing before the second fact, each choice taken at once and confirmed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from compliance.gate import authorise
from compliance.models import Dispute, Hold, Refusal
from compliance.services.disputes import answer_dispute
from compliance.services.notices import send_notice
from core import clock
from core.models import Event, MarketClock
from marketplace.models import Case, Debt
from payments.models import PaidStatement
from tests import factories as make

pytestmark = pytest.mark.django_db
TOKEN = "a-private-token-of-a-test"


@pytest.fixture(autouse=True)
def _market(settings: Any, at: datetime) -> None:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(at)


@pytest.fixture
def case(at: datetime) -> Case:
    case = make.make_case(token=TOKEN)
    send_notice(case=case, at=at - timedelta(days=2))
    return Case.objects.get(pk=case.pk)


def open_page(client: Client, answer: str = "12207") -> Any:
    client.post(f"/p/{TOKEN}/")
    return client.post("/p/check/", {"question": "postal", "answer": answer})


def test_the_landing_says_nothing_and_an_unknown_link_looks_the_same(client: Client, case: Case) -> None:
    known, unknown = client.get(f"/p/{TOKEN}/"), client.get("/p/no-such-token/")
    strip = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')
    assert strip.sub("", known.content.decode()) == strip.sub("", unknown.content.decode())
    assert case.org.name not in known.content.decode()
    assert known.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in known.headers["Cache-Control"]


@pytest.mark.parametrize("answer", ["12207", "12 207", "45.00", "$45"])
def test_any_one_fact_opens_the_page(client: Client, case: Case, answer: str) -> None:
    assert open_page(client, answer).status_code == 302
    page = client.get("/p/home/")
    assert page.status_code == 200
    assert f"{case.org.name} says you owe" in page.content.decode()


def test_the_last_four_of_the_account_open_it(client: Client, case: Case) -> None:
    assert open_page(client, case.debt.account_ref[-4:]).status_code == 302


def test_five_wrong_answers_close_it_even_for_the_right_one(client: Client, case: Case) -> None:
    client.post(f"/p/{TOKEN}/")
    for _turn in range(5):
        assert client.post("/p/check/", {"question": "postal", "answer": "99999"}).status_code == 400
    late = client.post("/p/check/", {"question": "postal", "answer": "12207"})
    assert late.status_code == 429
    words = late.content.decode()
    assert words.count("too many wrong answers") == 1
    assert 'name="answer"' not in words
    assert client.get("/p/home/").status_code == 302


@pytest.mark.parametrize("name", ["home", "notice", "notice/pdf", "dispute", "stop", "pay", "paid"])
def test_without_the_second_fact_every_page_is_closed(client: Client, case: Case, name: str) -> None:
    client.post(f"/p/{TOKEN}/")
    for method in (client.get, client.post):
        answer = method(f"/p/{name}/")
        assert answer.status_code in (302, 405)
    assert not Hold.objects.exists()


def test_the_notice_is_shown_and_printed_and_its_reading_recorded_once(client: Client, case: Case) -> None:
    open_page(client)
    page = client.get("/p/notice/").content.decode()
    assert "$1,234.57" in page
    assert client.get("/p/notice/pdf/").content.startswith(b"%PDF-")
    assert Event.objects.filter(stream=case.stream, name="notice.viewed").count() == 1


def test_saying_it_is_wrong_stops_contact_and_is_confirmed(client: Client, case: Case, at: datetime) -> None:
    open_page(client)
    for _tap in range(2):
        answer = client.post("/p/dispute/", {"reason": "amount", "parts": ["fees"], "text": "Fees were waived."})
    row = Dispute.objects.get()
    assert (row.parts, row.case) == (["fees"], case)
    assert row.ref in client.get(answer.headers["Location"]).content.decode()
    refused = authorise(case=case, channel="call", actor="system", at=clock.now())
    assert isinstance(refused, Refusal)


def test_stop_contact_is_effective_at_once(client: Client, case: Case, at: datetime) -> None:
    open_page(client)
    answer = client.post("/p/stop/")
    assert client.get(answer.headers["Location"]).status_code == 200
    refused = authorise(case=case, channel="call", actor="system", at=clock.now())
    assert isinstance(refused, Refusal)
    assert refused.rule == "US.REGF.6c1"
    assert "Contact has stopped" in client.get("/p/home/").content.decode()
    holds = Hold.objects.count()
    assert client.get("/p/stop/").headers["Location"] == "/p/home/"
    assert client.post("/p/stop/").headers["Location"] == answer.headers["Location"]
    assert Hold.objects.count() == holds


def paid(client: Client, amount: str, year: str = "2026") -> Any:
    body = {"amount": amount, "paid_on_month": "11", "paid_on_day": "2", "paid_on_year": year, "instrument": "transfer"}
    return client.post("/p/paid/", body)


def test_i_have_paid_pauses_contact_and_asks_the_creditor(client: Client, case: Case, at: datetime) -> None:
    open_page(client)
    answer = paid(client, "100.30")
    assert answer.status_code == 302
    statement = PaidStatement.objects.get()
    assert statement.amount_minor == 10030
    assert statement.ref in client.get(answer.headers["Location"]).content.decode()
    assert isinstance(authorise(case=case, channel="call", actor="system", at=clock.now()), Refusal)


def test_payments_told_one_after_the_other_are_shown_together_and_never_above_what_is_due(
    client: Client, case: Case
) -> None:
    open_page(client)
    paid(client, "1000.00")
    words = client.get("/p/paid/").content.decode()
    assert "You have told us already" in words
    assert "$1,000.00 on 2 November 2026" in words
    assert "$1,000.00 on 2 November 2026" in client.get("/p/home/").content.decode()
    events = Event.objects.count()
    refused = paid(client, "300.00")
    assert refused.status_code == 409
    assert "You have told us of $1,000.00 already, and $1,234.57 is due in all." in refused.content.decode()
    assert (PaidStatement.objects.count(), Event.objects.count()) == (1, events)
    assert paid(client, "234.57").status_code == 302
    assert (PaidStatement.objects.count(), Dispute.objects.count()) == (2, 1)


@pytest.mark.parametrize(("amount", "year"), [("9999.00", "2026"), ("abc", "2026"), ("0", "2026"), ("10", "2027")])
def test_an_impossible_payment_is_refused_keeps_the_input_and_leaves_nothing(
    client: Client, case: Case, amount: str, year: str
) -> None:
    open_page(client)
    answer = paid(client, amount, year)
    assert answer.status_code in (200, 400, 409)
    assert f'value="{amount}"' in answer.content.decode()
    assert not PaidStatement.objects.exists()
    assert not Hold.objects.exists()


def test_another_persons_confirmation_is_not_found(client: Client, case: Case, at: datetime) -> None:
    from compliance.services.stops import stop_contact

    other = stop_contact(case=make.make_case(), form="portal", actor="debtor", at=at)
    open_page(client)
    assert client.get(f"/p/done/stop/{other.pk}/").status_code == 404


def test_no_phone_number_stands_on_any_page(client: Client, case: Case) -> None:
    open_page(client)
    for name in ("home", "notice", "dispute", "stop", "pay", "paid"):
        assert "555" not in re.sub(r"PO Box 555", "", client.get(f"/p/{name}/").content.decode())


@pytest.mark.parametrize("site", [None, "same-origin"])
def test_a_browser_that_sends_no_referrer_can_use_the_forms(case: Case, site: str | None) -> None:
    strict = Client(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', strict.get(f"/p/{TOKEN}/").content.decode())
    assert token
    sent = {"Origin": "null"} | ({"Sec-Fetch-Site": site} if site else {})
    answer = strict.post(f"/p/{TOKEN}/", {"csrfmiddlewaretoken": token[1]}, headers=sent)
    assert answer.status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"},
    ],
)  # fmt: skip
def test_a_form_of_another_site_is_refused(case: Case, headers: dict[str, str]) -> None:
    strict = Client(enforce_csrf_checks=True)
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', strict.get(f"/p/{TOKEN}/").content.decode())
    assert token
    assert strict.post(f"/p/{TOKEN}/", {"csrfmiddlewaretoken": token[1]}, headers=headers).status_code == 403


def test_a_form_without_its_token_is_refused(case: Case) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.get(f"/p/{TOKEN}/")
    assert strict.post(f"/p/{TOKEN}/", {}, headers={"Origin": "null"}).status_code == 403


def test_on_the_home_page_the_notice_is_new_until_it_is_read(client: Client, case: Case) -> None:
    open_page(client)
    assert ">New<" in client.get("/p/home/").content.decode()
    client.get("/p/notice/")
    assert ">New<" not in client.get("/p/home/").content.decode()


def test_the_amounts_are_brought_up_to_today_and_add_up(client: Client, case: Case) -> None:
    Debt.objects.filter(pk=case.debt_id).update(principal_due_minor=100000)
    open_page(client)
    words = client.get("/p/home/").content.decode()
    for figure in ("$1,100.00", "$85.57", "$49.00", "-$100.00", "$1,134.57"):
        assert figure in words
    assert "$1,234.57" in client.get("/p/notice/").content.decode()


def test_a_stolen_identity_opens_its_own_hold(client: Client, case: Case) -> None:
    open_page(client)
    for _tap in range(2):
        client.post("/p/dispute/", {"reason": "fraud"})
    assert sorted(Hold.objects.values_list("reason", flat=True)) == ["DISPUTE", "ID_THEFT"]


def test_who_says_paid_among_the_reasons_is_asked_what_he_paid(client: Client, case: Case) -> None:
    open_page(client)
    assert client.post("/p/dispute/", {"reason": "paid"}).headers["Location"] == "/p/paid/"
    assert not Hold.objects.exists()


def test_a_text_that_is_too_long_comes_back_whole_with_its_limit(client: Client, case: Case) -> None:
    open_page(client)
    text = "It was never mine. " * 110
    answer = client.post("/p/dispute/", {"reason": "other", "text": text}).content.decode()
    assert "Shorten it to 2,000 characters" in answer
    assert text.strip() in answer
    assert not Dispute.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"reason": "nonsense"}, {"reason": "amount", "parts": ["gold"]}])
def test_an_incomplete_dispute_is_refused_and_leaves_nothing(client: Client, case: Case, sent: dict[str, Any]) -> None:
    open_page(client)
    before = Event.objects.count()
    assert "There is a problem" in client.post("/p/dispute/", sent).content.decode()
    assert not Dispute.objects.exists()
    assert not Hold.objects.exists()
    assert Event.objects.count() == before


def test_the_creditors_answer_can_be_read(client: Client, case: Case, at: datetime) -> None:
    open_page(client)
    client.post("/p/dispute/", {"reason": "amount"})
    answer_dispute(
        dispute=Dispute.objects.get(), outcome="VALIDATED", text="See <the> statement.", actor="user:1", at=at
    )
    words = client.get("/p/home/").content.decode()
    assert f"{case.org.name} has answered" in words
    assert "See &lt;the&gt; statement." in words


def test_a_closed_case_says_how_it_ended_and_takes_no_act(client: Client, case: Case, at: datetime) -> None:
    open_page(client)
    client.post("/p/dispute/", {"reason": "not_mine"})
    row = Dispute.objects.get()
    answer_dispute(dispute=row, outcome="NOT_OWED", text="Our mistake.", actor="user:1", at=at)
    words = client.get("/p/home/").content.decode()
    assert "closed here as not owed" in words
    assert "you owe" not in words
    before = Event.objects.count()
    for name in ("dispute", "stop", "pay", "paid"):
        assert client.post(f"/p/{name}/", {"reason": "amount"}).status_code in (302, 405)
    assert Event.objects.count() == before
    assert client.get(f"/p/done/dispute/{row.ref}/").status_code == 200
    assert open_page(Client()).status_code == 302


def test_a_link_that_leads_nowhere_has_its_own_page(client: Client, case: Case) -> None:
    answer = client.post("/p/no-such-token/")
    assert answer.status_code == 404
    assert "This link has ended" in answer.content.decode()


def test_leaving_closes_the_page(client: Client, case: Case) -> None:
    open_page(client)
    left = client.post("/p/leave/").headers["Location"]
    assert left == "/p/ended/?left"
    assert "You closed it." in client.get(left).content.decode()
    assert client.get("/p/home/").headers["Location"] == "/p/ended/"
    assert client.get("/p/check/").headers["Location"] == "/p/ended/"


def test_the_page_closes_by_itself(client: Client, case: Case) -> None:
    open_page(client)
    session = client.session
    session["debtor_case"] = {"case": case.pk, "until": "2020-01-01T00:00:00+00:00"}
    session.save()
    assert client.get("/p/home/").headers["Location"] == "/p/ended/"


@pytest.mark.parametrize("path", ["home/", "notice/pdf/", "done/dispute/D-NONE/", "ended/", "done/stop/H-x/"])
def test_nothing_is_kept_and_nothing_told_on(client: Client, case: Case, path: str) -> None:
    open_page(client)
    answer = client.get(f"/p/{path}")
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_a_case_without_a_notice_shows_its_parts(client: Client) -> None:
    make.make_case(token=TOKEN)
    open_page(client)
    words = client.get("/p/home/").content.decode()
    assert "Read the notice" not in words
    assert "$1,234.57" in words
    assert client.get("/p/notice/").status_code == 404


def test_without_ways_to_pay_the_creditors_address_stands_there(client: Client, case: Case) -> None:
    type(case.programme).objects.update(ways_to_pay="")
    open_page(client)
    assert case.org.postal_address in client.get("/p/pay/").content.decode()
