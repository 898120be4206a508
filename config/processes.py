"""Child processes of the demo's supervisor: each in a group of its own, logged to a file, ended with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

GRACE = 8.0  # seconds between the request to end and the kill
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Child:
    """A running program; `log` holds what it printed."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> bool:
        return self.process.poll() is not None


def spawn(name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str]) -> Child:
    """Start a program in its own process group, so that a terminal's Ctrl-C reaches the supervisor alone."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=env,
            start_new_session=True, preexec_fn=_end_with_parent,
        )  # fmt: skip
    return Child(name, process, log)


def _end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the supervisor dies, even by SIGKILL (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(children: Sequence[Child]) -> None:
    """End every child: its main process first, because a pool whose workers are signalled too loses their work.

    Whatever is left of a group after eight seconds, or was left behind by its main process, is killed.
    """
    for child in children:
        if not child.ended():
            child.process.terminate()
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and not all(child.ended() for child in children):
        time.sleep(0.05)
    for child in children:
        _kill_group(child.process.pid)
        child.process.wait()


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log, for a sentence about what went wrong."""
    return "\n".join(log.read_text(errors="replace").strip().splitlines()[-count:])
