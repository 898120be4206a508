"""The board: what a vetted collector sees of open work. Bands only; no name, no phone, no street, no exact balance.

Whether anything is seen at all is computed from `at`, so an expired vetting empties the board with no job run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Abs

from accounts.access import is_working, licensed_regions
from accounts.errors import NotVetted
from accounts.models import Collector
from core.errors import NotFound
from marketplace import states
from marketplace.bands import AMOUNT_BANDS, bucket_of, is_within_cap
from marketplace.local import market_day
from marketplace.models import Note, Task
from marketplace.outcomes import RESULTS
from marketplace.places import region_key, region_name
from marketplace.selectors.filters import DEFAULT_SORT, SORTS, BoardFilters
from marketplace.selectors.pages import Page, page_of

__all__ = ["SORTS", "BoardFilters", "BoardRow", "Offer", "Page", "count_up_to", "offer", "search", "similar"]

PAGE_SIZE = 25
# An area is named only when this many open cases share it with the row's age bucket and amount band.
CROWD = 5
# A cap is kept in minor units of two decimals.
_CAP_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One task as anybody vetted may see it. `area` is the region's name where too few cases share the city.

    `rate_bps` is the collector's part of recovered principal and interest; `last_result` a class of outcomes or "".
    """

    ref: str
    kind: str
    country: str
    region: str
    area: str
    is_area_widened: bool
    currency: str
    amount_band: int
    amount: str
    bucket: str
    age: str
    language: str
    product: str
    rate_bps: int
    listed_on: date
    last_result: str
    is_licensed: bool
    is_within_cap: bool

    @property
    def can_claim(self) -> bool:
        """Whether licence and tier allow it. A band across the cap counts as above; the claim looks at the balance."""
        return self.is_licensed and self.is_within_cap


def _open() -> QuerySet[Task]:
    return Task.objects.filter(state=states.OPEN)


def _claimable(tasks: QuerySet[Task], collector: Collector, regions: frozenset[str]) -> QuerySet[Task]:
    places = Q(pk__in=[])
    for key in sorted(regions):
        country, _dash, region = key.partition("-")
        places |= Q(country=country, region__in=[region, key])
    fitting = [b.index for b in AMOUNT_BANDS if is_within_cap(b.index, _CAP_CURRENCY, collector.amount_cap_minor)]
    return tasks.filter(places, amount_band__in=fitting)


def _searched(
    *, collector: Collector, filters: BoardFilters, regions: frozenset[str], today: date
) -> QuerySet[Task]:  # fmt: skip
    tasks = filters.apply(_open(), today=today)
    return _claimable(tasks, collector, regions) if filters.mine else tasks


def search(
    *, collector: Collector, filters: BoardFilters, at: datetime, sort: str = DEFAULT_SORT, cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[BoardRow]:  # fmt: skip
    """The open tasks that match `filters`, exactly, one page in the order of `sort` (newest, rate, amount, age).

    A collector who may not work at `at` sees an empty page. Five queries, however many rows.
    """
    if not is_working(collector, at):
        return Page([])
    regions, today = licensed_regions(collector, at), market_day(at)
    tasks = _searched(collector=collector, filters=filters, regions=regions, today=today)
    key = SORTS.get(sort, SORTS[DEFAULT_SORT])
    page = page_of(tasks.defer("board_text"), key=key, cursor=cursor, size=size)
    return Page(_rows(page.rows, collector=collector, regions=regions, today=today), next=page.next, prev=page.prev)


def count_up_to(*, collector: Collector, filters: BoardFilters, at: datetime, most: int = 1000) -> int:
    """How many tasks match, counted to `most` at the most, so that a large board costs no more than a small one."""
    if not is_working(collector, at):
        return 0
    regions = licensed_regions(collector, at)
    tasks = _searched(collector=collector, filters=filters, regions=regions, today=market_day(at))
    return tasks[:most].count()


def _rows(tasks: Sequence[Task], *, collector: Collector, regions: frozenset[str], today: date) -> list[BoardRow]:
    if not tasks:
        return []
    crowded, results = _crowded(tasks, today), _last_results(tasks)
    return [
        _row(
            task, collector=collector, regions=regions, today=today, last_result=results.get(task.case_id, ""),
            is_crowded=task.pk in crowded,
        )
        for task in tasks
    ]  # fmt: skip


# Each row looks for its fifth neighbour in the index and stops there, so a full board costs no more than a small one.
_CROWDED = """
SELECT shown.id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[], %s::date[], %s::date[])
  AS shown(id, kind, country, region, area, band, oldest, newest)
WHERE EXISTS (
  SELECT FROM marketplace_task near
  WHERE near.state = %s AND near.kind = shown.kind AND near.country = shown.country AND near.region = shown.region
    AND near.area = shown.area AND near.amount_band = shown.band
    AND near.delinquency_date BETWEEN shown.oldest AND shown.newest
  OFFSET %s
)
"""


def _crowded(tasks: Sequence[Task], today: date) -> set[int]:
    """Those of `tasks` whose area, amount band and age bucket at least CROWD open cases share."""
    columns = zip(*(_alike(task, today) for task in tasks), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_CROWDED, [*map(list, columns), states.OPEN, CROWD - 1])
        return {pk for (pk,) in cursor.fetchall()}


def _alike(task: Task, today: date) -> tuple[object, ...]:
    """What a case must share with the task to count as its neighbour; the bucket as first and last day."""
    oldest, newest = bucket_of((today - task.delinquency_date).days).since(today)
    place = (task.country, task.region, task.area, task.amount_band)
    return (task.pk, task.kind, *place, oldest or date.min, newest or date.max)


def _last_results(tasks: Sequence[Task]) -> dict[int, str]:
    notes = Note.objects.filter(case__in=[task.case_id for task in tasks])
    newest = notes.order_by("case", "-at", "-pk").distinct("case").values_list("case", "result")
    return {case: RESULTS[result].outcome.value for case, result in newest if result in RESULTS}


def _row(
    task: Task, *, collector: Collector, regions: frozenset[str], today: date, last_result: str, is_crowded: bool
) -> BoardRow:
    bucket = bucket_of((today - task.delinquency_date).days)
    return BoardRow(
        ref=task.ref, kind=task.kind, country=task.country, region=task.region, currency=task.currency,
        area=task.area if is_crowded else region_name(task.country, task.region), is_area_widened=not is_crowded,
        amount_band=task.amount_band, amount=AMOUNT_BANDS[task.amount_band].label(task.currency), bucket=bucket.key,
        age=bucket.label, language=task.language, product=task.product, rate_bps=task.rate_bps,
        listed_on=market_day(task.listed_at), last_result=last_result,
        is_licensed=region_key(task.country, task.region) in regions,
        is_within_cap=is_within_cap(task.amount_band, task.currency, collector.amount_cap_minor),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """One task's page: its row, and whether it can still be claimed."""

    row: BoardRow
    is_open: bool


def offer(*, collector: Collector, ref: str, at: datetime) -> Offer:
    """The offer with this task reference, open or gone. Raises NotVetted, and NotFound when there is none."""
    if not is_working(collector, at):
        raise NotVetted()
    task = Task.objects.defer("board_text").filter(ref=ref).first()
    if task is None:
        raise NotFound()
    regions, today = licensed_regions(collector, at), market_day(at)
    return Offer(_rows([task], collector=collector, regions=regions, today=today)[0], task.state == states.OPEN)


def similar(*, collector: Collector, ref: str, at: datetime, limit: int = 3) -> list[BoardRow]:
    """Open tasks like the one that is gone: same region, nearest amount band, newest first; none for the unvetted."""
    gone = Task.objects.filter(ref=ref).first()
    if gone is None or not is_working(collector, at):
        return []
    near = _open().filter(country=gone.country, region=gone.region).exclude(pk=gone.pk)
    near = near.annotate(distance=Abs(F("amount_band") - Value(gone.amount_band))).defer("board_text")
    regions, today = licensed_regions(collector, at), market_day(at)
    found = list(near.order_by("distance", "-listed_at", "-pk")[:limit])
    return _rows(found, collector=collector, regions=regions, today=today)
