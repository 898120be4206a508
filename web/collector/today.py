"""Today: the cases in hand, those that may be contacted first, the others with their reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import is_working
from calling.selectors import call_without_result
from compliance.gate import Preview, preview
from compliance.hours import call_hours
from core import clock
from core.money import Money
from marketplace.local import zones_of
from marketplace.selectors.cases import HeldCase, todays_list
from payments.selectors import earnings
from web.access import CollectorRequest, collector_required, no_store
from web.formatting import amount


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case of the queue with what the gate would say now."""

    held: HeldCase
    gate: Preview
    zone: ZoneInfo
    local_now: datetime
    closes: time | None

    @property
    def is_promise_due(self) -> bool:
        promise = self.held.promise
        return promise is not None and promise.due_date <= self.local_now.date()

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was done on it yet."""
        return self.held.claim.first_action_due_at is not None


def _week(rows: list[QueueRow], today: date) -> list[dict[str, Any]]:
    """Monday to Sunday of this week, with the number of promises due each day."""
    due = Counter(row.held.promise.due_date for row in rows if row.held.promise)
    monday = today - timedelta(days=today.weekday())
    days = [monday + timedelta(days=n) for n in range(7)]
    return [{"day": one, "is_today": one == today, "due": due[one]} for one in days]


def _opens(row: QueueRow) -> tuple[bool, datetime]:
    """Those that open by themselves first, the soonest at the top."""
    opens = row.gate.retry_at
    return opens is None, opens or row.local_now


@require_GET
@collector_required
def today(request: CollectorRequest) -> HttpResponse:
    """The queue. Somebody not (or no longer) vetted sees what to do about it instead."""
    at, collector = clock.now(), request.collector
    local = at.astimezone(clock.MARKET_ZONE)
    held = todays_list(collector=collector, at=at)
    gates = preview(cases=[row.case for row in held], at=at)
    rows = []
    for row in held:
        zone = zones_of(row.case.debtor)[0]
        hours = call_hours(row.case)
        rows.append(QueueRow(row, gates[row.case.pk], zone, at.astimezone(zone), hours[1] if hours else None))
    now = [row for row in rows if row.gate.is_open]
    money = earnings.totals(collector=collector)
    stats = [
        {"label": _("To call now"), "value": len(now)},
        {"label": _("Promises"), "value": sum(row.held.promise is not None for row in rows)},
        {"label": _("Available"), "value": amount(Money(money.available_minor, money.currency)), "tone": "accent"},
    ]
    context = {
        "day": local.date(), "count": len(rows), "week": _week(rows, local.date()), "now": now, "stats": stats,
        "later": sorted((row for row in rows if not row.gate.is_open), key=_opens),
        "is_working": is_working(collector, at), "collector": collector, "owed": call_without_result(collector),
        "room": max(collector.live_limit - len(rows), 0), "section": "today",
    }  # fmt: skip
    return no_store(render(request, "collector/today.html", context))
