"""Find: the board by filters that are the address, one offer, and the claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts.access import is_working
from accounts.errors import NotLicensedHere
from accounts.models import Collector
from compliance.services.claiming import claim_case
from core import clock
from marketplace.errors import AboveYourBand, CaseTaken, ClaimLimitReached
from marketplace.models import Case
from marketplace.selectors import board
from marketplace.selectors.board import BoardRow
from marketplace.selectors.filters import DEFAULT_SORT, SORTS, BoardFilters
from marketplace.services.claims import FIRST_ACTION, LEASE
from marketplace.states import LIVE_CLAIM
from web.access import CollectorRequest, collector_required, no_store, sent_from
from web.collector.board_form import SORT_WORDS, BoardForm, address, chips, earned_range, language_name

MOST = 200


@dataclass(frozen=True, slots=True)
class OfferedRow:
    """A row of the board with what it would earn, in minor units, and its language in words."""

    row: BoardRow
    earn_from: int
    earn_to: int | None
    language: str


def _offered(rows: list[BoardRow]) -> list[OfferedRow]:
    return [OfferedRow(row, *earned_range(row), language_name(row.language)) for row in rows]


@require_GET
@collector_required
def find(request: CollectorRequest) -> HttpResponse:
    """Search the board. The address is the search; pages go on by keys, so rows never repeat or vanish between them."""
    at, collector = clock.now(), request.collector
    filters = BoardFilters.from_query(request.GET)
    sort = request.GET.get("sort", DEFAULT_SORT)
    sort = sort if sort in SORTS else DEFAULT_SORT
    cursor = request.GET.get("cursor", "")[:200]
    page = board.search(collector=collector, filters=filters, at=at, sort=sort, cursor=cursor)
    count = board.count_up_to(collector=collector, filters=filters, at=at, most=MOST)
    filter_chips = chips(filters, sort)
    context = {
        "rows": _offered(page.rows), "filters": filters, "filter_form": BoardForm(filters), "sort": sort,
        "chips": filter_chips, "removable": [chip for chip in filter_chips if chip["is_on"]],
        "count_words": _count_words(count), "is_working": is_working(collector, at), "collector": collector,
        "sorts": [
            {"label": words, "url": address(filters, key), "is_on": key == sort} for key, words in SORT_WORDS.items()
        ],
        "previous_url": address(filters, sort, page.prev) if page.prev else "",
        "next_url": address(filters, sort, page.next) if page.next else "",
        "clear_url": reverse("collector:find"), "section": "find",
    }  # fmt: skip
    return no_store(render(request, "collector/find.html", context))


def _count_words(count: int) -> str:
    shown = f"{MOST}+" if count >= MOST else str(count)
    return ngettext("%(n)s task matches", "%(n)s tasks match", count) % {"n": shown}


@require_GET
@collector_required
def offer(request: CollectorRequest, ref: str) -> HttpResponse:
    """One task before it is claimed: bands, pay, what is needed."""
    at, collector = clock.now(), request.collector
    found = board.offer(collector=collector, ref=ref, at=at)
    if not found.is_open and (held := _held(collector, ref)):
        return no_store(redirect("collector:case", ref=held))
    others = [] if found.is_open else board.similar(collector=collector, ref=ref, at=at)
    context = {
        "offer": found, "row": found.row, "offered": _offered([found.row])[0], "similar": _offered(others),
        "lease_days": LEASE.days, "first_hours": FIRST_ACTION.days * 24, "collector": collector, "section": "find",
        "has_room": collector.live_claims < collector.live_limit,
    }  # fmt: skip
    return no_store(render(request, "collector/offer.html", context, status=200 if found.is_open else 410))


def _held(collector: Collector, ref: str) -> str:
    """The case behind a task that this collector claimed himself; "" when he did not."""
    mine = collector.claims.filter(task__ref=ref, state__in=LIVE_CLAIM).select_related("case").first()
    return mine.case.ref if mine else ""


def _held_cases(collector: Collector) -> list[Case]:
    live = collector.claims.filter(state__in=LIVE_CLAIM).select_related("case__debtor", "case__org")
    return [held.case for held in live.order_by("pk")]


@collector_required
@sent_from("collector:offer", "ref")
def claim(request: CollectorRequest, ref: str) -> HttpResponse:
    """Claim a task. Whoever comes second sees similar ones; other refusals say what stands in the way."""
    at, collector = clock.now(), request.collector
    try:
        made = claim_case(case_ref=ref, collector=collector, at=at)
    except (CaseTaken, ClaimLimitReached, AboveYourBand, NotLicensedHere) as refusal:
        held = _held(collector, ref)
        if isinstance(refusal, CaseTaken) and held:  # the second tap of a double tap
            return no_store(redirect("collector:case", ref=held))
        is_limit = isinstance(refusal, ClaimLimitReached)
        similar: list[Any] = [] if is_limit else board.similar(collector=collector, ref=ref, at=at)
        context = {
            "error": refusal, "similar": _offered(similar), "is_limit": is_limit,
            "is_taken": isinstance(refusal, CaseTaken), "section": "find",
            "held": _held_cases(collector) if is_limit else [], "limit": collector.live_limit,
        }  # fmt: skip
        return no_store(render(request, "collector/not_claimed.html", context, status=refusal.http_status))
    return no_store(redirect("collector:case", ref=made.case.ref))
