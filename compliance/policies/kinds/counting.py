"""Which earlier contacts a frequency rule counts. Shared by the frequency kinds; not a kind of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

from compliance.policies.question import Breach, Params, Question

Select = Callable[[Question], Sequence[int]]
"""Positions in the question's log of the contacts that count, oldest first, whatever their day and debt."""


def build(params: Params) -> Select:
    """`channels`, `directions`: of contacts that count. `outcomes`: only these count; `ignored_outcomes`: these do not.

    `wrong_outcomes`: outcomes that prove a number not to be the person's; all contacts with that number drop out.
    """
    channels, directions = frozenset(params["channels"]), frozenset(params["directions"])
    only = frozenset(params["outcomes"]) if "outcomes" in params else None
    ignored = frozenset(params.get("ignored_outcomes", ()))
    wrong = frozenset(params.get("wrong_outcomes", ()))

    key = (channels, directions, only, ignored, wrong)

    def select(question: Question) -> Sequence[int]:
        found = question.counted.get(key)
        if found is None:
            found = question.counted[key] = pick(question)
        return found

    def pick(question: Question) -> Sequence[int]:
        dropped = {entry.number for entry in question.log if entry.outcome in wrong and entry.number is not None}
        return [
            position
            for position, entry in enumerate(question.log)
            if entry.person == question.person
            and entry.channel in channels
            and entry.direction in directions
            and entry.outcome not in ignored
            and entry.outcome not in wrong
            and (only is None or entry.outcome in only)
            and entry.number not in dropped
        ]

    return select


def latest(question: Question, per_debt: bool, until: Callable[[str | None, tzinfo], datetime | None]) -> Breach | None:
    """The strictest answer of `until` over the contact's debts (or over all at once) and the candidate zones."""
    debts: Sequence[str | None] = sorted(question.debts) if per_debt and question.debts else [None]
    ends = [end for debt in debts for zone in question.zones if (end := until(debt, zone)) is not None]
    return Breach(max(ends)) if ends else None


def about(question: Question, positions: Sequence[int], debt: str | None) -> Sequence[int]:
    """Those positions whose contact was about the debt, or named none."""
    if debt is None:
        return positions
    named = question.entry_debts
    return [position for position in positions if not named[position] or debt in named[position]]
