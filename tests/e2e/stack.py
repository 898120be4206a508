"""The whole product as `make demo` runs it, on free ports and in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from config import postgres, supervisor

STARTS_WITHIN = 150.0  # seconds, on a busy machine


@dataclass(frozen=True)
class Stack:
    """A running product: its site, the two phones and its folder."""

    site: str
    phones: str
    var: Path

    def phone_log(self) -> list[dict[str, Any]]:
        """What the phone simulator executed, verb by verb."""
        with urllib.request.urlopen(f"{self.phones}/log.json") as answer:
            return json.load(answer)

    def events(self, case_refs: list[str]) -> list[dict[str, Any]]:
        """The cases' acts in order, each with the real time at which its row was written, in seconds."""
        server = postgres.Server(self.var).django_settings()
        target = {"host": server["HOST"], "user": server["USER"], "dbname": server["NAME"]}
        with psycopg.connect(**target) as connection:
            rows = connection.execute(
                "SELECT name, data, stream, extract(epoch FROM recorded_at)::float8 FROM core_event "
                "WHERE stream = ANY(%s) ORDER BY id",
                [[f"case:{ref}" for ref in case_refs]],
            ).fetchall()
        return [{"name": name, "data": data, "case": stream[5:], "at": at} for name, data, stream, at in rows]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(var: Path, **more: str) -> Iterator[Stack]:
    """Start everything, with more variables if given, wait until site and phones answer, and stop everything."""
    port, phones = free_port(), free_port()
    env = {
        "PATH": os.environ["PATH"], "HOME": str(var), "EVENHAND_VAR": str(var), "PORT": str(port),
        "SIM_PORT": str(phones), **more,
    }  # fmt: skip
    said = var / "said.txt"
    with said.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.supervisor"], cwd=supervisor.BASE_DIR, env=env, stdout=output, stderr=output
        )
        try:
            for address in (f"http://127.0.0.1:{port}/accounts/login/", f"http://127.0.0.1:{phones}/log.json"):
                _wait_for(address, process, said)
            yield Stack(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{phones}", var)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _wait_for(address: str, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        assert process.poll() is None, said.read_text()
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            assert time.monotonic() < deadline, said.read_text()
            time.sleep(0.2)
