"""The simulated processor behind the SDK's HTTP client: decodes requests, honours idempotency keys, plays faults."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.db import connection, transaction

from core import clock
from payments.fake_stripe import store
from payments.fake_stripe.endpoints import answer
from payments.models import FakePspRequest

Answer = tuple[str, int, dict[str, str]]
_KEY = re.compile(r"\[([^\]]*)\]")


def decoded(text: str) -> store.Body:
    """Form text as the SDK writes it (a[b]=1, a[0]=2) as nested values."""
    result: store.Body = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        path = [name.split("[", 1)[0], *_KEY.findall(name)]
        here: Any = result
        for part in path[:-1]:
            here = here.setdefault(part, {})
        here[path[-1]] = value
    return result


def _wait_for_turn(key: str) -> None:
    """Requests under one key are answered one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [key])


class FakeStripe:
    """Answers requests from tables of our own database. A repeated idempotency key repeats its answer."""

    name = "simulated"

    def request(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | bytes | None = None
    ) -> Answer:
        """Body, status and headers. Raises ConnectionError when the answer gets lost."""
        parts = urlsplit(url)
        body = (post_data or "") if method == "post" else parts.query
        body = body.decode() if isinstance(body, bytes) else body
        modes = ("lost_before", "lost_after", "refuse", "busy") if method == "post" else ("lost_before", "busy")
        fault = store.next_fault(parts.path, modes)
        if fault == "lost_before":
            raise ConnectionError("the request was lost")
        if fault == "busy":
            return self._sent(500, {"error": {"type": "api_error", "message": "Try again later."}})
        status, result = self._once(method, parts.path, body, headers.get("Idempotency-Key"), fault == "refuse")
        if fault == "lost_after":
            raise ConnectionError("the answer was lost")
        return self._sent(status, result)

    def _once(self, method: str, path: str, body: str, key: str | None, is_refused: bool) -> tuple[int, store.Body]:
        with transaction.atomic():
            key = key if method == "post" else None
            if key:
                _wait_for_turn(key)
            earlier = FakePspRequest.objects.filter(idem_key=key).first() if key else None
            if earlier is not None:
                if (earlier.path, earlier.body) != (path, body):
                    refused = store.Refused(400, "idempotency_key_in_use", "Other parameters.", "idempotency_error")
                    return refused.status, refused.body
                return earlier.status, earlier.answer
            status, result = self._acted(method, path, body, is_refused)
            FakePspRequest.objects.create(
                method=method, path=path, body=body, idem_key=key, status=status, answer=result, at=clock.now()
            )
        return status, result

    def _acted(self, method: str, path: str, body: str, is_refused: bool) -> tuple[int, store.Body]:
        try:
            if is_refused:
                raise store.Refused(400, "account_invalid", "The destination cannot receive this.")
            params = json.loads(body) if path.startswith("/v2/") and method == "post" else decoded(body)
            return 200, answer(method, path, params)
        except store.Refused as refusal:
            return refusal.status, refusal.body

    @staticmethod
    def _sent(status: int, body: store.Body) -> Answer:
        return json.dumps(body), status, {"Request-Id": store.new_id("req"), "Content-Type": "application/json"}
