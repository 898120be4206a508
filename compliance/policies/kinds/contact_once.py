"""Refuses a second contact with a person who has answered already."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.facts import OUT
from compliance.policies.paths import condition
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """`outcomes`: of an earlier outgoing contact that make it the one contact. `unless`: what allows another."""
    outcomes = frozenset(params["outcomes"])
    unless = [condition(spec) for spec in params.get("unless", [])]

    def check(question: Question, at: datetime) -> Breach | None:
        answered = any(
            entry.direction == OUT and entry.person == question.person and entry.outcome in outcomes
            for entry in question.log
        )
        return Breach() if answered and not any(holds(question, at) for holds in unless) else None

    return check
