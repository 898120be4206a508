"""The provider's inbox: verify, store once, answer; then look at the object itself, whatever the message claimed."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from payments import states
from payments.errors import WebhookRefused
from payments.fake_stripe.webhooks import deliver
from payments.models import Payout, PspEvent
from payments.services import payouts, topups
from payments.stripe_gateway import gateway, verified

PROVIDER = "stripe"


def receive_stripe(*, payload: bytes, signature: str, at: datetime) -> PspEvent:
    """Store a webhook once, by its event id. Raises WebhookRefused; nothing is stored then."""
    notice = verified(payload, signature)
    event, _made = PspEvent.objects.get_or_create(
        provider=PROVIDER, external_id=notice.event_id,
        defaults={"kind": notice.kind, "object_ref": notice.object_ref, "received_at": at},
    )  # fmt: skip
    return event


def handle_event(*, event: PspEvent, at: datetime) -> bool:
    """Act on one event: fetch its object and post what it says. False when it was handled before."""
    with transaction.atomic():
        row = PspEvent.objects.select_for_update(skip_locked=True).filter(pk=event.pk, handled_at__isnull=True).first()
        if row is None:
            return False
        _look(row, at=at)
        PspEvent.objects.filter(pk=row.pk).update(handled_at=at)
    return True


def _look(event: PspEvent, *, at: datetime) -> None:
    family = event.kind.split(".")[0]
    if family == "payment_intent":
        topups.look_at(psp_ref=event.object_ref, at=at)
    elif family == "transfer":
        _transfer(event.object_ref, at=at)


def _transfer(psp_ref: str, *, at: datetime) -> None:
    payout = Payout.objects.filter(psp_ref=psp_ref).first()
    if payout is not None:
        return
    for row in Payout.objects.filter(state__in=[states.SENDING, states.UNKNOWN]).select_related("collector"):
        found = gateway().fetch(kind="transfer", our_ref=row.ref)
        if found is not None and found.ref == psp_ref:
            payouts.confirm(payout=row, sent=found, at=at)
            return


def handle_waiting(*, at: datetime, limit: int = 200) -> int:
    """Handle stored events that wait, oldest first; returns how many were."""
    waiting = PspEvent.objects.filter(handled_at__isnull=True).order_by("pk")[:limit]
    return sum(handle_event(event=event, at=at) for event in waiting)


def deliver_simulated(*, at: datetime) -> int:
    """Let the simulated processor hand over the webhooks it owes without a web server (seeding, commands, tests).

    The messages are signed and verified as over HTTP, then handled. Returns how many were delivered.
    """

    def send(payload: bytes, signature: str) -> int:
        try:
            receive_stripe(payload=payload, signature=signature, at=at)
        except WebhookRefused:
            return 400
        return 200

    sent = deliver(send, secret=settings.STRIPE_WEBHOOK_SECRET, at=at)
    handle_waiting(at=at)
    return sent
