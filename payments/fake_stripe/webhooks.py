"""Signed webhooks of the simulated processor: what it owes our endpoint, and how it is sent."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime

from payments.fake_stripe import store
from payments.models import FakePspEvent

Send = Callable[[bytes, str], int]


def sign(payload: bytes, secret: str, timestamp: int | None = None) -> str:
    """The Stripe-Signature header of a payload. Signatures run on real time, never on the market clock."""
    moment = int(time.time()) if timestamp is None else timestamp
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def over_http(url: str) -> Send:
    """A sender that posts to our own endpoint."""

    def send(payload: bytes, signature: str) -> int:
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature}
        request = urllib.request.Request(url, data=payload, headers=headers, method="POST")  # noqa: S310 - our address
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310 - as above
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    return send


def deliver(send: Send, *, secret: str, at: datetime, limit: int = 100) -> int:
    """Send what is owed; an event is delivered when the endpoint answers 2xx. Returns how many were."""
    rows = list(FakePspEvent.objects.filter(delivered_at__isnull=True).order_by("created_at", "id")[:limit])
    if rows and store.next_fault("", ("reorder",)):
        rows.reverse()
    done = 0
    for row in rows:
        payload = json.dumps(row.body).encode()
        copies = 2 if store.next_fault("", ("duplicate",)) else 1
        answers = [send(payload, sign(payload, secret)) for _copy in range(copies)]
        if all(200 <= status < 300 for status in answers):
            FakePspEvent.objects.filter(pk=row.pk).update(delivered_at=at)
            done += 1
    return done
