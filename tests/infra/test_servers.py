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


APP = "evenhand_app"


class Place:
    """A running product and the two servers it was told to use. It runs as a role of its own, not as the owner."""

    def __init__(self, stack: Stack, owner: str, broker: str) -> None:
        self.stack, self.owner, self.broker = stack, owner, broker
        self.database = as_app(owner)

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


PLACE = ("place", "--creditor", "harbour", "--programme", "cards", "--as-of", "2026-11-03")


def as_app(owner: str) -> str:
    return owner.replace("evenhand@", f"{APP}@")


def command(var: Path, database: str, broker: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A `manage.py` command on the servers."""
    env = {
        "PATH": os.environ["PATH"], "EVENHAND_VAR": str(var), "EVENHAND_DEMO": "1", "DATABASE_URL": database,
        "REDIS_URL": broker,
    }  # fmt: skip
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=supervisor.BASE_DIR, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    var = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        owner, broker = stack.enter_context(postgres_server()), stack.enter_context(redis_server())
        assert command(var, owner, broker, "migrate", "--verbosity", "0").returncode == 0
        with psycopg.connect(owner, autocommit=True) as session:
            session.execute(f"CREATE ROLE {APP} LOGIN")
        granted = command(var, owner, broker, "grant_app_role", APP)
        assert granted.returncode == 0, granted.stderr
        product = stack.enter_context(running(var, DATABASE_URL=as_app(owner), REDIS_URL=broker))
        yield Place(product, owner, broker)


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
    placed = command(place.stack.var, place.database, place.broker, *PLACE, str(file))
    assert placed.returncode == 0, placed.stderr
    assert "accepted 3" in placed.stdout
    assert place.row(
        "SELECT count(*) FROM marketplace_debt WHERE principal_due_minor = 110000 AND fees_due_minor = 4900"
    ) == (1,)


def test_the_applications_own_role_rewrites_no_evidence(place: Place) -> None:
    """It has just done all of the work above; what happened it cannot touch, even where no trigger stood."""
    with psycopg.connect(place.database, autocommit=True) as session:
        for statement in (
            "UPDATE core_event SET actor = 'x'", "DELETE FROM core_event", "TRUNCATE core_event CASCADE",
            "UPDATE compliance_contactattempt SET at = now()", "DELETE FROM payments_posting",
            "DELETE FROM compliance_permit", "ALTER TABLE core_event DISABLE TRIGGER ALL", "DROP TABLE core_event",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(statement)
    for arguments in (("settle", "--as-of", "2026-11-20"), ("ledger_check",)):
        assert command(place.stack.var, place.database, place.broker, *arguments).returncode == 0


def test_a_role_that_no_right_can_bind_is_refused(place: Place) -> None:
    missing = command(place.stack.var, place.owner, place.broker, "grant_app_role", "nobody_yet")
    assert "There is no role nobody_yet" in missing.stderr
    assert "Name another" in command(place.stack.var, place.owner, place.broker, "grant_app_role", "evenhand").stderr
