"""What runs by itself: settling, the provider's inbox, and in a simulation its webhooks."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from core import clock
from payments.fake_stripe import webhooks
from payments.services.settlement_run import settle
from payments.services.webhooks import handle_waiting


@shared_task(name="payments.tasks.settle_due", ignore_result=True)
def settle_due() -> None:
    """Do whatever is due on the clock now."""
    settle(as_of=clock.now())


@shared_task(name="payments.tasks.handle_psp_events", ignore_result=True)
def handle_psp_events() -> None:
    """Handle stored webhooks that wait."""
    handle_waiting(at=clock.now())


@shared_task(name="payments.tasks.deliver_fake_webhooks", ignore_result=True)
def deliver_fake_webhooks() -> None:
    """Let the simulated processor send the webhooks it owes; with a real provider there is nothing to do."""
    if settings.PAYMENTS_BACKEND == "fake":
        send = webhooks.over_http(f"{settings.PUBLIC_BASE_URL}/hooks/stripe/")
        webhooks.deliver(send, secret=settings.STRIPE_WEBHOOK_SECRET, at=clock.now())
