"""Two ways of doing the same work, measured in turns in one run: ours and the bare limit."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

Act = Callable[[], object]


@dataclass(frozen=True)
class Line:
    """One row of the table. `ratio` is ours by the limit in time, so smaller is better; `goal` is its upper bound."""

    what: str
    ours_ms: float
    limit: str
    limit_ms: float
    ratio: float
    goal: float | None

    @property
    def words(self) -> tuple[str, ...]:
        goal = "–" if self.goal is None else f"≤ {self.goal:.3g} ×"
        ok = "–" if self.goal is None else ("yes" if self.ratio <= self.goal else "NO")
        return (
            self.what,
            f"{self.ours_ms:.2f} ms",
            self.limit,
            f"{self.limit_ms:.2f} ms",
            f"{self.ratio:.2f} ×",
            goal,
            ok,
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def seconds(act: Act) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def in_turns(what: str, ours: Act, limit_name: str, limit: Act, *, goal: float | None, rounds: int) -> Line:
    """Medians of `rounds` turns, after one turn of each that does not count; `goal` is None for a plain fact."""
    ours(), limit()
    pairs = [(seconds(ours), seconds(limit)) for _turn in range(rounds)]
    mine, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Line(what, mine * 1000, limit_name, bare * 1000, mine / bare, goal)


def undone(act: Act) -> Act:
    """The act inside a transaction that is rolled back, so that it can be done again."""

    def run() -> None:
        with transaction.atomic():
            act()
            transaction.set_rollback(True)

    return run


def statements(act: Act) -> list[str]:
    """The SQL an act sends, with its values."""
    with CaptureQueriesContext(connection) as seen:
        act()
    skipped = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
    return [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(skipped)]


def replayed(sql: list[str], session: psycopg.Connection[Any]) -> Act:
    """The same statements through psycopg alone, in a transaction that is rolled back."""

    def run() -> None:
        with session.transaction(force_rollback=True):
            cursor = session.cursor()
            for statement in sql:
                cursor.execute(statement)
                if cursor.description:
                    cursor.fetchall()

    return run
