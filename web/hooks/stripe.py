"""The payment provider's webhook: verify, store, answer; the work is done afterwards."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import clock
from payments.errors import WebhookRefused
from payments.services.webhooks import receive_stripe
from payments.tasks import handle_psp_events

LARGEST = 256 * 1024


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """200 for a verified message, also for one that came before; 400 for anything else, and nothing is stored."""
    if int(request.headers.get("Content-Length") or 0) > LARGEST:
        return HttpResponse(status=400)
    try:
        receive_stripe(payload=request.body, signature=request.headers.get("Stripe-Signature", ""), at=clock.now())
    except WebhookRefused:
        return HttpResponse(status=400)
    transaction.on_commit(handle_psp_events.delay, robust=True)
    return HttpResponse(status=200)
