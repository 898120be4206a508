"""Recording events in hash-chained streams, and handing them to handlers through an outbox that survives a crash.

A package registers handlers in its apps.py with `on`. `record` writes the event and one Delivery per handler in the
caller's transaction; after commit a task runs them, and a sweep picks up whatever a crash left behind.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from core.bulk import copy_in
from core.models import Delivery, Event

Handler = Callable[[Event], None]
ZERO_HASH = bytes(32)
_handlers: dict[str, tuple[frozenset[str], Handler]] = {}


def on(*names: str, handler: str, run: Handler) -> None:
    """Register `run` under the stable name `handler` for the events `names` ("package.*" takes a whole package)."""
    _handlers[handler] = (frozenset(names), run)


def handlers_of(name: str) -> list[str]:
    """The registered handlers that an event called `name` is owed to."""
    wild = f"{name.split('.')[0]}.*"
    return [key for key, (names, _run) in _handlers.items() if name in names or wild in names]


def canonical(body: Mapping[str, Any]) -> bytes:
    """The one byte form that is hashed: sorted keys, no spaces, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str).encode()


def event_hash(
    *, stream: str, number: int, prev_hash: bytes, creditor_id: int | None, actor: str, at: datetime, name: str,
    data: Mapping[str, Any],
) -> bytes:  # fmt: skip
    """SHA-256 over the previous hash and the canonical JSON of the event's fields (instants in UTC, microseconds)."""
    body = {
        "stream": stream, "number": number, "creditor": creditor_id, "actor": actor,
        "at": at.astimezone(timezone.get_default_timezone()).isoformat(timespec="microseconds"),
        "name": name, "data": data,
    }  # fmt: skip
    return hashlib.sha256(prev_hash + canonical(body)).digest()


def _lock_stream(stream: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [stream])


def record(
    *, name: str, stream: str, actor: str, at: datetime, data: Mapping[str, Any] | None = None,
    creditor_id: int | None = None,
) -> Event:  # fmt: skip
    """Append one event to its stream inside the caller's transaction.

    Args: name "package.thing_happened"; stream "case:K-…"; actor "user:1", "collector:C-…", "debtor" or "system";
    at the instant of the act; data JSON values without any phone number; creditor_id whose evidence it is.
    Serialised per stream by an advisory lock, so numbers have no gaps. Raises TransactionManagementError outside a
    transaction, because a lock that ends at once orders nothing.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("record() belongs inside the transaction of the act")
    _lock_stream(stream)
    last = Event.objects.filter(stream=stream).order_by("-number").values_list("number", "hash").first()
    number, prev = (last[0] + 1, bytes(last[1])) if last else (1, ZERO_HASH)
    clean = json.loads(canonical(data or {}))
    event = Event.objects.create(
        stream=stream, number=number, prev_hash=prev, creditor_id=creditor_id, actor=actor, at=at, name=name,
        data=clean,
        hash=event_hash(
            stream=stream, number=number, prev_hash=prev, creditor_id=creditor_id, actor=actor, at=at, name=name,
            data=clean,
        ),
    )  # fmt: skip
    _owe([event])
    return event


@dataclass(frozen=True, slots=True)
class First:
    """The first event of a stream that is made in the same transaction."""

    stream: str
    data: Mapping[str, Any]


def record_firsts(
    firsts: Iterable[First], *, name: str, actor: str, at: datetime, creditor_id: int | None
) -> list[Event]:
    """Append event number 1 to many new streams in one statement; the unique number refuses a stream that exists.

    Bulk starts owe no deliveries: record one summary event for the whole batch beside them.
    """
    rows = []
    for first in firsts:
        clean = json.loads(canonical(first.data))
        digest = event_hash(
            stream=first.stream, number=1, prev_hash=ZERO_HASH, creditor_id=creditor_id, actor=actor, at=at,
            name=name, data=clean,
        )  # fmt: skip
        rows.append(
            Event(
                stream=first.stream, number=1, prev_hash=ZERO_HASH, hash=digest, creditor_id=creditor_id, actor=actor,
                at=at, name=name, data=clean,
            )
        )  # fmt: skip
    return list(copy_in(rows))


@dataclass(frozen=True, slots=True)
class Entry:
    """One stream's next event among many of one name."""

    stream: str
    data: Mapping[str, Any]
    creditor_id: int | None


def record_many(entries: Iterable[Entry], *, name: str, actor: str, at: datetime) -> list[Event]:
    """Append one event to each of many different streams in four statements, otherwise like `record`.

    A few hundred at a time: every stream takes a lock of the server's limited table.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("record_many() belongs inside the transaction of the act")
    ordered = sorted(entries, key=lambda entry: entry.stream)
    streams = [entry.stream for entry in ordered]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(s, 0)) FROM unnest(%s::text[]) AS s", [streams])
    newest = Event.objects.filter(stream__in=streams).order_by("stream", "-number").distinct("stream")
    found = newest.values_list("stream", "number", "hash")
    lasts = {stream: (number, bytes(digest)) for stream, number, digest in found}
    rows = []
    for entry in ordered:
        number, prev = lasts.get(entry.stream, (0, ZERO_HASH))
        body: dict[str, Any] = {
            "stream": entry.stream, "number": number + 1, "prev_hash": prev, "creditor_id": entry.creditor_id,
            "actor": actor, "at": at, "name": name, "data": json.loads(canonical(entry.data)),
        }  # fmt: skip
        rows.append(Event(hash=event_hash(**body), **body))
    events = Event.objects.bulk_create(rows)
    _owe(events)
    return events


def _owe(events: list[Event]) -> None:
    rows = [Delivery(event=event, handler=key) for event in events for key in handlers_of(event.name)]
    if rows:
        Delivery.objects.bulk_create(rows)
        transaction.on_commit(_announce, robust=True)


def _announce() -> None:
    # by name: the task imports this module
    current_app.send_task("core.tasks.sweep_outbox", ignore_result=True)


def run_pending(*, limit: int = 500) -> int:
    """Run waiting deliveries oldest first, each in its own transaction; returns how many completed.

    Rows are taken with SKIP LOCKED, so several workers share them; a failure is stored and tried again later
    (5 s times the number of attempts, an hour at most), so nothing owed is ever lost.
    """
    done = 0
    failed: list[int] = []
    for _turn in range(limit):
        with transaction.atomic():
            row = _next_waiting(failed)
            if row is None:
                break
            if _run(row):
                done += 1
            else:
                failed.append(row.pk)
    return done


def _next_waiting(failed: list[int]) -> Delivery | None:
    due = Delivery.objects.filter(handled_at__isnull=True).exclude(pk__in=failed)
    due = due.exclude(next_try_at__gt=timezone.now())
    return due.select_for_update(skip_locked=True, of=("self",)).select_related("event").order_by("pk").first()


def _run(row: Delivery) -> bool:
    entry = _handlers.get(row.handler)
    row.attempts += 1
    try:
        with transaction.atomic():
            if entry is not None:
                entry[1](row.event)
    except Exception as error:
        row.last_error = type(error).__name__[:200]
        row.next_try_at = timezone.now() + timedelta(seconds=min(5 * row.attempts, 3600))
        row.save(update_fields=["attempts", "last_error", "next_try_at"])
        return False
    row.handled_at = timezone.now()
    row.last_error = ""
    row.save(update_fields=["attempts", "handled_at", "last_error"])
    return True


def verify_stream(stream: str) -> int | None:
    """Recompute the chain of a stream; returns the number of the first event that does not fit, or None when whole."""
    prev, expected = ZERO_HASH, 1
    for event in Event.objects.filter(stream=stream).order_by("number").iterator():
        digest = event_hash(
            stream=event.stream, number=event.number, prev_hash=prev, creditor_id=event.creditor_id,
            actor=event.actor, at=event.at, name=event.name, data=event.data,
        )  # fmt: skip
        if event.number != expected or bytes(event.prev_hash) != prev or bytes(event.hash) != digest:
            return event.number
        prev, expected = digest, expected + 1
    return None
