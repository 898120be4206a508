"""Turns JSON objects into frozen dataclasses and back, strictly: an unknown or mistyped key is an error.

Strictness is a safety property here: a misspelt stop ("flags.ceese") must fail loudly, never pass as "no stop".
"""

from __future__ import annotations

import calendar
import dataclasses
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")
# Instants and numbers beyond these are slips of the pen, and would overflow a calendar.
_FIRST_DAY, _LAST_DAY = date.fromisoformat("1900-01-01"), date.fromisoformat("2200-01-01")
_FAR = (_LAST_DAY - _FIRST_DAY).days


class FactsError(ValueError):
    """A JSON object is not a well-formed set of facts. The message names the key."""


@dataclasses.dataclass(frozen=True)
class _Slot:
    """How one dataclass field is read from and written to JSON."""

    name: str
    key: str
    default: Any
    read: Callable[[Any, str], Any]
    null_is_a_fact: bool


def decode(kind: type[T], value: object, where: str = "facts") -> T:
    """Build a `kind` from a JSON object; `where` is the path used in error messages.

    `True` stands for an object without details ("attorney": true), null for an absent key. Raises FactsError.
    """
    if value is True:
        value = {}
    if not isinstance(value, Mapping):
        raise FactsError(f"{where}: expected an object, got {value!r}")
    slots = _slots(typing.cast(Hashable, kind))
    unknown = sorted(set(value) - set(slots))
    if unknown:
        raise FactsError(f"{where}: unknown key {unknown[0]!r}")
    found = {
        slots[key].name: slots[key].read(item, f"{where}.{key}")
        for key, item in value.items()
        if item is not None or slots[key].null_is_a_fact
    }
    missing = [key for key, slot in slots.items() if slot.default is dataclasses.MISSING and slot.name not in found]
    if missing:
        raise FactsError(f"{where}: {missing[0]!r} is missing")
    return kind(**found)


def encode(value: object) -> object:
    """The JSON form of a decoded value. Fields at their default are left out."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((slot, getattr(value, slot.name)) for slot in _slots(type(value)).values())
        return {slot.key: encode(item) for slot, item in pairs if item != slot.default}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    return value


@cache
def _slots(kind: Any) -> dict[str, _Slot]:
    hints = typing.get_type_hints(kind)
    slots = {}
    for field in dataclasses.fields(kind):
        key = field.metadata.get("key", field.name)
        default = field.default_factory() if callable(field.default_factory) else field.default
        own = field.metadata.get("read")
        null_is_a_fact = field.metadata.get("null", False)
        slots[key] = _Slot(field.name, key, default, own or _reader(hints[field.name]), null_is_a_fact)
    return slots


def _reader(hint: object) -> Callable[[Any, str], Any]:
    """The function that reads a JSON value of the annotated type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = _reader(next(item for item in arguments if item is not types.NoneType))
        is_object = any(dataclasses.is_dataclass(item) for item in arguments)
        # For an object "false" means the same as absent: there is no dispute, no attorney.
        return lambda value, where: None if value is None or (is_object and value is False) else inner(value, where)
    if origin is tuple:
        item_reader = _reader(arguments[0])
        return lambda value, where: _read_list(value, where, item_reader)
    if origin is Mapping:
        return _read_labels
    if dataclasses.is_dataclass(hint):
        return lambda value, where: decode(typing.cast(type, hint), value, where)
    return _SCALARS[hint]


def _read_list(value: object, where: str, read: Callable[[object, str], object]) -> tuple[object, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise FactsError(f"{where}: expected a list, got {value!r}")
    return tuple(read(item, f"{where}[{index}]") for index, item in enumerate(value))


def _read_labels(value: object, where: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping):
        raise FactsError(f"{where}: expected an object, got {value!r}")
    for key, item in value.items():
        if not isinstance(item, str):
            raise FactsError(f"{where}.{key}: expected str, got {item!r}")
    return types.MappingProxyType(dict(value))


def _read_int(value: object, where: str) -> int:
    if type(value) is not int:
        raise FactsError(f"{where}: expected int, got {value!r:.40}")
    if abs(value) > _FAR:
        raise FactsError(f"{where}: {value!r:.40} is out of range")
    return value


def read_weekdays(value: object, where: str) -> tuple[int, ...]:
    """Days of the week, 0 for Monday. Raises FactsError: a day that does not exist would be a stop that never holds."""
    days = _read_list(value, where, _read_int)
    if any(day not in range(len(calendar.day_name)) for day in days):
        raise FactsError(f"{where}: a day of the week is 0 (Monday) to 6, got {value!r}")
    return typing.cast(tuple[int, ...], days)


def one_of(words: frozenset[str]) -> Callable[[Any, str], str]:
    """A reader of a word that must be one of these; it raises FactsError for any other."""

    def read(value: object, where: str) -> str:
        if not isinstance(value, str) or value not in words:
            raise FactsError(f"{where}: {value!r:.40} is not one of {', '.join(sorted(words))}")
        return value

    return read


def _exactly(kind: type) -> Callable[[Any, str], Any]:
    def read(value: object, where: str) -> object:
        if type(value) is not kind:
            raise FactsError(f"{where}: expected {kind.__name__}, got {value!r}")
        return value

    return read


def read_date(value: object, where: str) -> date:
    """An ISO date, or the date part of an ISO instant as it was written. Raises FactsError."""
    try:
        return date.fromisoformat(str(value).partition("T")[0])
    except ValueError as problem:
        raise FactsError(f"{where}: not a date: {value!r}") from problem


def _read_instant(value: object, where: str) -> datetime:
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as problem:
        raise FactsError(f"{where}: not an instant: {value!r}") from problem
    if instant.tzinfo is None:
        raise FactsError(f"{where}: an instant needs an offset: {value!r}")
    if not _FIRST_DAY <= instant.date() < _LAST_DAY:
        raise FactsError(f"{where}: the year is out of range: {value!r}")
    return instant


def _read_time(value: object, where: str) -> time:
    """A time of day. Midnight at the end of a day has no time of its own; its last minute stands for it."""
    hour, _colon, rest = str(value).partition(":")
    try:
        if hour == "24" and time.fromisoformat(f"00:{rest}") == time.min:
            return time(23, 59)
        clock = time.fromisoformat(str(value))
    except ValueError as problem:
        raise FactsError(f"{where}: not a time of day: {value!r}") from problem
    if clock.tzinfo is not None:
        raise FactsError(f"{where}: a time of day has no offset, it is the person's own: {value!r}")
    return clock


_SCALARS: dict[Any, Callable[[Any, str], Any]] = {
    str: _exactly(str),
    int: _read_int,
    bool: _exactly(bool),
    datetime: _read_instant,
    date: read_date,
    time: _read_time,
}
