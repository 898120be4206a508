"""A placement whose process is killed at any point leaves what an uninterrupted one leaves, once it is run again.

Where it is killed is exact: a trigger makes the process wait on the n-th row of a table, and there it is killed.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from compliance.models import Hold
from core.crypto import unseal
from core.events import verify_stream
from core.models import Event
from marketplace import states
from marketplace.models import Batch, BatchRow, Case, ContactPoint, Debt, Debtor, Programme
from marketplace.placement.generate import portfolio_csv
from tests import databases
from tests import factories as make

AS_OF = date(2026, 10, 31)
ROWS = 1500
PATIENCE = 60
LOCK = 20261103
_dice = random.Random(9)
# Table, and the row of it at which the process is killed: while staging, in the first chunk, in the second, in the last.
POINTS = [
    ("marketplace_batchrow", _dice.randint(1, ROWS)),
    ("marketplace_debtor", _dice.randint(1, 400)),
    ("marketplace_case", _dice.randint(501, 1000)),
    ("core_event", _dice.randint(1001, 1400)),
    ("compliance_hold", _dice.randint(20, 35)),
]


@contextmanager
def halting(database: str, table: str, row: int) -> Iterator[Any]:
    """A session that holds back whoever writes the given row of a table, counted from now."""
    with databases.connect(database) as session:
        session.execute("CREATE SEQUENCE halt_count")
        session.execute(
            "CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('halt_count') = "
            "TG_ARGV[0]::bigint THEN PERFORM pg_advisory_xact_lock(TG_ARGV[1]::bigint); END IF; RETURN NEW; END $$"
        )
        session.execute(
            f"CREATE TRIGGER halt_here BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION halt({row}, {LOCK})"
        )
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            yield session
        finally:
            session.execute("SELECT pg_advisory_unlock_all()")
            session.execute(f"DROP TRIGGER halt_here ON {table}")
            session.execute("DROP FUNCTION halt")
            session.execute("DROP SEQUENCE halt_count")


def kill_at(database: str, table: str, row: int, command: list[str]) -> None:
    with halting(database, table, row) as session:
        process = subprocess.Popen(
            [sys.executable, str(databases.BASE_DIR / "manage.py"), *command],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_test", "EVENHAND_TEST_DATABASE": database},
            stdout=subprocess.DEVNULL,
        )
        waiting = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        backend = _until(lambda: session.execute(waiting, [LOCK]).fetchone(), process)[0]
        process.send_signal(signal.SIGKILL)
        assert process.wait(PATIENCE) == -signal.SIGKILL
        session.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        alive = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
        _until(lambda: session.execute(alive, [backend]).fetchone() is None)


def _until(seen: Any, process: subprocess.Popen[bytes] | None = None) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := seen():
            return found
        assert process is None or process.poll() is None, "the process ended before the point"
        time.sleep(0.02)
    raise AssertionError("the point was not reached in time")


def left_behind(programme: Programme) -> dict[str, str]:
    """A hash of each table's rows of one creditor, without keys, random references and instants."""
    org = programme.org_id
    account = "debt__account_ref"
    tables: dict[str, list[Any]] = {
        "debtors": [
            (*row, unseal(bytes(sealed)))
            for *row, sealed in Debtor.objects.filter(org=org).values_list(
                "key", "name", "language", "country", "region", "city", "zones_address", "person__region",
                "address_sealed",
            )
        ],
        "points": [
            (*row, unseal(bytes(sealed)))
            for *row, sealed in ContactPoint.objects.filter(debtor__org=org).values_list(
                "debtor__key", "kind", "zones", "sealed"
            )
        ],
        "debts": list(
            Debt.objects.filter(org=org).values_list(
                "account_ref", "debtor__key", "product", "currency", "principal_minor", "interest_minor",
                "fees_minor", "principal_due_minor", "interest_due_minor", "fees_due_minor", "days_past_due_given",
                "delinquency_date", "itemization_date", "last_payment_date", "last_payment_minor", "statute_date",
                "flags",
            )
        ),
        "cases": list(
            Case.objects.filter(org=org).values_list(account, "debtor__key", "state", "placed_minor", "batch__state")
        ),
        "lines": [
            (*row, bool(case), unseal(bytes(sealed)))
            for *row, case, sealed in BatchRow.objects.filter(batch__programme=programme).values_list(
                "line", "account_ref", "verdict", "code", "field", "reason", "is_done", "case_ref", "raw_sealed"
            )
        ],
        "holds": list(
            Hold.objects.filter(case__org=org).values_list(f"case__{account}", "scope", "reason", "detail", "to_at")
        ),
        "batches": list(Batch.objects.filter(programme=programme).values_list("state", "rows", "verdicts", "codes")),
        "events": _events(programme),
    }  # fmt: skip
    assert all(tables.values()), "nothing to compare"
    return {
        name: hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest() for name, rows in tables.items()
    }


def _events(programme: Programme) -> list[tuple[str, int, str]]:
    streams = {
        f"case:{ref}": account
        for ref, account in Case.objects.filter(org=programme.org_id).values_list("ref", "debt__account_ref")
    } | {f"programme:{programme.pk}": "programme"}
    found = Event.objects.filter(creditor_id=programme.org_id).values_list("stream", "number", "name")
    return [(streams[stream], number, name) for stream, number, name in found]


def test_a_killed_placement_run_again_equals_an_uninterrupted_one(real_db: str, tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_bytes(portfolio_csv(ROWS, 4, AS_OF))
    found = {}
    for place, point in enumerate([None, *POINTS]):
        programme = make.make_programme(make.make_org(f"crash{place}"), slug="cards")
        where = {"creditor": f"crash{place}", "programme": "cards", "as_of": AS_OF}
        if point is not None:
            command = [
                "place",
                str(file),
                "--skip-checks",
                *(f"--{key.replace('_', '-')}={value}" for key, value in where.items()),
            ]
            kill_at(real_db, *point, command)
            assert not Batch.objects.filter(programme=programme, state=states.COMMITTED).exists()
            assert Case.objects.filter(org=programme.org).count() % 500 == 0, "a chunk stands or falls as a whole"
        call_command("place", str(file), **where, stdout=StringIO())
        found[point] = left_behind(programme)
        for case in Case.objects.filter(org=programme.org).order_by("?")[:5]:
            assert verify_stream(case.stream) is None
    uninterrupted = found.pop(None)
    assert found == dict.fromkeys(POINTS, uninterrupted)
