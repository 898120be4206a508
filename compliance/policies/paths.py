"""Reading facts by dotted path ("flags.cease.form"), so that a pack can name a fact without code."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from datetime import datetime
from typing import Any

from compliance.policies.facts import Facts
from compliance.policies.question import Params, Question

Condition = Callable[[Question, datetime], bool]


class UnknownFactError(ValueError):
    """A pack names a fact that does not exist."""


def reader(path: str) -> Callable[[Facts], Any]:
    """A function that reads the fact at `path`; None where an object on the way is absent. Raises UnknownFactError."""
    names = path.split(".")
    _verify(path, names)

    def read(facts: Facts) -> Any:
        value: Any = facts
        for name in names:
            value = getattr(value, name)
            if value is None:
                return None
        return value

    return read


def condition(spec: Params) -> Condition:
    """Compile one condition of a pack.

    `{path, is: [...]}`: the value is one of these. `{path, known: bool}`: the fact is present or absent.
    `{path, by_now: true}`: the instant is not in the future. `{path, contains: [...]}`: the text contains one of these
    words. Several tests in one condition must all hold. Raises UnknownFactError.
    """
    read = reader(spec["path"])
    tests = [_TESTS[name](operand) for name, operand in spec.items() if name != "path"]

    def holds(question: Question, at: datetime) -> bool:
        value = read(question.facts)
        return all(test(value, at) for test in tests)

    return holds


_TESTS: dict[str, Callable[[Any], Callable[[Any, datetime], bool]]] = {
    "is": lambda options: lambda value, _at: value in options,
    "known": lambda wanted: lambda value, _at: (value is not None) == wanted,
    "by_now": lambda wanted: lambda value, at: (value is None or value <= at) == wanted,
    "contains": lambda words: lambda value, _at: value is not None and any(word in str(value) for word in words),
}


def _verify(path: str, names: list[str]) -> None:
    kind: Any = Facts
    for name in names:
        fields = {field.name for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else set()
        if name not in fields:
            raise UnknownFactError(f"no fact {path!r}: {name!r} is unknown")
        kind = _object_type(typing.get_type_hints(kind)[name])


def _object_type(hint: object) -> object:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return next(item for item in typing.get_args(hint) if item is not types.NoneType)
    return hint
