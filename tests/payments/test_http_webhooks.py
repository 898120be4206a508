"""The simulated processor's webhooks over real HTTP into the served site."""

from __future__ import annotations

from payments import ledger
from payments.fake_stripe import webhooks
from payments.models import FakePspEvent, PspEvent
from payments.services.topups import start_topup
from payments.services.webhooks import handle_waiting
from tests.factories import START, make_org


def test_a_topup_travels_over_http(real_db, real_site, settings):
    org = make_org()
    start_topup(org=org, amount_minor=7700, currency="USD", actor="user:1", at=START)
    send = webhooks.over_http(f"{real_site.url}/hooks/stripe/")
    assert webhooks.deliver(send, secret="whsec_other", at=START) == 0
    assert not PspEvent.objects.exists()
    assert webhooks.deliver(send, secret=settings.STRIPE_WEBHOOK_SECRET, at=START) == 1
    assert not FakePspEvent.objects.filter(delivered_at__isnull=True).exists()
    handle_waiting(at=START)
    assert ledger.balance(ledger.wallet(org.pk), "USD") == 7700


def test_an_endpoint_that_is_down_is_tried_again(real_db, settings):
    start_topup(org=make_org(), amount_minor=100, currency="USD", actor="user:1", at=START)
    down = webhooks.over_http("http://127.0.0.1:9/hooks/stripe/")
    assert webhooks.deliver(down, secret=settings.STRIPE_WEBHOOK_SECRET, at=START) == 0
    assert FakePspEvent.objects.filter(delivered_at__isnull=True).count() == 1
