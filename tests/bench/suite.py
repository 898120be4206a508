"""What is measured, against what, and the goal of each: the ratios of the performance page."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
from django.db import connection
from django.test import Client

from compliance.gate import authorise
from compliance.services.claiming import claim_case
from core.events import record
from insight.selectors.dashboard import dashboard
from marketplace import states
from marketplace.models import Task
from marketplace.selectors import board
from marketplace.selectors.filters import BoardFilters
from payments import ledger
from tests import databases
from tests.bench.measure import Line, in_turns, replayed, seconds, statements, undone
from tests.bench.world import REGIONS, World
from tests.factories import START, make_collector, make_member

PLACED = (
    "marketplace_batchrow", "marketplace_person", "marketplace_debtor", "marketplace_contactpoint", "marketplace_debt",
    "marketplace_case", "core_event",
)  # fmt: skip
FILTERS = BoardFilters(state="NY", bucket="30-59")


class Suite:
    """The measurements in their order: the early ones make the rows of the later ones."""

    def __init__(self, *, rows: int, rounds: int, claimers: int) -> None:
        self.rows, self.rounds, self.claimers = rows, rounds, claimers
        self.world = World()
        self.session = databases.connect(connection.settings_dict["NAME"])

    def run(self) -> Iterator[Line]:
        yield self.placement()
        self._publish()
        small = self.search("search, filtered", FILTERS)
        yield small
        yield self.search("search, whole board", BoardFilters())
        yield self.page()
        self.world.place(self.rows * 4, 2)
        self._publish()
        yield self.growth(small)
        yield self.gate()
        yield self.claims()
        yield self.ledger()
        yield self.event()
        yield self.dashboard()
        yield self.poll()

    def _publish(self) -> None:
        """List what was placed; the tables' statistics are then those of a server that has run for a while."""
        self.world.publish()
        self.session.execute("ANALYZE")

    def placement(self) -> Line:
        """A file with a verdict a row, sealed and searched for duplicates, against COPY of the rows it made."""
        ours = seconds(lambda: self.world.place(self.rows, 1))
        made = {table: _copied_out(self.session, table) for table in PLACED}
        for table in PLACED:
            self.session.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")
        bare = min(seconds(partial(self._copy_in, made)) for _turn in range(3))
        return Line(f"place {self.rows:,} accounts", ours * 1000, "COPY of the rows", bare * 1000, ours / bare, goal=10)

    def _copy_in(self, made: dict[str, bytes]) -> None:
        with self.session.transaction(force_rollback=True):
            for table, rows in made.items():
                with self.session.cursor().copy(f"COPY bench_{table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(rows)

    def search(self, what: str, filters: BoardFilters) -> Line:
        ours = partial(board.search, collector=self.world.collector, filters=filters, at=START)
        return self._against_its_sql(f"{what}, {Task.objects.count():,} tasks", ours, goal=2)

    def page(self) -> Line:
        """The rendered page against the selector."""
        client = Client()
        client.force_login(self.world.collector.user)
        selector = partial(board.search, collector=self.world.collector, filters=FILTERS, at=START)
        shown = partial(_ok, client, "/find/?state=NY&bucket=30-59")
        return in_turns("search as a page", shown, "the selector", selector, goal=4, rounds=self.rounds)

    def growth(self, small: Line) -> Line:
        """The same search on five times as many tasks."""
        large = self.search("", FILTERS)
        return Line(
            "search on five times the board", large.ours_ms, "on the small one", small.ours_ms,
            large.ours_ms / small.ours_ms, goal=1.5,
        )  # fmt: skip

    def gate(self) -> Line:
        """A decision with its permit, on facts read under the person's lock."""
        first, second = Task.objects.filter(state=states.OPEN).select_related("case__org").order_by("pk")[:2]
        decide = partial(authorise, channel="call", actor="collector:bench", at=START)
        decide(case=first.case)  # the first decision keeps the packs' text for all that follow
        ours = partial(decide, case=second.case)
        return self._against_its_sql("one contact decision", undone(ours), goal=1 / 0.3)

    def claims(self) -> Line:
        """Many claimers at once, each a task of its own, against the guarded UPDATE and the INSERT alone."""
        collectors = [make_collector(regions=REGIONS, live_limit=100) for _each in range(self.claimers)]
        refs = Task.objects.filter(state=states.OPEN, amount_band__lte=2).order_by("pk").values_list("ref", flat=True)
        waiting = iter(list(refs[: self.claimers * (self.rounds + 1)]))
        with ThreadPoolExecutor(self.claimers) as pool:
            ours = partial(self._all_claim, pool, collectors, waiting)
            self.session.execute("CREATE TABLE bench_task AS SELECT * FROM marketplace_task")
            self.session.execute("CREATE UNIQUE INDEX ON bench_task (ref)")
            self.session.execute("CREATE TABLE bench_claim (task text PRIMARY KEY, collector bigint)")
            bare_refs = itertools.cycle([row[0] for row in self.session.execute("SELECT ref FROM bench_task")])
            keys = itertools.count()
            limit = partial(self._all_claim_bare, pool, bare_refs, keys)
            line = in_turns(
                f"{self.claimers} claims at once", ours, "UPDATE and INSERT alone", limit, goal=1 / 0.35,
                rounds=self.rounds,
            )  # fmt: skip
            list(pool.map(lambda _n: connection.close(), range(self.claimers)))
        return line

    def _all_claim(self, pool: ThreadPoolExecutor, collectors: list[Any], waiting: Iterator[str]) -> None:
        pairs = [(collector, next(waiting)) for collector in collectors]
        list(pool.map(lambda pair: claim_case(case_ref=pair[1], collector=pair[0], at=START), pairs))

    def _all_claim_bare(self, pool: ThreadPoolExecutor, refs: Iterator[str], keys: Iterator[int]) -> None:
        pairs = [(next(refs), next(keys)) for _each in range(self.claimers)]
        list(pool.map(lambda pair: _claim_bare(*pair), pairs))

    def ledger(self) -> Line:
        """One balanced entry of three postings."""
        keys = itertools.count()
        lines = [(ledger.wallet(self.world.org.pk), 1504), (ledger.accrued("C-BENCH"), -1053), ("R.commission", -451)]

        def ours() -> None:
            ledger.post(key=f"bench:{next(keys)}", kind="7", at=START, currency="USD", lines=lines)

        ours()
        return self._against_its_sql("one ledger entry", undone(ours), goal=2)

    def event(self) -> Line:
        """One event at the end of its chain."""
        ours = partial(record, name="bench.done", stream="bench:1", actor="system", at=START, data={"turn": 1})
        return self._against_its_sql("one event", undone(ours), goal=None)

    def dashboard(self) -> Line:
        ours = partial(dashboard, org=self.world.org, slug=self.world.programme.slug, at=START)
        ours()
        return self._against_its_sql("dashboard", ours, goal=None)

    def poll(self) -> Line:
        """An unchanged dashboard's poll, against the page that says nothing but who is signed in."""
        client = Client()
        client.force_login(make_member(self.world.org))
        base = f"/c/programme/{self.world.programme.slug}/"
        version = dashboard(org=self.world.org, slug=self.world.programme.slug, at=START).version
        unchanged = partial(_status, client, f"{base}live/?v={version}", 204)
        return in_turns(
            "poll, nothing new", unchanged, "the whole page", partial(_ok, client, base), goal=None, rounds=self.rounds
        )

    def _against_its_sql(self, what: str, ours: Callable[[], object], *, goal: float | None) -> Line:
        sql = statements(ours)
        limit = f"its {len(sql)} statements" if len(sql) > 1 else "its statement"
        return in_turns(what, ours, limit, replayed(sql, self.session), goal=goal, rounds=self.rounds * 5)


_own = threading.local()


def _claim_bare(ref: str, key: int) -> None:
    if not hasattr(_own, "session"):
        _own.session = databases.connect(connection.settings_dict["NAME"])
    with _own.session.transaction():
        _own.session.execute("UPDATE bench_task SET state = 'CLAIMED' WHERE ref = %s AND state <> 'NEVER'", [ref])
        _own.session.execute("INSERT INTO bench_claim VALUES (%s, %s)", [f"{ref}-{key}", key])


def _copied_out(session: psycopg.Connection[Any], table: str) -> bytes:
    with session.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
        return b"".join(bytes(part) for part in copy)


def _ok(client: Client, path: str) -> None:
    _status(client, path, 200)


def _status(client: Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
