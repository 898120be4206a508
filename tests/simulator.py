"""Starts the phone simulator as its own process on a free port, and speaks to its page's addresses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "AC" + "5" * 32
TOKEN = "token-of-the-tests"
T = TypeVar("T")
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


class Refused(Exception):
    """The simulator answered with an error; ``status`` and ``said`` are its own."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status


@dataclass(slots=True)
class Simulator:
    """A running simulator. ``url`` is its address, ``account`` and ``token`` what its API asks for."""

    url: str
    process: subprocess.Popen[str]
    account: str = ACCOUNT
    token: str = TOKEN

    def get(self, path: str) -> Any:
        return self._ask(urllib.request.Request(self.url + path))

    def text(self, path: str) -> str:
        with _open(self.url + path, timeout=20) as answer:
            return answer.read().decode()

    def post(self, path: str, **fields: object) -> Any:
        body = json.dumps(fields).encode()
        return self._ask(urllib.request.Request(self.url + path, body, {"Content-Type": "application/json"}))

    def _ask(self, request: urllib.request.Request) -> Any:
        try:
            with _open(request, timeout=60) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, error.read().decode()) from None

    def phone(self, number: str, side: str = "collector", by_hand: bool | None = None) -> str:
        """The opaque id of the phone with ``number``, put on ``side`` when it is new."""
        found: str = self.post("/phones/find", number=number, side=side)["id"]
        if by_hand is not None:
            self.post(f"/phones/{found}/mode", by_hand=by_hand)
        return found

    def screen(self, phone: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.get(f"/phones/{phone}")
        return shown

    def log(self, sid: str = "") -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get("/log.json?" + urllib.parse.urlencode({"call": sid}))
        return entries

    def await_status(self, phone: str, *statuses: str) -> dict[str, Any]:
        """The display of ``phone`` as soon as its status is one of ``statuses``."""
        return wait_for(lambda: (shown := self.screen(phone))["status"] in statuses and shown)


def wait_for(look: Callable[[], T | bool], seconds: float = 40.0) -> T:
    """What ``look`` returns, as soon as that is true; fails after real ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found  # type: ignore[return-value]
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


@contextmanager
def run_simulator(*flags: str, tick: float = 0.02) -> Iterator[Simulator]:
    """A simulator with ``flags`` of its command line; a simulated second takes ``tick`` real ones."""
    arguments = ["--port", "0", "--account", ACCOUNT, "--token", TOKEN, "--tick", str(tick), *flags]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    try:
        yield Simulator(process.stdout.readline().rsplit(" ", 1)[-1].strip(), process)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
