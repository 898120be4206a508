"""The state of a call leg as a pure fold over what was observed about it.

Provider callbacks arrive late, twice, out of order or not at all. The state of a leg is therefore the *greatest* of
everything observed, under one total order. The greatest element of a set does not depend on the order or on how often
its members are seen, so a leg can be folded one callback at a time, from several workers, and give one answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

REQUESTED: Final = "requested"
UNKNOWN: Final = "unknown"
QUEUED: Final = "queued"
INITIATED: Final = "initiated"
RINGING: Final = "ringing"
ANSWERED: Final = "answered"
BRIDGED: Final = "bridged"
LOST: Final = "lost"
BUSY: Final = "busy"
NO_ANSWER: Final = "no_answer"
CANCELED: Final = "canceled"
FAILED: Final = "failed"
COMPLETED: Final = "completed"

RANK: Final[dict[str, int]] = {
    REQUESTED: 0,
    UNKNOWN: 1,
    QUEUED: 2,
    INITIATED: 3,
    RINGING: 4,
    ANSWERED: 5,
    BRIDGED: 6,
    # Our own guess when the provider stays silent: below every real ending, so that a late one corrects it.
    LOST: 9,
    BUSY: 10,
    NO_ANSWER: 10,
    CANCELED: 10,
    FAILED: 10,
    COMPLETED: 11,
}
TERMINAL: Final[frozenset[str]] = frozenset(state for state, rank in RANK.items() if rank >= RANK[LOST])


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing seen about one leg.

    ``leg`` is any stable name of the leg (our token or the provider's id), ``state`` a key of ``RANK``, ``seq`` the
    provider's own numbering (-1 when it gave none), ``duration_s`` the seconds since the answer. An unknown state
    raises ``ValueError``.
    """

    leg: str
    state: str
    seq: int = -1
    duration_s: int = 0

    def __post_init__(self) -> None:
        if self.state not in RANK:
            raise ValueError(f"not a leg state: {self.state!r}")


@dataclass(frozen=True, slots=True)
class LegState:
    """What is known about a leg after any number of observations; starts as ``requested``."""

    state: str = REQUESTED
    seq: int = -1
    duration_s: int = 0

    @property
    def rank(self) -> int:
        return RANK[self.state]

    @property
    def is_terminal(self) -> bool:
        return self.state in TERMINAL

    def order(self) -> tuple[int, int, str, int]:
        """The total order: rank, then the provider's numbering, then the name so that ties fall the same way."""
        return (self.rank, self.seq, self.state, self.duration_s)


def advance(current: LegState, seen: Observation) -> LegState:
    """``current`` after ``seen``: the greater of the two. Commutative, associative and idempotent."""
    candidate = LegState(seen.state, seen.seq, seen.duration_s)
    return max(current, candidate, key=LegState.order)


def fold(observations: Iterable[Observation]) -> dict[str, LegState]:
    """The state of every leg named in ``observations``, whatever their order and however often each is repeated."""
    legs: dict[str, LegState] = {}
    for seen in observations:
        legs[seen.leg] = advance(legs.get(seen.leg, LegState()), seen)
    return legs
