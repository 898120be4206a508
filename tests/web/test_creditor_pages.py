"""The creditor's pages: what they show, that they refuse without losing input, and that nobody else gets in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse

from compliance.models import Dispute, Hold
from compliance.services.disputes import open_dispute
from core import clock
from core.models import Event
from insight.models import ProgressRow
from marketplace.models import Case, Recall, SupportTicket
from payments.models import JournalEntry, PaidStatement, Payment, Reversal, TopUp
from payments.services.payments import report_payment
from payments.services.statements import state_paid
from tests.factories import (
    START,
    make_case,
    make_claim,
    make_collector,
    make_member,
    make_notice,
    make_org,
    make_programme,
    make_user,
)
from tests.payments.kit import deliver, touch

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=5)
ALIAS, COLLECTOR_PHONE, DEBTOR_PHONE = "Canary Alias", "+16465550177", "+12125550188"


@pytest.fixture(autouse=True)
def hour(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def world():
    """A worked case with a notice, a touch, a payment, a dispute and a statement on a second case."""
    programme = make_programme(make_org("harbour"), slug="cards", name="Autumn cards")
    collector = make_collector(alias=ALIAS, e164=COLLECTOR_PHONE)
    claim = make_claim(case=make_case(programme, state="WORKING"), collector=collector)
    make_notice(claim.case)
    touch(claim.case, collector, START + timedelta(hours=1))
    payment = pay(claim.case, 10030)
    dispute = open_dispute(case=claim.case, parts=[], text="Not mine.", channel="portal", actor="debtor", at=NOW)
    other = make_case(programme, state="NOTICED")
    make_notice(other)
    statement = state_paid(
        case=other, amount_minor=5000, paid_on=date(2026, 11, 2), instrument="transfer", text="By bank.", at=NOW
    )
    return {
        "org": programme.org, "programme": programme, "case": claim.case, "payment": payment, "dispute": dispute,
        "other": other, "statement": statement, "collector": collector,
    }  # fmt: skip


def pay(case, minor, ref="BANK-1"):
    return report_payment(
        case=case, amount_minor=minor, currency="USD", initiated_at=START + timedelta(hours=2), instrument="transfer",
        external_ref=ref, actor="user:1", at=NOW,
    )  # fmt: skip


def urls(world):
    """Every page of this part with its right, and a valid form for those that act."""
    case, other = world["case"], world["other"]
    day = {"paid_on_month": "11", "paid_on_day": "2", "paid_on_year": "2026"}
    return {
        "programmes": ([], "view", None),
        "programme": (["cards"], "view", None),
        "live": (["cards"], "view", None),
        "cases": ([], "view", None),
        "case": ([case.ref], "view", None),
        "answers": ([], "view", None),
        "billing": ([], "view", None),
        "help": ([], "view", None),
        "payment_report": ([case.ref], "money", {"amount": "12.50", "instrument": "card", "external_ref": "P-2", **day}),
        "payment_reverse": ([world["payment"].ref], "money", {"reason": "bounced", "external_ref": "R-1"}),
        "dispute_answer": ([world["dispute"].ref], "dispute", {"outcome": "VALIDATED", "text": "It is on file."}),
        "statement_confirm": ([world["statement"].ref], "money", {"amount": "50.00", "external_ref": "P-3"}),
        "statement_reject": ([world["statement"].ref], "money", {"text": "Not in our bank."}),
        "recall": ([other.ref], "publish", {"kind": "normal", "reason": "Sold."}),
        "topup": ([], "money", {"amount": "100"}),
    }  # fmt: skip


def trace():
    models = (Payment, Reversal, JournalEntry, Event, TopUp, Recall, SupportTicket)
    answered = Dispute.objects.filter(answered_at__isnull=False).count()
    said = PaidStatement.objects.filter(answered_at__isnull=False).count()
    return [model.objects.count() for model in models], answered, said


def texts(answer):
    return answer.content.decode()


# What they show


def test_every_page_opens_and_names_no_collector_and_no_number(client, world):
    client.force_login(make_member(world["org"]))
    for name, (args, _right, _form) in urls(world).items():
        if name == "topup":
            continue
        answer = client.get(reverse(f"creditor:{name}", args=args))
        assert answer.status_code == 200, name
        assert answer.headers["Cache-Control"] == "no-store"
        text = texts(answer)
        for word in (ALIAS, world["collector"].ref, "555-01", "5550177", "5550188", "555017", "{%", "{{"):
            assert word not in text, (name, word)


def test_first_use_leads_through_three_steps(client):
    client.force_login(make_user())
    assert reverse("creditor:start") in texts(client.get("/c/"))
    org = make_org()
    client.force_login(make_member(org))
    assert reverse("creditor:programme_new") in texts(client.get("/c/"))
    make_programme(org)
    text = texts(client.get("/c/"))
    assert "Place cases" in text
    assert "No cases yet" in text


def test_dashboard_counts_and_says_what_waits(client, world):
    client.force_login(make_member(world["org"]))
    text = texts(client.get(reverse("creditor:programme", args=["cards"])))
    for words in ("From placed to paid", "1 dispute to answer", "1 payment to confirm", "Top up the float", "$2,469",
                  "Payment of $100.30 reported", "Updated "):  # fmt: skip
        assert words in text, words


def test_case_page_tells_parts_state_clocks_and_answers(client, world):
    client.force_login(make_member(world["org"]))
    text = texts(client.get(reverse("creditor:case", args=[world["case"].ref])))
    for words in ("$999.70", "$85.57", "$49.00", "$1,134.27", "Paused: dispute", "May dispute until", "Not mine.",
                  "Send the answer", "Report a payment", "Take back"):  # fmt: skip
        assert words in text, words


def test_a_viewer_is_offered_nothing_he_may_not_do(client, world):
    client.force_login(make_member(world["org"], role="viewer"))
    text = texts(client.get(reverse("creditor:case", args=[world["case"].ref])))
    for words in ("Send the answer", "Report a payment", "Take back", "Take the case back"):
        assert words not in text, words


def test_cases_are_found_by_filters_and_paged(client, world):
    client.force_login(make_member(world["org"]))
    for _ in range(51):
        make_case(world["programme"])
    first = client.get("/c/cases/?state=READY")
    assert texts(first).count('scope="row"') == 50
    assert "page=" in texts(first)
    assert world["case"].ref not in texts(first)
    found = texts(client.get(f"/c/cases/?q={world['case'].debt.account_ref}"))
    assert world["case"].ref in found
    assert world["other"].ref not in found
    assert "No case matches" in texts(client.get("/c/cases/?q=nobody"))
    assert client.get("/c/cases/?page=damaged&state=WRONG&bucket=x&q=%00").status_code == 200


# The poll


def test_an_unchanged_poll_is_204_from_one_read(client, world, django_assert_num_queries):
    client.force_login(make_member(world["org"]))
    client.get(reverse("creditor:programme", args=["cards"]))
    version = ProgressRow.objects.get().version
    url = reverse("creditor:live", args=["cards"])
    # Session, user and membership, and then the one read.
    with django_assert_num_queries(4):
        answer = client.get(f"{url}?v={version}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert client.get(f"{url}?v={version - 1}").status_code == 200
    assert client.get(f"{url}?v=x").status_code == 200


def test_a_changed_poll_is_the_element_itself_with_its_next_version(client, world):
    from insight.services import progress

    client.force_login(make_member(world["org"]))
    client.get(reverse("creditor:programme", args=["cards"]))
    version = ProgressRow.objects.get().version
    make_case(world["programme"])
    progress.refresh(programme_id=world["programme"].pk, at=NOW)
    answer = client.get(reverse("creditor:live", args=["cards"]) + f"?v={version}")
    text = texts(answer).strip()
    assert text.startswith("<div")
    assert f'data-v="{version + 1}"' in text
    assert "data-updated=" in text
    assert "<html" not in text


# What they do


def test_each_form_does_its_act_once(client, world):
    client.force_login(make_member(world["org"]))
    pages = urls(world)
    for name in ("payment_report", "payment_reverse", "dispute_answer", "statement_confirm", "topup"):
        args, _right, form = pages[name]
        answer = client.post(reverse(f"creditor:{name}", args=args), form)
        assert answer.status_code == 302, (name, texts(answer))
    assert Payment.objects.get(external_ref="P-2").amount_minor == 1250
    assert Payment.objects.get(external_ref="BANK-1").state == "REVERSED"
    assert Payment.objects.get(external_ref="P-3").case == world["other"]
    world["dispute"].refresh_from_db()
    assert world["dispute"].state == "VALIDATED"
    assert not Hold.objects.filter(closed_at__isnull=True).exists()
    deliver(NOW)
    assert "Arrived" in texts(client.get("/c/billing/"))


def test_a_case_is_recalled_and_kept(client, world):
    client.force_login(make_member(world["org"]))
    ref = world["case"].ref
    assert client.post(reverse("creditor:recall", args=[ref]), {"kind": "normal", "reason": "Sold."}).status_code == 302
    assert Case.objects.get(ref=ref).state == "RECALL_PENDING"
    assert "Cancel the recall" in texts(client.get(reverse("creditor:case", args=[ref])))
    assert client.post(reverse("creditor:keep", args=[ref])).status_code == 302
    assert Case.objects.get(ref=ref).state == "WORKING"
    assert client.post(reverse("creditor:keep", args=[ref])).status_code == 404


def test_a_payment_sent_twice_from_the_form_is_one(client, world):
    client.force_login(make_member(world["org"]))
    url = reverse("creditor:payment_report", args=[world["case"].ref])
    form = {"amount": "1.00", "instrument": "cash", "external_ref": "TWICE", "paid_on_month": "11", "paid_on_day": "3",
            "paid_on_year": "2026"}  # fmt: skip
    assert client.post(url, form).status_code == 302
    before = trace()
    assert client.post(url, form).status_code == 302
    assert trace() == before
    assert "It counts once." in texts(client.get(reverse("creditor:case", args=[world["case"].ref])))
    again = client.post(url, form | {"amount": "2.00"})
    assert again.status_code == 409
    assert "reported before" in texts(again)
    assert trace() == before


def test_one_reference_on_two_cases_is_said_and_one_debtors_payments_stand_together(client, world):
    client.force_login(make_member(world["org"]))
    case, other = world["case"], world["other"]
    form = {"amount": "1.00", "instrument": "cash", "external_ref": "BANK-1", "paid_on_month": "11", "paid_on_day": "3",
            "paid_on_year": "2026"}  # fmt: skip
    sent = client.post(reverse("creditor:payment_report", args=[other.ref]), form, follow=True)
    assert f"Its reference stands on case {case.ref} too" in texts(sent)
    state_paid(case=other, amount_minor=2000, paid_on=date(2026, 11, 3), instrument="cash", text="", at=NOW)
    listed = texts(client.get(reverse("creditor:answers")))
    assert "2 payments" in listed
    assert "$70.00" in listed
    file = texts(client.get(reverse("creditor:case", args=[other.ref])))
    assert "Did this arrive? (1 of 2)" in file
    assert "Did this arrive? (2 of 2)" in file


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"amount": "9,999.00"}, 409, "still due"), ({"amount": "1.234"}, 400, "fewer decimals"),
        ({"amount": ""}, 400, "problem"), ({"amount": "0"}, 400, "at least"), ({"amount": "-5"}, 400, "at least"),
        ({"instrument": "gold"}, 400, "gold"), ({"external_ref": ""}, 400, "Give the reference"),
        ({"paid_on_month": "12"}, 400, "earlier"), ({"paid_on_month": "13"}, 400, "real date"),
        ({"paid_at": "25:99"}, 400, "24-hour"),
    ],
)  # fmt: skip
def test_a_refused_payment_keeps_what_was_typed(client, world, change, status, words):
    client.force_login(make_member(world["org"]))
    args, _right, form = urls(world)["payment_report"]
    form = form | {"external_ref": "KEPT-77"} | change
    before = trace()
    answer = client.post(reverse("creditor:payment_report", args=args), form)
    assert answer.status_code == status
    text = texts(answer)
    assert words in text
    assert "There is a problem" in text
    assert "KEPT-77" in text or "external_ref" in change
    assert trace() == before


def test_an_answer_without_words_or_given_before_is_refused(client, world):
    client.force_login(make_member(world["org"]))
    args, _right, form = urls(world)["dispute_answer"]
    url, before = reverse("creditor:dispute_answer", args=args), trace()
    assert client.post(url, form | {"text": " "}).status_code == 400
    assert client.post(url, {"text": "kept words"}).status_code == 400
    assert "kept words" in texts(client.post(url, {"text": "kept words"}))
    assert trace() == before
    client.post(url, form)
    before = trace()
    assert client.post(url, form).status_code == 409
    assert trace() == before


@pytest.mark.parametrize("amount", ["", "0.50", "1000000.01", "a lot"])
def test_a_topup_that_is_no_amount_is_refused(client, world, amount):
    client.force_login(make_member(world["org"]))
    before = trace()
    answer = client.post("/c/billing/topup/", {"amount": amount})
    assert answer.status_code == 400
    assert "There is a problem" in texts(answer)
    assert trace() == before


def test_a_question_opens_a_ticket_of_ones_own(client, world):
    member = make_member(world["org"])
    client.force_login(member)
    assert client.post("/c/help/", {"text": ""}).status_code == 400
    assert client.post("/c/help/", {"text": "Why is the case not listed?"}).status_code == 302
    assert SupportTicket.objects.get().opened_by == member
    assert "Why is the case not listed?" in texts(client.get("/c/help/"))
    client.force_login(make_member(make_org()))
    assert "Why is the case not listed?" not in texts(client.get("/c/help/"))


# Who may


def _attempts(client, world):
    for name, (args, right, form) in urls(world).items():
        url = reverse(f"creditor:{name}", args=args)
        if name != "topup":
            yield name, right, args, client.get(url)
        if form:
            yield name, right, args, client.post(url, form)


def test_another_creditor_finds_nothing(client, world):
    stranger = make_org()
    make_programme(stranger, slug="loans")
    client.force_login(make_member(stranger))
    before, books = trace(), {"topup"}
    for name, _right, args, answer in _attempts(client, world):
        if name in books:
            continue
        assert answer.status_code == (404 if args else 200), name
        for word in ("harbour", world["programme"].name, "BANK-1", "Jamie", "Not mine."):
            assert word not in texts(answer), (name, word)
    made = TopUp.objects.exclude(org=stranger).count()
    TopUp.objects.filter(org=stranger).delete()
    assert made == 0
    assert trace()[0][:4] == before[0][:4]
    assert trace()[1:] == before[1:]


@pytest.mark.parametrize("role", ["viewer", "ops", "finance", "compliance"])
def test_a_role_without_the_right_is_refused_and_leaves_no_trace(client, world, role):
    from accounts.access import can
    from accounts.models import Membership

    member = make_member(world["org"], role=role)
    client.force_login(member)
    membership = Membership.objects.get(user=member)
    for name, (args, right, form) in urls(world).items():
        if can(membership, right) or form is None:
            continue
        before = trace()
        answer = client.post(reverse(f"creditor:{name}", args=args), form)
        assert answer.status_code == 403, (role, name)
        assert trace() == before


def test_collectors_staff_and_strangers_stay_outside(client, world):
    before = trace()
    for user, status in ((None, 302), (world["collector"].user, 403), (make_user(is_staff=True), 403)):
        if user:
            client.force_login(user)
        for name, _right, _args, answer in _attempts(client, world):
            assert answer.status_code == status, (user, name)
            assert "Jamie" not in texts(answer)
    assert trace() == before
