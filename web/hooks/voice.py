"""The telephone provider's webhooks: the signature decides, the token in the path names the leg."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calling.webhooks import receive
from core import clock


@csrf_exempt
@require_POST
def voice_webhook(request: HttpRequest, token: str, step: str) -> HttpResponse:
    """A flow for a question, 204 for a report, 403 for a bad signature, 404 for a leg or step we do not know."""
    answer = receive(
        token=token, step=step, path=request.get_full_path(), params=request.POST,
        signature=request.headers.get("X-Twilio-Signature"), at=clock.now(),
    )  # fmt: skip
    return HttpResponse(answer.body, status=answer.status, content_type=answer.mime)
