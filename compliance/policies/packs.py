"""Policy packs: versioned data files with the rules of one law or house policy, validated and compiled when loaded.

A pack file is TOML. `[groups]` names lists that rules refer to as "@name". A rule has an id, a kind, its source, a
phase, the contacts it is for (channels, targets, purposes) and the kind's parameters. Rules stand in the order of
evaluation. A pack's own `except_targets` are people none of its rules is about.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from compliance.policies import schema
from compliance.policies.kinds import CHECKS, TELLS
from compliance.policies.paths import UnknownFactError
from compliance.policies.question import Check, Params, Tell

PACKS_DIR = Path(__file__).resolve().parent.parent / "packs"
SCHEMA_FILE = "pack.schema.json"
ENFORCING = "enforcing"

PHASES = (
    "asset",
    "person",
    "third_party",
    "medium",
    "address_basis",
    "precondition",
    "place",
    "time",
    "frequency",
    "content",
    "authority",
)
"""The fixed order in which stops are told: nobody hears "try at eight" about a bankrupt debtor."""


class PackError(ValueError):
    """A pack file cannot be used. The message names the file and every problem in it."""


@dataclass(frozen=True)
class Rule:
    """One compiled rule. Empty `channels`, `targets` or `purposes` mean all.

    `always`: evaluated even where only other packs are asked for. `one_response`: the one answer to a contact by the
    person passes. `say`: what the collector reads; `advice`: what can be done about it.
    """

    id: str
    kind: str
    phase: str
    source: str
    say: str
    advice: str = ""
    verdict: str = "deny"
    always: bool = False
    one_response: bool = False
    channels: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    except_targets: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    except_purposes: frozenset[str] = frozenset()
    params: Params = field(default_factory=dict, compare=False, repr=False)
    check: Check | None = field(default=None, compare=False, repr=False)
    tell: Tell | None = field(default=None, compare=False, repr=False)

    def is_for(self, channel: str, target: str, purpose: str | None) -> bool:
        """Is this rule for a contact of this channel, target and purpose?"""
        return (
            (not self.channels or channel in self.channels)
            and (not self.targets or target in self.targets)
            and target not in self.except_targets
            and (not self.purposes or purpose in self.purposes)
            and purpose not in self.except_purposes
        )


@dataclass(frozen=True, eq=False)
class Pack:
    """A policy pack. `rank` orders packs within a phase; `digest` is a hash of the content, for the version record.

    `countries`: where it is the law, so that it is in force for everybody who lives there, named or not.
    """

    pack_id: str
    version: str
    effective_from: date
    status: str
    title: str
    rank: int
    digest: str
    rules: tuple[Rule, ...]
    countries: frozenset[str] = frozenset()


def load_packs(folder: Path = PACKS_DIR) -> dict[str, Pack]:
    """Load and compile every pack file of a folder, by pack id in rank order. Raises PackError."""
    root = json.loads((folder / SCHEMA_FILE).read_text("utf-8"))
    found: dict[str, Pack] = {}
    for path in sorted(folder.glob("*.toml")):
        pack = _load(path, root)
        if pack.pack_id in found:
            raise PackError(f"{path.name}: pack {pack.pack_id} is defined twice")
        found[pack.pack_id] = pack
    return dict(sorted(found.items(), key=lambda item: (item[1].rank, item[0])))


def select_packs(packs: Mapping[str, Pack], names: Iterable[str]) -> tuple[Pack, ...]:
    """The named packs, and of every other pack only the rules marked `always`.

    That is what "only these packs are evaluated" means: a pack's caps and courtesies apply where the pack is in force,
    but the few floor rules (the person is dead or a child, we do not know their time, they asked us to stop) do not
    depend on which law applies. Raises KeyError for a pack that is not loaded: an unknown pack never means "no rules".
    """
    wanted = set(names)
    if missing := wanted - set(packs):
        raise KeyError(sorted(missing)[0])
    chosen = [pack if name in wanted else floor_of(pack) for name, pack in packs.items()]
    return tuple(pack for pack in chosen if pack.rules)


def floor_of(pack: Pack) -> Pack:
    """The pack reduced to the rules that always apply."""
    return replace(pack, rules=tuple(rule for rule in pack.rules if rule.always))


def enforcing(packs: Iterable[Pack], on: date) -> tuple[Pack, ...]:
    """Those packs whose decisions bind on that day."""
    return tuple(pack for pack in packs if pack.status == ENFORCING and pack.effective_from <= on)


def shadowing(packs: Iterable[Pack], on: date) -> tuple[Pack, ...]:
    """Those packs whose decisions are only recorded on that day."""
    return tuple(pack for pack in packs if pack.status == "shadow" and pack.effective_from <= on)


def rules_of_kind(packs: Iterable[Pack], kind: str) -> tuple[Rule, ...]:
    """Every rule of a kind, in pack and file order."""
    return tuple(rule for pack in packs for rule in pack.rules if rule.kind == kind)


def _load(path: Path, root: Mapping[str, Any]) -> Pack:
    raw = path.read_bytes()
    try:
        document = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise PackError(f"{path.name}: {problem}") from problem
    groups = document.get("groups", {})
    skipped = document.get("except_targets", [])
    rules = [
        _resolve(
            {**rule, "except_targets": [*skipped, *rule.get("except_targets", [])]},
            groups,
            f"{path.name}: rules[{index}]",
        )
        for index, rule in enumerate(document.get("rules", []))
    ]
    found = list(schema.problems({**document, "rules": rules}, root, root, path.name))
    found = found or [text for index, rule in enumerate(rules) for text in _rule_problems(rule, root, path.name, index)]
    found = found or _order_problems(rules, path.name)
    if found:
        raise PackError("\n".join(found))
    return Pack(
        pack_id=document["pack_id"],
        version=document["version"],
        effective_from=document["effective_from"],
        status=document["status"],
        title=document["title"],
        rank=document["rank"],
        digest=hashlib.sha256(json.dumps(document, sort_keys=True, default=str).encode()).hexdigest(),
        rules=tuple(_compile(rule, path.name) for rule in rules),
        countries=frozenset(document.get("countries", [])),
    )


def _resolve(value: object, groups: Mapping[str, list[str]], where: str) -> Any:
    """Replace "@name" items of lists by the group's members, at any depth."""
    if isinstance(value, dict):
        return {key: _resolve(item, groups, where) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    items: list[Any] = []
    for item in value:
        if isinstance(item, str) and item.startswith("@"):
            if item[1:] not in groups:
                raise PackError(f"{where}: no group {item!r}")
            items.extend(groups[item[1:]])
        else:
            items.append(_resolve(item, groups, where))
    return items


def _rule_problems(rule: Mapping[str, Any], root: Mapping[str, Any], name: str, index: int) -> Iterable[str]:
    where = f"{name}: rules[{index}] ({rule['id']})"
    own = root["$defs"].get(f"params_{rule['kind']}")
    if own is None:
        yield f"{where}: no kind {rule['kind']!r}"
        return
    yield from schema.problems(rule.get("params", {}), own, root, f"{where}.params")


def _order_problems(rules: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    found, seen, last = [], set(), 0
    for rule in rules:
        place = PHASES.index(rule["phase"])
        if place < last:
            found.append(f"{name}: {rule['id']}: phase {rule['phase']} stands after {PHASES[last]}")
        if rule["id"] in seen:
            found.append(f"{name}: {rule['id']} is defined twice")
        last = max(place, last)
        seen.add(rule["id"])
    return found


def _compile(rule: Mapping[str, Any], name: str) -> Rule:
    params, kind = rule.get("params", {}), rule["kind"]
    lists = ("channels", "targets", "except_targets", "purposes", "except_purposes")
    plain: dict[str, Any] = {key: value for key, value in rule.items() if key != "params"}
    plain.update({key: frozenset(rule[key]) for key in lists if key in rule})
    try:
        check = CHECKS[kind](params) if kind in CHECKS else None
        tell = TELLS[kind](params) if kind in TELLS else None
        say = rule["say"].format(**{key: value for key, value in params.items() if isinstance(value, str | int)})
    except (UnknownFactError, ValueError, KeyError) as problem:
        raise PackError(f"{name}: {rule['id']}: {problem}") from problem
    return Rule(**{**plain, "say": say}, params=params, check=check, tell=tell)
