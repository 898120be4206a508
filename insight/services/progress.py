"""The creditor's progress rows: marked when an event touches a programme, refreshed at most once a second each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone

from compliance.models import ContactAttempt, Refusal
from core import clock
from core.models import Event
from insight.models import ProgressRow
from marketplace.bands import BUCKETS
from marketplace.local import market_day
from marketplace.models import Case, Programme, Promise
from payments.models import Payment

# Real time: how often one programme's row may be worked out again.
AT_MOST_EVERY = timedelta(seconds=1)


def touch(event: Event) -> None:
    """Event handler: mark the programme of a case's (or programme's) stream and refresh it unless it was just done."""
    programme_id = _programme_of(event.stream)
    if programme_id is None:
        return
    mark(programme_id)
    row = ProgressRow.objects.get(pk=programme_id)
    if row.refreshed_at is None or timezone.now() - row.refreshed_at >= AT_MOST_EVERY:
        refresh(programme_id=programme_id, at=clock.now())


def _programme_of(stream: str) -> int | None:
    kind, _, name = stream.partition(":")
    if kind == "programme":
        return int(name)
    if kind != "case":
        return None
    return Case.objects.filter(ref=name).values_list("programme_id", flat=True).first()


def mark(programme_id: int) -> None:
    """Note that a programme's row is out of date; claims and calls never wait on it."""
    org_id = Programme.objects.values_list("org_id", flat=True).get(pk=programme_id)
    row, made = ProgressRow.objects.get_or_create(
        programme_id=programme_id, defaults={"org_id": org_id, "dirty_since": timezone.now()}
    )
    if not made and row.dirty_since is None:
        ProgressRow.objects.filter(pk=programme_id, dirty_since__isnull=True).update(dirty_since=timezone.now())


def refresh_dirty(*, at: datetime) -> int:
    """Refresh every row that is out of date; returns how many."""
    due = list(
        ProgressRow.objects.filter(dirty_since__isnull=False).order_by("dirty_since").values_list("pk", flat=True)
    )
    for programme_id in due:
        refresh(programme_id=programme_id, at=at)
    return len(due)


def refresh(*, programme_id: int, at: datetime) -> None:
    """Work out one programme's figures. The version rises only when they changed, so an unchanged poll stays a 204.

    The mark is taken away before reading: what commits meanwhile marks the row again.
    """
    with transaction.atomic():
        row = ProgressRow.objects.select_for_update().get(pk=programme_id)
        ProgressRow.objects.filter(pk=programme_id).update(dirty_since=None)
        data = figures(programme_id, at=at)
        changed = row.data != data
        ProgressRow.objects.filter(pk=programme_id).update(
            data=data, refreshed_at=timezone.now(), version=F("version") + (1 if changed else 0)
        )


def figures(programme_id: int, *, at: datetime) -> dict[str, Any]:
    """Everything the dashboard shows, as JSON values; money in minor units of the programme's currency."""
    programme = Programme.objects.get(pk=programme_id)
    cases = Case.objects.filter(programme=programme)
    money = _recovered(programme_id)
    totals = cases.aggregate(cases=Count("pk"), placed=Sum("placed_minor"))
    return {
        "currency": programme.currency,
        "cases": totals["cases"],
        "placed_minor": totals["placed"] or 0,
        "recovered_minor": sum(money.values()),
        "states": dict(cases.values_list("state").annotate(n=Count("pk")).order_by("state")),
        "funnel": _funnel(cases, programme_id),
        "ageing": _ageing(programme, money, at),
        "refused": list(
            Refusal.objects.filter(case__programme=programme).values("rule").annotate(n=Count("pk")).order_by("-n")[:5]
        ),
        "promises": _promises(programme_id),
        "activity": _latest(programme_id),
    }


def _recovered(programme_id: int) -> dict[int, int]:
    """Reported money by case, net of reversals."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.case_id, sum(p.amount_minor) - coalesce(sum(r.back), 0)
              FROM payments_payment p JOIN marketplace_case c ON c.id = p.case_id
              LEFT JOIN LATERAL (SELECT sum(principal_minor + interest_minor + fees_minor) AS back
                                   FROM payments_reversal WHERE payment_id = p.id) r ON true
             WHERE c.programme_id = %s GROUP BY p.case_id
            """,
            [programme_id],
        )
        return {case_id: int(net) for case_id, net in cursor.fetchall()}


def _funnel(cases: Any, programme_id: int) -> dict[str, int]:
    attempts = ContactAttempt.objects.filter(case__programme=programme_id)
    reached = attempts.filter(outcomes__answered_by="right_party")
    return {
        "placed": cases.count(),
        "contacted": attempts.values("case").distinct().count(),
        "right_party": reached.values("case").distinct().count(),
        "promise": Promise.objects.filter(case__programme=programme_id).values("case").distinct().count(),
        "paid": Payment.objects.filter(case__programme=programme_id)
        .exclude(state="REVERSED")
        .values("case")
        .distinct()
        .count(),
    }


def _ageing(programme: Programme, money: dict[int, int], at: datetime) -> list[dict[str, Any]]:
    """Open cases by age bucket: how many, what is still due, and what was recovered on them."""
    today = market_day(at)
    table = {
        bucket.key: {"bucket": bucket.key, "cases": 0, "balance_minor": 0, "recovered_minor": 0} for bucket in BUCKETS
    }
    rows = Case.objects.filter(programme=programme).values_list(
        "pk", "state", "debt__delinquency_date", "debt__principal_due_minor", "debt__interest_due_minor",
        "debt__fees_due_minor",
    )  # fmt: skip
    for pk, state, since, *due in rows.iterator(chunk_size=5000):
        days = (today - since).days
        bucket = next((b for b in BUCKETS if b.high is None or days <= b.high), BUCKETS[-1])
        line = table[bucket.key]
        line["recovered_minor"] += money.get(pk, 0)
        if state != "CLOSED":
            line["cases"] += 1
            line["balance_minor"] += sum(due)
    return list(table.values())


def _promises(programme_id: int) -> dict[str, int]:
    rows = Promise.objects.filter(case__programme=programme_id)
    return {
        "open": rows.filter(state__in=["ACTIVE", "VERIFYING", "SUSPENDED"]).count(),
        "kept": rows.filter(state="KEPT").count(),
        "broken": rows.filter(state="BROKEN").count(),
    }


def _latest(programme_id: int) -> list[dict[str, Any]]:
    """The newest events of the programme's cases, for the activity list (named and worded when shown)."""
    org_id = Programme.objects.values_list("org_id", flat=True).get(pk=programme_id)
    recent = Event.objects.filter(Q(creditor_id=org_id), stream__startswith="case:").exclude(name="case.placed")
    found: list[dict[str, Any]] = []
    for event in recent.order_by("-id")[:60]:
        if _programme_of(event.stream) == programme_id:
            found.append(_line(event))
        if len(found) == 12:
            break
    return found


def _line(event: Event) -> dict[str, Any]:
    who = event.actor.split(":")[0]
    return {
        "id": event.pk, "case": event.stream.removeprefix("case:"), "name": event.name, "at": event.at.isoformat(),
        "data": event.data, "actor": who,
    }  # fmt: skip
