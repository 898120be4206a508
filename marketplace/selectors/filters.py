"""What a board search asks for. The address is the search: the same filters always give the same query string."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from urllib.parse import urlencode

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.http import QueryDict

from marketplace.bands import AMOUNT_BANDS, BUCKET_BY_KEY
from marketplace.models import Task
from marketplace.selectors.pages import Key

SORTS: dict[str, Key] = {
    "newest": Key("newest", "listed_at"),
    "rate": Key("rate", "rate_bps"),
    "amount": Key("amount", "amount_band"),
    "age": Key("age", "delinquency_date", is_rising=True),
}
DEFAULT_SORT = "newest"
_MAX_TEXT = 80


@dataclass(frozen=True, slots=True)
class BoardFilters:
    """`amount` is the index of a band, `bucket` the key of an age bucket, `min_rate_bps` the least rate.

    `q` is free text over what the board shows; `mine` keeps to what the collector may claim. Empty means any.
    """

    state: str = ""
    area: str = ""
    amount: int | None = None
    bucket: str = ""
    lang: str = ""
    product: str = ""
    min_rate_bps: int | None = None
    q: str = ""
    mine: bool = False

    @classmethod
    def from_query(cls, query: QueryDict) -> BoardFilters:
        """Read the filters of an address; what is not understood is left out rather than refused."""
        return cls(
            state=_text(query, "state").upper(),
            area=_text(query, "area"),
            amount=_number(query, "amount", len(AMOUNT_BANDS) - 1),
            bucket=_bucket(_text(query, "bucket")),
            lang=_text(query, "lang").lower(),
            product=_text(query, "product"),
            min_rate_bps=_number(query, "min_rate_bps", 10_000),
            q=_text(query, "q"),
            mine=_text(query, "mine") == "1",
        )

    def to_query(self) -> str:
        """The filters as a query string in a fixed order, without what is empty: "state=TX&bucket=30-59"."""
        pairs = [(field.name, getattr(self, field.name)) for field in fields(self)]
        kept = [(name, 1 if value is True else value) for name, value in pairs if not _is_empty(value)]
        return urlencode(kept)

    def apply(self, tasks: QuerySet[Task], *, today: date) -> QuerySet[Task]:
        """Keep the tasks that match every filter; `mine` is the caller's, who knows the collector."""
        exact = {
            "region": self.state, "area": self.area, "amount_band": self.amount, "language": self.lang,
            "product__iexact": self.product, "rate_bps__gte": self.min_rate_bps,
        }  # fmt: skip
        tasks = tasks.filter(**{name: value for name, value in exact.items() if value not in ("", None)})
        if self.bucket:
            tasks = tasks.filter(_due_in(self.bucket, today))
        if self.q:
            tasks = tasks.filter(board_text=SearchQuery(self.q, config="simple"))
        return tasks


def _is_empty(value: str | int | None) -> bool:
    return value is None or value is False or value == ""


def _text(query: QueryDict, name: str) -> str:
    return query.get(name, "").replace("\x00", "").strip()[:_MAX_TEXT]


def _number(query: QueryDict, name: str, most: int) -> int | None:
    text = _text(query, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 and int(text) <= most else None


def _bucket(key: str) -> str:
    # In an address written by hand the plus of "180+" reads as a space.
    key = f"{key}+" if f"{key}+" in BUCKET_BY_KEY else key
    return key if key in BUCKET_BY_KEY else ""


def _due_in(bucket: str, today: date) -> Q:
    earliest, latest = BUCKET_BY_KEY[bucket].since(today)
    due = Q()
    if earliest is not None:
        due &= Q(delinquency_date__gte=earliest)
    if latest is not None:
        due &= Q(delinquency_date__lte=latest)
    return due
