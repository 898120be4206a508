"""The decision about one contact: allow, deny or hold, with every reason and the time to try again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from compliance.policies.facts import Facts
from compliance.policies.packs import PHASES, Pack, Rule
from compliance.policies.question import Breach, Question
from compliance.policies.zones import quarter_at_or_after

ALLOW = "allow"
DENY = "deny"
HOLD = "hold"
NO_RULE = "NONE"

# Farther ahead nobody plans a contact; every limit of time in the packs ends well before.
HORIZON = timedelta(weeks=9)


@dataclass(frozen=True)
class Denial:
    """One rule that forbids the contact. `until`: before this, time alone cannot lift it; None: an event must."""

    rule_id: str
    kind: str
    phase: str
    verdict: str
    pack_id: str
    source: str
    say: str
    advice: str
    until: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """A verdict with all its reasons, the deciding one first.

    `rule` is the deciding rule's id, "NONE" for allow. `retry_at`, in the person's first candidate zone, is the first
    quarter hour at which the same contact would be allowed if nothing else happens; None when an event is needed.
    `disclosures` are codes of what must be said. `packs` are the (id, version, digest) that were evaluated.
    """

    verdict: str
    denials: tuple[Denial, ...]
    rule: str
    retry_at: datetime | None
    disclosures: tuple[str, ...]
    packs: tuple[tuple[str, str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """What a permit or refusal stores about its decision."""
        return {
            "verdict": self.verdict,
            "rule": self.rule,
            "rules": [denial.rule_id for denial in self.denials],
            "retry_at": self.retry_at.isoformat() if self.retry_at else None,
            "disclosures": list(self.disclosures),
            "packs": [list(pack) for pack in self.packs],
        }


def decide(facts: Facts, packs: Sequence[Pack]) -> Decision:
    """Put one contact to every rule of the packs (their union; see `packs.select_packs`).

    A deny outranks a hold. Reasons are told in the order of PHASES; within a phase by the packs' rank, within a pack in
    the order of its file. Pure: the same facts and packs always give the same decision.
    """
    question = Question(facts)
    every = _in_order(tuple(packs), facts.channel, facts.target, facts.purpose)
    rules = [item for item in every if not (item[1].one_response and question.is_one_response)]
    found = [
        _denial(pack, rule, breach)
        for pack, rule in rules
        if rule.check is not None and (breach := rule.check(question, question.now)) is not None
    ]
    found.sort(key=lambda denial: denial.verdict != DENY)
    says = [code for _, rule in rules if rule.tell is not None for code in rule.tell(question, question.now)]
    return Decision(
        verdict=found[0].verdict if found else ALLOW,
        denials=tuple(found),
        rule=found[0].rule_id if found else NO_RULE,
        retry_at=_retry_at(question, [rule for _, rule in rules], found),
        disclosures=tuple(dict.fromkeys(says)),
        packs=tuple((pack.pack_id, pack.version, pack.digest) for pack in packs),
    )


@lru_cache(maxsize=1024)
def _in_order(packs: tuple[Pack, ...], channel: str, target: str, purpose: str | None) -> tuple[tuple[Pack, Rule], ...]:
    """The rules for such a contact, in the order in which reasons are told."""
    ranked = sorted(packs, key=lambda pack: pack.rank)
    every = [(pack, rule) for pack in ranked for rule in pack.rules if rule.is_for(channel, target, purpose)]
    return tuple(sorted(every, key=lambda item: PHASES.index(item[1].phase)))


def _denial(pack: Pack, rule: Rule, breach: Breach) -> Denial:
    return Denial(
        rule_id=rule.id,
        kind=rule.kind,
        phase=rule.phase,
        verdict=rule.verdict,
        pack_id=pack.pack_id,
        source=rule.source,
        say=rule.say,
        advice=rule.advice,
        until=breach.until,
    )


def _retry_at(question: Question, rules: Sequence[Rule], found: Sequence[Denial]) -> datetime | None:
    """Jump from one instant, before which some rule cannot pass, to the next, until all pass."""
    ends = [denial.until for denial in found]
    at = question.now
    while ends:
        latest = [end for end in ends if end is not None]
        if len(latest) < len(ends):
            return None
        at = quarter_at_or_after(max(*latest, at + timedelta.resolution))
        if at - question.now > HORIZON:
            return None
        breaches = [rule.check(question, at) for rule in rules if rule.check is not None]
        ends = [breach.until for breach in breaches if breach is not None]
    return at.astimezone(question.zones[0]) if found else None
