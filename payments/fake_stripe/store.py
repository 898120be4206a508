"""What the simulated processor keeps: its objects, the webhooks it owes, and the faults a tester asked for."""

from __future__ import annotations

import secrets
from typing import Any

from core import clock
from payments.models import FakePspEvent, FakePspObject

Body = dict[str, Any]
FAULT = "fault"


class Refused(Exception):
    """An error answer: HTTP status and Stripe's error object."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request_error") -> None:
        self.status = status
        self.body = {"error": {"type": kind, "code": code, "message": message}}
        super().__init__(code)


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def create(kind: str, prefix: str, **fields: object) -> Body:
    """Keep a new object of `kind` and return its body."""
    now = clock.now()
    ref = new_id(prefix)
    body: Body = {"id": ref, "object": kind, "created": int(now.timestamp()), "livemode": False, **fields}
    FakePspObject.objects.create(id=ref, kind=kind, body=body, created_at=now)
    return body


def get(kind: str, ref: str) -> Body:
    """The object's body. Raises Refused 404."""
    row = FakePspObject.objects.filter(kind=kind, id=ref).first()
    if row is None:
        raise Refused(404, "resource_missing", f"No such {kind}: '{ref}'")
    body: Body = row.body
    return body


def update(ref: str, **fields: object) -> None:
    row = FakePspObject.objects.select_for_update().get(pk=ref)
    row.body |= fields
    row.save(update_fields=["body"])


def listed(kind: str, **fields: object) -> list[Body]:
    """Bodies of a kind whose fields equal those given, newest first."""
    rows = FakePspObject.objects.filter(kind=kind, **{f"body__{name}": value for name, value in fields.items()})
    return [row.body for row in rows.order_by("-created_at", "-id")]


def page(url: str, data: list[Body], kind: str = "list") -> Body:
    return {"object": kind, "url": url, "data": data, "has_more": False}


def move_money(kind: str, amount: int, currency: str, source: str, *, fee: int = 0) -> Body:
    """Add a balance transaction, available at once."""
    return create(
        "balance_transaction", "txn", type=kind, amount=amount, fee=fee, net=amount - fee, currency=currency,
        source=source, status="available", reporting_category=kind, fee_details=[],
    )  # fmt: skip


def available(currency: str) -> int:
    return sum(row["net"] for row in listed("balance_transaction", currency=currency))


def owe_webhook(kind: str, subject: Body) -> None:
    """Keep an event that our endpoint will be told about."""
    now = clock.now()
    ref = new_id("evt")
    body: Body = {
        "id": ref, "object": "event", "api_version": None, "created": int(now.timestamp()),
        "livemode": False, "pending_webhooks": 1, "request": None, "type": kind, "data": {"object": subject},
    }  # fmt: skip
    FakePspEvent.objects.create(id=ref, kind=kind, body=body, created_at=now)


def script_fault(mode: str, *, path: str = "", times: int = 1) -> None:
    """Plan a fault for the next `times` requests whose path begins with `path`, or for the next deliveries.

    Modes: lost_before (nothing happens, no answer), lost_after (it happens, no answer), refuse (an error answer),
    duplicate and reorder (webhooks), busy (HTTP 500).
    """
    now = clock.now()
    FakePspObject.objects.create(
        id=new_id("fault"), kind=FAULT, body={"mode": mode, "path": path, "left": times}, created_at=now
    )


def next_fault(path: str, modes: tuple[str, ...]) -> str:
    """Use up one planned fault that fits, and return its mode, or ""."""
    for row in FakePspObject.objects.filter(kind=FAULT, body__left__gt=0).order_by("created_at", "id"):
        if row.body["mode"] in modes and path.startswith(row.body["path"]):
            row.body["left"] -= 1
            row.save(update_fields=["body"])
            return str(row.body["mode"])
    return ""
