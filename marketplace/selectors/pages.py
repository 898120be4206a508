"""Keyset pages: a page begins after the last row seen, so page 1,000 costs what page 1 costs.

A cursor is opaque: signed, so that nobody can make one, and bound to what it continues.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core import signing
from django.db.models import BooleanField, F, Func, Model, QuerySet, Value
from django.db.models.lookups import GreaterThan, LessThan

Row = TypeVar("Row")
M = TypeVar("M", bound=Model)
_SALT = "marketplace.pages"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows, and the cursors of the pages beside them; None when there is none."""

    rows: list[Row]
    next: str | None = None
    prev: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An order of rows by one column and then the primary key, both falling unless `is_rising`."""

    name: str
    column: str
    is_rising: bool = False


@dataclass(frozen=True, slots=True)
class _Cursor:
    is_back: bool
    value: Any
    pk: int


def _encode(key: Key, row: Model, *, is_back: bool) -> str:
    value = getattr(row, key.column)
    text = value.isoformat() if hasattr(value, "isoformat") else value
    return signing.dumps([key.name, int(is_back), text, row.pk], salt=_SALT)


def _decode(key: Key, text: str, rows: QuerySet[Any]) -> _Cursor | None:
    """The cursor, or None for one that is damaged or belongs to another order: then the first page is shown."""
    try:
        name, is_back, value, pk = signing.loads(text, salt=_SALT)
    except (signing.BadSignature, ValueError):
        return None
    if name != key.name:
        return None
    return _Cursor(bool(is_back), rows.model._meta.get_field(key.column).to_python(value), pk)


def _row_of(*parts: F | Value) -> Func:
    # A row comparison, which PostgreSQL answers from the index even among thousands of equal values.
    return Func(*parts, function="ROW", output_field=BooleanField())


def _beyond(key: Key, cursor: _Cursor) -> LessThan | GreaterThan:
    lookup = GreaterThan if key.is_rising != cursor.is_back else LessThan
    return lookup(_row_of(F(key.column), F("pk")), _row_of(Value(cursor.value), Value(cursor.pk)))


def _ordered(rows: QuerySet[M], key: Key, *, is_back: bool) -> QuerySet[M]:
    sign = "" if key.is_rising != is_back else "-"
    return rows.order_by(f"{sign}{key.column}", f"{sign}pk")


def page_of(rows: QuerySet[M], *, key: Key, cursor: str, size: int) -> Page[M]:
    """One page of `rows` in the order of `key`, in one query. `cursor` is "" for the first page."""
    at = _decode(key, cursor, rows) if cursor else None
    is_back = at is not None and at.is_back
    if at is not None:
        rows = rows.filter(_beyond(key, at))
    found = list(_ordered(rows, key, is_back=is_back)[: size + 1])
    more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    has_next, has_prev = (at is not None, more) if is_back else (more, at is not None)
    if not found:
        return Page([])
    return Page(
        found,
        next=_encode(key, found[-1], is_back=False) if has_next else None,
        prev=_encode(key, found[0], is_back=True) if has_prev else None,
    )
