"""One contact put to the rules: the facts, and what several rules derive from them, computed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from operator import attrgetter
from typing import Any

from compliance.policies import zones
from compliance.policies.facts import IN, OUT, RESPONSE, Facts, LogEntry


@dataclass(frozen=True)
class Breach:
    """A rule that forbids the contact. `until`: before this instant time alone cannot lift it; None: an event must."""

    until: datetime | None = None


class Question:
    """Facts with lazily derived values. A check receives it together with the instant that is asked about."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.now = facts.now.astimezone(UTC)
        self.person = facts.person
        names = dict.fromkeys((*facts.tz.address, *facts.tz.phone))
        found = [zones.zone(name) for name in names]
        self.zones_known = bool(found) and None not in found
        known: list[tzinfo] = [place for place in found if place is not None]
        # A letter may go to somebody whose zone is unknown: count its days in the offset of the question itself.
        self.zones: Sequence[tzinfo] = known or [facts.now.tzinfo or UTC]
        self.debts = self.grouped(facts.debts)
        self._dates: dict[tzinfo, list[date]] = {}
        # What a way of counting picked from the log: several rules count alike.
        self.counted: dict[Hashable, Sequence[int]] = {}

    def grouped(self, debts: Sequence[str]) -> frozenset[str]:
        """Debts by the group they count with."""
        groups = self.facts.debt_groups
        return frozenset(groups.get(debt, debt) for debt in debts) if groups else frozenset(debts)

    @cached_property
    def log(self) -> Sequence[LogEntry]:
        """Contacts up to the question's instant, oldest first."""
        now = self.now
        return sorted([entry for entry in self.facts.log if entry.at <= now], key=attrgetter("at"))

    @cached_property
    def entry_debts(self) -> Sequence[frozenset[str]]:
        """The grouped debts of each log entry."""
        return [self.grouped(entry.debts) for entry in self.log]

    def dates(self, place: tzinfo) -> Sequence[date]:
        """The local day of each log entry."""
        found = self._dates.get(place)
        if found is None:
            found = self._dates[place] = [entry.at.astimezone(place).date() for entry in self.log]
        return found

    @cached_property
    def is_one_response(self) -> bool:
        """Is this the one answer that a contact by the person allows, through the medium the person used?"""
        facts = self.facts
        if facts.purpose != RESPONSE:
            return False
        incoming = [entry for entry in self.log if entry.direction == IN and entry.person == self.person]
        if incoming and incoming[-1].channel != facts.channel:
            return False
        if facts.responses_since_inbound is not None:
            return facts.responses_since_inbound == 0
        return bool(incoming) and not any(
            entry.direction == OUT and entry.person == self.person and entry.channel == facts.channel
            for entry in self.log
            if entry.at > incoming[-1].at
        )


Check = Callable[[Question, datetime], Breach | None]
"""A compiled rule: does it forbid the contact if made at this instant (UTC, not before the question's own)?"""

Tell = Callable[[Question, datetime], Sequence[str]]
"""What must be said in the contact if made at this instant."""

Params = dict[str, Any]
"""A rule's parameters as validated by the schema."""
