"""Promises that stand, and money: where it is, and why each line is what it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from core import clock
from marketplace.selectors.cases import promises_of
from payments.selectors import earnings
from payments.states import HELD
from web.access import CollectorRequest, collector_required, no_store

PAGE_SIZE = 25


@require_GET
@collector_required
def promises(request: CollectorRequest) -> HttpResponse:
    """Every promise on the collector's cases, next due first."""
    at = clock.now()
    rows = promises_of(collector=request.collector, at=at)
    today = at.astimezone(clock.MARKET_ZONE).date()
    context = {"promises": rows, "today": today, "section": "promises"}
    return no_store(render(request, "collector/promises.html", context))


@require_GET
@collector_required
def page(request: CollectorRequest) -> HttpResponse:
    """Money by state, from the ledger, and every line with its reason."""
    before = request.GET.get("before", "")
    start = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    lines = earnings.lines(collector=request.collector, before=start, limit=PAGE_SIZE + 1)
    shown = lines[:PAGE_SIZE]
    context: dict[str, Any] = {
        "totals": earnings.totals(collector=request.collector), "lines": shown, "section": "earnings",
        "market_zone": clock.MARKET_ZONE, "held_until": _first_end(request), "is_first": start is None,
        "next_url": f"{reverse('collector:earnings')}?before={shown[-1].pk}" if len(lines) > PAGE_SIZE else "",
        "previous_url": reverse("collector:earnings") if start is not None else "",
    }  # fmt: skip
    return no_store(render(request, "collector/earnings.html", context))


def _first_end(request: CollectorRequest) -> datetime | None:
    """When the first holdback is over."""
    held = earnings.lines(collector=request.collector, state=HELD)
    return min((row.expected_at for row in held if row.expected_at), default=None)


@require_GET
@collector_required
def line(request: CollectorRequest, ref: str) -> HttpResponse:
    """One line, down to its postings."""
    found, postings = earnings.line(collector=request.collector, ref=ref)
    context = {"line": found, "postings": postings, "section": "earnings", "market_zone": clock.MARKET_ZONE}
    return no_store(render(request, "collector/earnings_line.html", context))
