"""Checks a parsed document against the part of JSON Schema that the packs' schema uses.

Known: type, enum, const, pattern, properties, required, additionalProperties (false or a schema), items, minItems,
minimum, $ref to #/$defs. Anything else in a schema is an error, so that no constraint is silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "boolean": bool,
    "date": date,
}
_KEYWORDS = frozenset(
    {"type", "enum", "const", "pattern", "properties", "required", "additionalProperties", "items", "minItems"}
    | {"minimum", "$ref", "$defs", "$schema", "title", "description"}
)


def problems(value: object, schema: Mapping[str, Any], root: Mapping[str, Any], where: str) -> Iterator[str]:
    """Every way in which `value` breaks `schema`, each with its path. `root` is the document `$ref` points into."""
    if unknown := set(schema) - _KEYWORDS:
        yield f"{where}: the schema uses an unknown keyword {sorted(unknown)[0]!r}"
        return
    if "$ref" in schema:
        yield from problems(value, root["$defs"][schema["$ref"].rpartition("/")[2]], root, where)
        return
    wanted = schema.get("type")
    if wanted and (not isinstance(value, _TYPES[wanted]) or (wanted == "integer" and isinstance(value, bool))):
        yield f"{where}: expected {wanted}, got {value!r}"
        return
    yield from _scalar_problems(value, schema, where)
    if isinstance(value, dict):
        yield from _object_problems(value, schema, root, where)
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where}: needs at least {schema['minItems']} item(s)"
        for index, item in enumerate(value):
            yield from problems(item, schema.get("items", {}), root, f"{where}[{index}]")


def _scalar_problems(value: object, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of {', '.join(map(str, schema['enum']))}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: must be {schema['const']!r}"
    if "pattern" in schema and not re.fullmatch(schema["pattern"], str(value)):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if "minimum" in schema and isinstance(value, int) and value < schema["minimum"]:
        yield f"{where}: {value} is below {schema['minimum']}"


def _object_problems(
    value: dict[str, Any], schema: Mapping[str, Any], root: Mapping[str, Any], where: str
) -> Iterator[str]:
    known = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name!r} is missing"
    for name, item in value.items():
        extra = schema.get("additionalProperties", True)
        if name in known:
            yield from problems(item, known[name], root, f"{where}.{name}")
        elif extra is False:
            yield f"{where}: {name!r} is not a known key"
        elif isinstance(extra, Mapping):
            yield from problems(item, extra, root, f"{where}.{name}")
