"""Runs conformance cases through the policies: what a case expects against what the rules say.

"Only these packs are evaluated" is read as `packs.select_packs` does it: the packs a case names, and of all other packs
the few floor rules that do not depend on which law applies. So a case for one law alone still meets "this person is a
minor", but not another pack's caps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from compliance.policies import zones
from compliance.policies.decide import decide
from compliance.policies.disclose import Message, check_message
from compliance.policies.explain import explain
from compliance.policies.facts import CHANNELS, CONSUMER, Facts, FactsError, from_json
from compliance.policies.packs import Pack, select_packs
from compliance.policies.validation import validation_period


@dataclass(frozen=True)
class Case:
    """One conformance case as read from a file."""

    id: str
    facts: Mapping[str, Any]
    expect: Mapping[str, Any]
    note: str = ""


@dataclass(frozen=True)
class Answer:
    """What an evaluator says: `values` are compared with the case's expectation, `detail` is for the reader."""

    values: Mapping[str, Any]
    detail: Mapping[str, Any] = field(default_factory=dict)


Evaluator = Callable[[Case], Answer | None]
"""Answers a case, or None when it does not cover it."""


@dataclass(frozen=True)
class CaseResult:
    """The outcome for one case: `passed`, `failed` or `not covered`, with what was expected and what came."""

    case: Case
    outcome: str
    actual: Mapping[str, Any]
    detail: Mapping[str, Any]


PASSED, FAILED, NOT_COVERED = "passed", "failed", "not covered"


def read_case(value: object) -> Case:
    """A case from its JSON object. Raises FactsError, saying what is wrong, when it has no id, facts or expectation."""
    if not isinstance(value, Mapping):
        raise FactsError(f"a case is an object with id, facts and expect, not {value!r:.60}")
    name = value.get("id")
    if not isinstance(name, str | int) or name == "":
        raise FactsError(f"a case has no id: {dict(value)!r:.80}")
    for key in ("facts", "expect"):
        if not isinstance(value.get(key), Mapping):
            raise FactsError(f"case {name}: {key!r} is missing or not an object")
    return Case(str(name), value["facts"], value["expect"], str(value.get("note") or ""))


def run_case(case: Case, evaluator: Evaluator) -> CaseResult:
    """Put one case to an evaluator and compare. Facts that cannot be read are a failure, not "not covered".

    Whatever nonsense a case holds, the cases after it are still run.
    """
    try:
        answer = evaluator(case)
    except FactsError as problem:
        return CaseResult(case, FAILED, {"error": str(problem)}, {})
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as problem:
        return CaseResult(case, FAILED, {"error": f"the facts make no sense ({problem})"}, {})
    if answer is None:
        return CaseResult(case, NOT_COVERED, {}, {})
    matches = all(_same(wanted, answer.values.get(key)) for key, wanted in case.expect.items())
    return CaseResult(case, PASSED if matches else FAILED, answer.values, answer.detail)


def policy_evaluator(packs: Mapping[str, Pack]) -> Evaluator:
    """The evaluator that asks the pure policies, for the operations and packs they cover."""
    operations: dict[str, Callable[[Case], Answer | None]] = {
        "contact": lambda case: _contact(case, packs),
        "validation_end": lambda case: _validation_end(case, packs),
        "disclose": lambda case: _disclose(case, packs),
    }

    def evaluate(case: Case) -> Answer | None:
        operation = operations.get(str(case.facts.get("op", "contact")))
        return operation(case) if operation else None

    return evaluate


def _contact(case: Case, packs: Mapping[str, Pack]) -> Answer | None:
    names = case.facts.get("packs") or list(packs)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise FactsError(f"facts.packs: expected a list of pack ids, got {names!r}")
    channel = case.facts.get("channel") or "call"
    if set(names) - set(packs) or (isinstance(channel, str) and channel not in CHANNELS):
        return None
    facts = from_json(case.facts)
    decision = decide(facts, select_packs(packs, names))
    values = {
        "decision": decision.verdict,
        "rule": decision.rule,
        "retry_at": _as_asked(facts, decision.retry_at),
    }
    reasons = [f"{denial.rule_id}: {denial.say} [{denial.source}]" for denial in decision.denials]
    detail = {"reasons": reasons, "disclosures": list(decision.disclosures), "text": explain(decision).text}
    return Answer(values, detail)


def _validation_end(case: Case, packs: Mapping[str, Pack]) -> Answer:
    try:
        sent = date.fromisoformat(str(case.facts.get("sent")).partition("T")[0])
    except ValueError as problem:
        raise FactsError(f"facts.sent: {problem}") from problem
    period = validation_period(sent, packs.values())
    values = {
        "decision": "value",
        "rule": period.rule,
        "receipt": period.receipt.isoformat(),
        "end": period.end.isoformat(),
    }
    return Answer(values)


def _disclose(case: Case, packs: Mapping[str, Pack]) -> Answer:
    facts = case.facts
    message = Message(str(facts.get("kind")), tuple(facts.get("content") or ()), str(facts.get("target") or CONSUMER))
    verdict = check_message(message, packs.values())
    return Answer({"decision": verdict.decision, "rule": verdict.rule}, {"parts": list(verdict.parts)})


def _as_asked(facts: Facts, instant: datetime | None) -> str | None:
    """An instant in the zone the question was asked in: the candidate zone with its offset, else that offset."""
    if instant is None:
        return None
    offset: timedelta | None = facts.now.utcoffset()
    for name in (*facts.tz.address, *facts.tz.phone):
        place = zones.zone(name)
        if place is not None and facts.now.astimezone(place).utcoffset() == offset:
            return instant.astimezone(place).isoformat()
    return instant.astimezone(facts.now.tzinfo).isoformat()


def same_instant(one: str | None, other: str | None) -> bool:
    """Do two ISO texts name the same instant, or are both absent?"""
    return _same(one, other)


def _same(wanted: object, actual: object) -> bool:
    if wanted == actual or not (isinstance(wanted, str) and isinstance(actual, str)):
        return bool(wanted == actual)
    try:
        return datetime.fromisoformat(wanted) == datetime.fromisoformat(actual)
    except (ValueError, TypeError):
        return False
