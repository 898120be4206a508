"""`DATABASE_URL` and `REDIS_URL`: the whole product on a PostgreSQL and a Redis server of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from config import supervisor
from tests.e2e.papers import portfolio
from tests.e2e.stack import Stack, running
from tests.infra.servers import postgres_server, redis_server
from tests.infra.visitor import Visitor

pytestmark = pytest.mark.slow


class Place:
    """A running product and the two servers it was told to use."""

    def __init__(self, stack: Stack, database: str, broker: str) -> None:
        self.stack, self.database, self.broker = stack, database, broker

    def row(self, query: str) -> tuple[Any, ...]:
        with psycopg.connect(self.database) as connection:
            found = connection.execute(query).fetchone()
            assert found is not None
            return found

    def wait_for(self, query: str, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while not self.row(query)[0]:
            assert time.monotonic() < deadline, query
            time.sleep(0.2)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    var = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        database, broker = stack.enter_context(postgres_server()), stack.enter_context(redis_server())
        product = stack.enter_context(running(var, DATABASE_URL=database, REDIS_URL=broker))
        yield Place(product, database, broker)


def test_a_case_is_claimed_called_and_written_up_on_servers(place: Place) -> None:
    """Board, claim, gate, masked call, webhooks, result; then the worker tells the dashboard, through Redis."""
    collector = Visitor(place.stack.site)
    collector.sign_in("collector@example.com")
    offer = re.search(r'href="(/find/T-[^"]+)"', collector.open("/find/?mine=1"))
    assert offer
    collector.open(offer[1])
    claim = re.search(r'action="(/case/[^"]+/claim/)"', collector.html)
    assert claim
    collector.send(claim[1])
    case = collector.url.removeprefix(place.stack.site)
    collector.send(f"{case}call/")
    call = collector.url.removeprefix(place.stack.site)
    assert "/call/" in call
    place.wait_for("SELECT count(*) FROM calling_call WHERE bridged_at IS NOT NULL")
    collector.open(call)
    collector.send(f"{call}end/")
    place.wait_for("SELECT count(*) FROM calling_call WHERE ended_at IS NOT NULL")
    collector.open(call)
    assert "/wrap/" in collector.url
    collector.send("", result="TALKED", text="Asked for the papers")
    assert place.row("SELECT result FROM marketplace_note") == ("TALKED",)
    # the outbox is emptied by the worker, which only Redis can have woken
    place.wait_for("SELECT count(*) = 0 FROM core_delivery WHERE handled_at IS NULL")
    place.wait_for("SELECT sum((data->'gate'->>'asked')::int) = 1 FROM insight_progressrow")


def test_nothing_is_kept_beside_the_servers(place: Place) -> None:
    assert not (place.stack.var / "pg").exists()
    assert not (place.stack.var / "broker").exists()
    assert not (place.stack.var / "cache").exists()
    stranger = Visitor(place.stack.site)
    stranger.open("/accounts/login/")
    with pytest.raises(AssertionError):
        stranger.sign_in("nobody@example.com")
    with redis.Redis.from_url(place.broker) as server:
        kept = [key.decode() for key in server.scan_iter()]
    assert any(key.startswith("_kombu.") for key in kept), kept
    assert any("allauth" in key for key in kept), kept  # failed sign-ins are counted for all processes


def test_a_command_works_on_the_server_by_itself(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "cases.csv"
    file.write_bytes(portfolio())
    env = {
        "PATH": os.environ["PATH"], "EVENHAND_VAR": str(place.stack.var), "DATABASE_URL": place.database,
        "REDIS_URL": place.broker, "EVENHAND_DEMO": "1",
    }  # fmt: skip
    placed = subprocess.run(
        [sys.executable, "manage.py", "place", str(file), "--creditor", "harbour", "--programme", "cards",
         "--as-of", "2026-11-03"],
        cwd=supervisor.BASE_DIR, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert placed.returncode == 0, placed.stderr
    assert "accepted 3" in placed.stdout
    assert place.row(
        "SELECT count(*) FROM marketplace_debt WHERE principal_due_minor = 110000 AND fees_due_minor = 4900"
    ) == (1,)
