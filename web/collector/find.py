"""Find: the board by filters that are the address, one offer, and the claim."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import is_working
from compliance.services.claiming import claim_case
from core import clock
from marketplace.bands import AMOUNT_BANDS, BUCKETS
from marketplace.errors import CaseTaken
from marketplace.placement.regions import US_STATES
from marketplace.selectors import board
from marketplace.selectors.filters import DEFAULT_SORT, SORTS, BoardFilters
from web.access import CollectorRequest, collector_required, no_store

MOST = 200
_SORT_WORDS = {"newest": "Newest", "rate": "Best rate", "amount": "Largest", "age": "Oldest debt"}


def _address(filters: BoardFilters, sort: str, cursor: str = "") -> str:
    parts = [filters.to_query()]
    if sort != DEFAULT_SORT:
        parts.append(urlencode({"sort": sort}))
    if cursor:
        parts.append(urlencode({"cursor": cursor}))
    query = "&".join(part for part in parts if part)
    return f"{reverse('collector:find')}{'?' + query if query else ''}"


def _chips(filters: BoardFilters, sort: str) -> list[dict[str, Any]]:
    """The filters one reaches for, as links that set or clear them."""
    chips = [_chip(_("I may claim"), filters, sort, mine=True)]
    for key in ("30-59", "60-89"):
        chips.append(_chip(next(b.label for b in BUCKETS if b.key == key), filters, sort, bucket=key))
    chips.append(_chip(_("15 % and more"), filters, sort, min_rate_bps=1500))
    return chips + _standing(filters, sort)


def _standing(filters: BoardFilters, sort: str) -> list[dict[str, Any]]:
    """A chip for each filter set by hand, to take it away."""
    band = AMOUNT_BANDS[filters.amount].label("USD") if filters.amount is not None else ""
    words = {
        "state": filters.state,
        "area": filters.area,
        "amount": band,
        "lang": filters.lang,
        "product": filters.product,
    }
    return [_chip(label, filters, sort, **{name: getattr(filters, name)}) for name, label in words.items() if label]


def _chip(label: str, filters: BoardFilters, sort: str, **wanted: Any) -> dict[str, Any]:
    is_on = all(getattr(filters, name) == value for name, value in wanted.items())
    empty = {field.name: field.default for field in fields(BoardFilters)}
    target = replace(filters, **({name: empty[name] for name in wanted} if is_on else wanted))
    return {"label": label, "url": _address(target, sort), "is_on": is_on, "count": None, "icon": ""}


@require_GET
@collector_required
def find(request: CollectorRequest) -> HttpResponse:
    """Search the board. The address is the search; pages go on by keys, so rows never repeat or vanish between them."""
    at, collector = clock.now(), request.collector
    filters = BoardFilters.from_query(request.GET)
    sort = request.GET.get("sort", DEFAULT_SORT)
    sort = sort if sort in SORTS else DEFAULT_SORT
    page = board.search(
        collector=collector, filters=filters, at=at, sort=sort, cursor=request.GET.get("cursor", "")[:200]
    )
    count = board.count_up_to(collector=collector, filters=filters, at=at, most=MOST)
    context = {
        "rows": page.rows, "filters": filters, "chips": _chips(filters, sort), "sort": sort,
        "count": count, "count_words": f"{MOST}+" if count >= MOST else str(count), "bands": AMOUNT_BANDS,
        "buckets": BUCKETS, "regions": sorted(US_STATES), "is_working": is_working(collector, at),
        "sorts": [
            {"key": key, "label": _(words), "url": _address(filters, key), "is_on": key == sort}
            for key, words in _SORT_WORDS.items()
        ],
        "previous_url": _address(filters, sort, page.prev) if page.prev else "",
        "next_url": _address(filters, sort, page.next) if page.next else "", "section": "find",
        "clear_url": reverse("collector:find"), "is_filtered": bool(filters.to_query()),
    }  # fmt: skip
    return render(request, "collector/find.html", context)


@require_GET
@collector_required
def offer(request: CollectorRequest, ref: str) -> HttpResponse:
    """One task before it is claimed: bands, pay, what is needed."""
    at = clock.now()
    found = board.offer(collector=request.collector, ref=ref, at=at)
    band = AMOUNT_BANDS[found.row.amount_band]
    context = {
        "offer": found, "row": found.row, "section": "find", "earn": _earn(band, found.row.rate_bps),
        "similar": [] if found.is_open else board.similar(collector=request.collector, ref=ref, at=at),
    }  # fmt: skip
    return render(request, "collector/offer.html", context)


def _earn(band: Any, rate_bps: int) -> tuple[int, int] | None:
    """What paying all of it would earn, from and to, in minor units; None for an open band."""
    if band.up_to is None:
        return None
    return band.over * rate_bps // 100, band.up_to * rate_bps // 100


@require_POST
@collector_required
def claim(request: CollectorRequest, ref: str) -> HttpResponse:
    """Claim a task. Somebody else being first is answered with similar ones, not with an error."""
    at = clock.now()
    try:
        made = claim_case(case_ref=ref, collector=request.collector, at=at)
    except CaseTaken as taken:
        similar = board.similar(collector=request.collector, ref=ref, at=at)
        context = {"error": taken, "similar": similar, "section": "find"}
        return render(request, "collector/taken.html", context, status=taken.http_status)
    return no_store(redirect("collector:case", ref=made.case.ref))
