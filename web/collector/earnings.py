from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core import clock
from marketplace.selectors.cases import promises_of
from payments.selectors import earnings
from web.access import CollectorRequest, collector_required, no_store


@require_GET
@collector_required
def promises(request: CollectorRequest) -> HttpResponse:
    """Every promise on the collector's cases, next due first."""
    rows = promises_of(collector=request.collector, at=clock.now())
    return no_store(render(request, "collector/promises.html", {"promises": rows, "section": "promises"}))


@require_GET
@collector_required
def page(request: CollectorRequest) -> HttpResponse:
    """Money by state, from the ledger, and every line with its reason."""
    before = request.GET.get("before", "")
    lines = earnings.lines(collector=request.collector, before=int(before) if before.isdigit() else None)
    context = {"totals": earnings.totals(collector=request.collector), "lines": lines, "section": "earnings"}
    return no_store(render(request, "collector/earnings.html", context))


@require_GET
@collector_required
def line(request: CollectorRequest, ref: str) -> HttpResponse:
    """One line, down to its postings."""
    found, postings = earnings.line(collector=request.collector, ref=ref)
    context = {"line": found, "postings": postings, "section": "earnings"}
    return no_store(render(request, "collector/earnings_line.html", context))
