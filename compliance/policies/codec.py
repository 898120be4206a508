"""Turns JSON objects into frozen dataclasses and back, strictly: an unknown or mistyped key is an error.

Strictness is a safety property here: a misspelt stop ("flags.ceese") must fail loudly, never pass as "no stop".
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime, time
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


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
    try:
        return kind(**found)
    except TypeError as problem:
        raise FactsError(f"{where}: {problem}") from problem


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
        slots[key] = _Slot(field.name, key, default, own or _reader(hints[field.name]), own is not None)
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
    return types.MappingProxyType({str(key): str(item) for key, item in value.items()})


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
    return instant


def _read_time(value: object, where: str) -> time:
    try:
        return time.fromisoformat(str(value))
    except ValueError as problem:
        raise FactsError(f"{where}: not a time of day: {value!r}") from problem


_SCALARS: dict[Any, Callable[[Any, str], Any]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    datetime: _read_instant,
    date: read_date,
    time: _read_time,
}
