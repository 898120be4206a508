"""The gateway under the real SDK: the port's surface, what a processor may see, lost answers, signatures."""

from __future__ import annotations

import inspect
import json
import time

import pytest

from payments.errors import GatewayRefused, GatewayUnavailable, GatewayUnknown, WebhookRefused
from payments.fake_stripe import store, webhooks
from payments.gateway import GatewayPort, idempotency_key, opaque
from payments.models import FakePspEvent, FakePspObject, FakePspRequest
from payments.stripe_gateway import StripeGateway, gateway, verified

pytestmark = pytest.mark.django_db
VERBS = {
    "create_payee", "onboarding_link", "start_topup", "save_funding_source", "charge_invoice", "refund_topup",
    "transfer", "reverse_transfer", "sweep", "fetch", "list_balance_transactions",
}  # fmt: skip


@pytest.fixture
def psp():
    return gateway()


def fund(psp, minor=100_000):
    return psp.start_topup(org_id=1, topup_ref="U-1", amount_minor=minor, currency="USD", key="topup:U-1:0")


def payee(psp):
    return psp.create_payee(collector_ref="C-1", country="US", key="payee:C-1:0")


def pay(psp, account, minor=12449, ref="Y-1", generation=0):
    key = idempotency_key("transfer", ref, generation)
    return psp.transfer(payee_ref=account, payout_ref=ref, amount_minor=minor, currency="USD", key=key)


@pytest.mark.parametrize("kind", [GatewayPort, StripeGateway])
def test_the_port_has_these_verbs_and_none_takes_a_debtor(kind):
    verbs = {name: f for name, f in vars(kind).items() if inspect.isfunction(f) and not name.startswith("_")}
    assert set(verbs) == VERBS
    taken = {name for verb in verbs.values() for name in inspect.signature(verb).parameters} - {"self"}
    assert not {name for name in taken if any(word in name for word in ("debt", "person", "case", "customer", "name"))}


def test_a_topup_arrives_and_can_be_looked_up_both_ways(psp):
    made = fund(psp)
    assert made.status == "requires_action"
    by_id = psp.fetch(kind="topup", psp_ref=made.ref)
    assert (by_id.status, by_id.amount_minor, by_id.is_available) == ("succeeded", 100_000, True)
    assert psp.fetch(kind="topup", our_ref="U-1") == by_id
    assert psp.fetch(kind="topup", our_ref="U-2") is None


def test_a_repeated_key_is_one_transfer_and_other_parameters_are_refused(psp):
    fund(psp)
    account = payee(psp)
    assert pay(psp, account).ref == pay(psp, account).ref
    with pytest.raises(GatewayRefused):
        pay(psp, account, minor=12450)
    assert len(store.listed("transfer")) == 1


def test_a_lost_answer_is_unknown_and_found_by_its_group(psp):
    fund(psp)
    account = payee(psp)
    store.script_fault("lost_after", path="/v1/transfers")
    with pytest.raises(GatewayUnknown):
        pay(psp, account)
    assert psp.fetch(kind="transfer", our_ref="Y-1").amount_minor == 12449
    store.script_fault("lost_before", path="/v1/transfers")
    with pytest.raises(GatewayUnknown):
        pay(psp, account, ref="Y-2")
    assert psp.fetch(kind="transfer", our_ref="Y-2") is None


def test_no_money_no_transfer(psp):
    with pytest.raises(GatewayRefused) as refusal:
        pay(psp, payee(psp))
    assert refusal.value.params["reason"] == "balance_insufficient"
    assert not store.listed("transfer")


def test_a_server_error_leaves_it_open(psp):
    fund(psp)
    store.script_fault("busy", path="/v1/transfers")
    with pytest.raises(GatewayUnknown):
        pay(psp, payee(psp))


def test_every_other_verb_speaks_the_wire(psp):
    made = fund(psp)
    account = payee(psp)
    link = psp.onboarding_link(payee_ref=account, return_url="http://testserver/earnings/", key="link:C-1:0")
    assert link == "http://testserver/earnings/"
    sent = pay(psp, account)
    assert psp.reverse_transfer(transfer_ref=sent.ref, reversal_ref="X-1", amount_minor=49, key="back:1:0")
    assert psp.save_funding_source(org_id=1, key="setup:1:0").startswith("seti_")
    assert psp.charge_invoice(org_id=1, invoice_ref="I-1", amount_minor=5, currency="USD", key="inv:1:0").ref
    assert psp.refund_topup(topup_psp_ref=made.ref, refund_ref="F-1", amount_minor=500, key="refund:1:0")
    assert psp.sweep(sweep_ref="S-1", amount_minor=100, currency="USD", key="sweep:1:0")
    assert psp.fetch(kind="payee", psp_ref=account).ref == account
    lines = psp.list_balance_transactions()
    assert sum(line.amount_minor for line in lines) == 100_000 - 12_449 + 49 + 5 - 500 - 100
    assert psp.list_balance_transactions(after=lines[0].ref) == lines[1:]
    assert FakePspObject.objects.filter(kind="customer").count() == 1


def test_only_opaque_references_leave(psp):
    for text in ("Jamie Sample", "+12125550100", "a@b.example", "", "x" * 81):
        with pytest.raises(ValueError, match="opaque"):
            opaque(text)
    before = FakePspRequest.objects.count()
    with pytest.raises(ValueError, match="opaque"):
        pay(psp, "acct_1", ref="Jamie Sample")
    assert FakePspRequest.objects.count() == before


def test_payments_by_hand_send_nothing(settings):
    settings.PAYMENTS_BACKEND = "manual"
    with pytest.raises(GatewayUnavailable):
        gateway()


def event(psp, **changes):
    fund(psp)
    return json.dumps(FakePspEvent.objects.get().body | changes).encode()


def test_a_signed_webhook_is_read(psp, settings):
    payload = event(psp)
    notice = verified(payload, webhooks.sign(payload, settings.STRIPE_WEBHOOK_SECRET))
    assert notice.kind == "payment_intent.succeeded"
    assert notice.object_ref.startswith("pi_")


@pytest.mark.parametrize("shift", [-301, 301])
def test_a_stale_or_future_webhook_is_refused(psp, settings, shift):
    payload = event(psp)
    with pytest.raises(WebhookRefused):
        verified(payload, webhooks.sign(payload, settings.STRIPE_WEBHOOK_SECRET, int(time.time()) + shift))


def test_a_forged_broken_or_live_webhook_is_refused(psp, settings):
    payload = event(psp)
    good = webhooks.sign(payload, settings.STRIPE_WEBHOOK_SECRET)
    live = payload.replace(b'"livemode": false', b'"livemode": true')
    attacks = [
        (payload, webhooks.sign(payload, "whsec_other")), (payload + b" ", good), (payload, ""), (payload, "t=1"),
        (live, webhooks.sign(live, settings.STRIPE_WEBHOOK_SECRET)),
        (b"{}", webhooks.sign(b"{}", settings.STRIPE_WEBHOOK_SECRET)),
        (b"nonsense", webhooks.sign(b"nonsense", settings.STRIPE_WEBHOOK_SECRET)),
    ]  # fmt: skip
    for body, signature in attacks:
        with pytest.raises(WebhookRefused):
            verified(body, signature)
