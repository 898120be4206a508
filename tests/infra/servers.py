"""Servers of the operating system's own build for one test: PostgreSQL and Redis, on loopback ports nobody else has."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

LEAST_POSTGRES = 15
STARTS_WITHIN = 30.0  # seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def postgres_server() -> Iterator[str]:
    """The address of an empty database on a server of its own; skips, visibly, where no server is installed."""
    programs = _postgres_programs()
    with tempfile.TemporaryDirectory(prefix="evenhand-pg-") as folder:
        data, port = Path(folder) / "data", free_port()
        data.mkdir()
        owner = _unprivileged()  # initdb refuses to run as root
        if owner:
            for path in (Path(folder), data):
                shutil.chown(path, owner)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run = {"user": owner, "group": pwd.getpwnam(owner).pw_gid, "extra_groups": []} if owner else {}
        arguments: dict[str, Any] = {
            "check": True,
            "cwd": folder,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
            **run,
        }
        subprocess.run([programs / "initdb", "-D", data, "-U", "evenhand", "-A", "trust", "-E", "UTF8"], **arguments)
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", Path(folder) / "log"]
        subprocess.run([*control, "-o", options, "start"], **arguments)
        try:
            make = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "evenhand", "evenhand"]
            subprocess.run(make, **arguments)
            yield f"postgresql://evenhand@127.0.0.1:{port}/evenhand"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **arguments)


@contextmanager
def redis_server() -> Iterator[str]:
    """The address of an empty Redis that keeps nothing; skips, visibly, where it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine: install the package `redis-server` to run this test")
    with tempfile.TemporaryDirectory(prefix="evenhand-redis-") as folder:
        port = free_port()
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _postgres_programs() -> Path:
    versions = [path for path in Path("/usr/lib/postgresql").glob("*") if path.name.isdecimal()]
    fit = [path / "bin" for path in versions if int(path.name) >= LEAST_POSTGRES and (path / "bin" / "initdb").exists()]
    if fit:
        return max(fit)
    found = shutil.which("initdb")
    if found is None:
        pytest.skip("no PostgreSQL server on this machine: install the package `postgresql` to run this test")
    return Path(found).parent


def _unprivileged() -> str:
    """An account to run the server under when the tests run as root."""
    if os.geteuid() != 0:
        return ""
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("the tests run as root and there is no account to run PostgreSQL under")


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
