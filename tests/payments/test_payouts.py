"""Payouts when the provider does not answer, refuses, or answers twice: paid once, never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from marketplace.errors import KeyReused
from payments import ledger, states
from payments.errors import GatewayRefused, GatewayUnknown, WebhookRefused
from payments.fake_stripe import store, webhooks
from payments.models import Accrual, FakePspEvent, JournalEntry, Payout, PspEvent, TopUp
from payments.selectors.integrity import faults
from payments.services import payouts
from payments.services.settlement_run import settle
from payments.services.topups import look_up_open, start_topup
from payments.services.webhooks import handle_waiting, receive_stripe
from tests.factories import START, make_org, make_programme
from tests.payments.kit import books, deliver, in_transit, pay, top_up, worked_claim

pytestmark = pytest.mark.django_db
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DUE = START + 8 * DAY


@pytest.fixture
def claim(db):
    claim = worked_claim(wallet=50_000)
    pay(claim.case, 10_030, START + DAY)
    settle(as_of=START + 2 * DAY)
    return claim


@pytest.fixture(autouse=True)
def whole_ledger(db):
    yield
    assert not {name: wrong for name, wrong in faults().items() if wrong}


def sent() -> list[int]:
    return [row["amount"] for row in store.listed("transfer")]


def test_a_lost_answer_is_looked_up_and_not_sent_again(claim):
    store.script_fault("lost_after", path="/v1/transfers")
    assert settle(as_of=DUE).unknown == 1
    assert (Payout.objects.get().state, in_transit(), sent()) == (states.UNKNOWN, 1053, [1053])
    settle(as_of=DUE + HOUR)
    assert (Payout.objects.get().state, in_transit(), sent()) == (states.CONFIRMED, 0, [1053])


def test_a_lost_request_goes_out_under_the_same_key(claim):
    store.script_fault("lost_before", path="/v1/transfers")
    settle(as_of=DUE)
    assert sent() == []
    settle(as_of=DUE + HOUR)
    assert (Payout.objects.get().state, sent()) == (states.CONFIRMED, [1053])


def test_a_request_lost_for_a_day_is_given_up_and_made_anew(claim):
    store.script_fault("lost_before", path="/v1/transfers", times=1)
    settle(as_of=DUE)
    settle(as_of=DUE + 21 * HOUR)
    assert Payout.objects.get().state == states.FAILED
    assert books(claim)["ready"] == 1053
    settle(as_of=DUE + 3 * DAY)
    assert [p.state for p in Payout.objects.order_by("pk")] == [states.FAILED, states.CONFIRMED]
    assert sent() == [1053]


def test_a_crash_before_the_call_is_found_by_the_next_run(claim):
    settle_without_sending(claim)
    Payout.objects.update(state=states.SENDING)
    settle(as_of=DUE + HOUR)
    assert (Payout.objects.get().state, sent()) == (states.CONFIRMED, [1053])


def settle_without_sending(claim):
    for line in Accrual.objects.filter(state=states.HELD):
        from payments.services.settlement_run import release

        assert release(line=line, at=DUE)
    assert payouts.create_payout(collector=claim.collector, currency="USD", at=DUE).amount_minor == 1053


def test_a_refused_payout_is_available_again_and_waits_a_day(claim):
    store.script_fault("refuse", path="/v1/transfers")
    assert settle(as_of=DUE).refused == 1
    assert books(claim)["ready"] == 1053
    assert Accrual.objects.get().state == states.PAYABLE
    assert settle(as_of=DUE + HOUR).created == 0
    assert settle(as_of=DUE + 2 * DAY).confirmed == 1
    assert sent() == [1053]


def test_one_payout_at_a_time(claim):
    settle_without_sending(claim)
    assert payouts.create_payout(collector=claim.collector, currency="USD", at=DUE) is None
    assert Payout.objects.count() == 1


def test_the_webhook_of_a_transfer_confirms_what_we_did_not_hear(claim):
    store.script_fault("lost_after", path="/v1/transfers")
    settle(as_of=DUE)
    deliver(DUE)
    assert Payout.objects.get().state == states.CONFIRMED
    assert JournalEntry.objects.filter(kind="13").count() == 1


def test_money_that_the_ledger_has_not_seen_yet_keeps_the_payout_waiting():
    claim = worked_claim(wallet=50_000)
    pay(claim.case, 10_030, START + DAY)
    settle(as_of=START + 2 * DAY)
    ledger.post(
        key="sweep:1", kind="24", at=DUE, currency="USD", lines=[("A.bank", 49_500), (ledger.PSP_AVAILABLE, -49_500)]
    )
    settle(as_of=DUE)
    assert Payout.objects.get().state == states.UNKNOWN
    ledger.post(
        key="sweep:2", kind="24", at=DUE, currency="USD", lines=[("A.bank", -49_500), (ledger.PSP_AVAILABLE, 49_500)]
    )
    settle(as_of=DUE + HOUR)
    assert (Payout.objects.get().state, sent()) == (states.CONFIRMED, [1053])


# Top-ups


def test_a_topup_books_two_and_four_once_whatever_is_delivered():
    org = make_org()
    top_up(org, 20_000)
    store.script_fault("duplicate", times=5)
    store.script_fault("reorder", times=5)
    FakePspEvent.objects.update(delivered_at=None)
    deliver(START)
    PspEvent.objects.update(handled_at=None)
    handle_waiting(at=START)
    assert list(JournalEntry.objects.order_by("pk").values_list("kind", flat=True)) == ["2", "4"]
    assert ledger.balance(ledger.wallet(org.pk), "USD") == 20_000
    assert ledger.balance(ledger.PSP_AVAILABLE, "USD") == 20_000
    assert PspEvent.objects.count() == 1


def test_the_wallet_waits_for_the_providers_word():
    org = make_org()
    topup = start_topup(org=org, amount_minor=20_000, currency="USD", actor="user:1", at=START)
    assert (topup.state, ledger.balance(ledger.wallet(org.pk), "USD")) == (states.SENDING, 0)
    deliver(START)
    topup.refresh_from_db()
    assert (topup.state, ledger.balance(ledger.wallet(org.pk), "USD")) == (states.CONFIRMED, 20_000)


def test_a_form_sent_twice_asks_for_one_transfer():
    org = make_org()
    asked = {"org": org, "currency": "USD", "actor": "user:1", "at": START, "tap": "form-1"}
    first = start_topup(amount_minor=20_000, **asked)
    assert start_topup(amount_minor=20_000, **asked) == first
    with pytest.raises(KeyReused):
        start_topup(amount_minor=30_000, **asked)
    assert start_topup(amount_minor=20_000, **(asked | {"tap": "form-2"})) != first
    other = start_topup(amount_minor=20_000, **(asked | {"org": make_org()}))
    assert (other.org_id, TopUp.objects.count()) == (other.org.pk, 3)


def test_after_a_refusal_the_same_form_may_ask_again():
    org = make_org()
    asked = {"org": org, "amount_minor": 20_000, "currency": "USD", "actor": "user:1", "at": START, "tap": "form-1"}
    store.script_fault("refuse", path="/v1/payment_intents")
    with pytest.raises(GatewayRefused):
        start_topup(**asked)
    assert start_topup(**asked).state == states.SENDING
    assert sorted(TopUp.objects.values_list("state", flat=True)) == [states.FAILED, states.SENDING]


@pytest.mark.parametrize("by_webhook", [True, False])
def test_a_topup_whose_answer_got_lost_arrives(by_webhook):
    org = make_org()
    store.script_fault("lost_after", path="/v1/payment_intents")
    with pytest.raises(GatewayUnknown):
        start_topup(org=org, amount_minor=20_000, currency="USD", actor="user:1", at=START)
    assert TopUp.objects.get().state == states.UNKNOWN
    if by_webhook:
        deliver(START)
    else:
        look_up_open(at=START + HOUR)
    assert TopUp.objects.get().state == states.CONFIRMED
    assert ledger.balance(ledger.wallet(org.pk), "USD") == 20_000


def test_a_topup_that_never_left_is_given_up():
    store.script_fault("lost_before", path="/v1/payment_intents")
    with pytest.raises(GatewayUnknown):
        start_topup(org=make_org(), amount_minor=20_000, currency="USD", actor="user:1", at=START)
    look_up_open(at=START + HOUR)
    assert TopUp.objects.get().state == states.UNKNOWN
    look_up_open(at=START + 21 * HOUR)
    assert TopUp.objects.get().state == states.FAILED
    assert not JournalEntry.objects.exists()


def test_a_refused_topup_books_nothing():
    store.script_fault("refuse", path="/v1/payment_intents")
    with pytest.raises(GatewayRefused):
        start_topup(org=make_org(), amount_minor=20_000, currency="USD", actor="user:1", at=START)
    assert TopUp.objects.get().state == states.FAILED
    assert not JournalEntry.objects.exists()


def test_a_forged_webhook_is_not_stored(settings):
    programme = make_programme()
    start_topup(org=programme.org, amount_minor=20_000, currency="USD", actor="user:1", at=START)
    with pytest.raises(WebhookRefused):
        receive_stripe(payload=b'{"id": "evt_1"}', signature=webhooks.sign(b"{}", "whsec_other"), at=START)
    assert not PspEvent.objects.exists()
    assert not JournalEntry.objects.exists()
