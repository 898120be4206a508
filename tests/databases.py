"""The migrated database that every test run copies: made once, and again when the migrations change."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

BASE_DIR = Path(__file__).resolve().parent.parent
# Whatever decides what the migrations build: themselves, and the rules they turn into triggers.
SOURCES = (
    "*/migrations/*.py",
    "*/states.py",
    "*/*_sql.py",
    "core/machines.py",
    "core/triggers.py",
    "requirements/dev.lock",
)


def connect(database: str = "postgres") -> psycopg.Connection[Any]:
    """A session outside Django, on the maintenance database: one in use can be neither copied nor dropped."""
    given = settings.DATABASES["default"]
    names = {"HOST": "host", "PORT": "port", "USER": "user", "PASSWORD": "password"}
    parameters = {names[key]: given[key] for key in names if given.get(key)}
    return psycopg.connect(dbname=database, autocommit=True, **parameters)


def execute(statement: str, *databases: str) -> None:
    """Run a statement about databases, their names in the place of each `{}`."""
    with connect() as session:
        session.execute(sql.SQL(statement).format(*map(sql.Identifier, databases)))


def end_sessions(database: str) -> None:
    """End every session in a database that is about to be dropped."""
    with connect() as session:
        session.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [database])


def make_template() -> str:
    """The name of a migrated database on the embedded test server, made now if the migrations have changed."""
    digest = hashlib.sha256()
    for pattern in SOURCES:
        for file in sorted(BASE_DIR.glob(pattern)):
            digest.update(file.read_bytes())
    name = f"template_{digest.hexdigest()[:12]}"
    with (settings.VAR / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with connect() as session:
            existing = {row[0] for row in session.execute("SELECT datname FROM pg_database")}
        for old in sorted(existing):
            if _is_left_over(old, keep=name):
                execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", old)
        if name not in existing:
            _build(name)
    return name


def _build(name: str) -> None:
    execute("DROP DATABASE IF EXISTS {}", "template_draft")
    execute("CREATE DATABASE {}", "template_draft")
    migrated = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--verbosity", "0"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings_test", "EVENHAND_TEST_DATABASE": "template_draft"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if migrated.returncode:
        raise RuntimeError(f"the migrations do not run:\n{migrated.stdout}{migrated.stderr}")
    execute("ALTER DATABASE {} RENAME TO {}", "template_draft", name)


def _is_left_over(database: str, *, keep: str) -> bool:
    """An older template, or the database of a run (test_PID…) whose process is gone."""
    run = re.match(r"test_(\d+)", database)
    if run:
        try:
            os.kill(int(run[1]), 0)
        except ProcessLookupError:
            return True
    return bool(re.fullmatch(r"template_[0-9a-f]{12}", database)) and database != keep
