"""`make demo` starts everything, once, refuses in a sentence, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from config import postgres, supervisor

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(var: Path, **more: str) -> dict[str, str]:
    """What a shell gives, without what the tests' own settings have put into the environment."""
    return {"PATH": os.environ["PATH"], "HOME": str(var), "EVENHAND_VAR": str(var), **more}


def start(env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.supervisor"],
        cwd=supervisor.BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def processes_of(var: Path) -> list[str]:
    """Living processes that carry the run's folder in their command line or environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            continue
        if str(var).encode() in text and int(folder.name) != os.getpid():
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def wait_for_page(port: int, running: subprocess.Popen[str]) -> int:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert running.poll() is None, running.stdout and running.stdout.read()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/") as answer:
                return answer.status
        except urllib.error.HTTPError as answer:
            return answer.code
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail("the site did not come up")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_everything_starts_once_and_ctrl_c_leaves_no_process(tmp_path):
    port = free_port()
    env = environment(tmp_path, PORT=str(port), SIM_PORT=str(free_port()))
    running = start(env)
    try:
        assert wait_for_page(port, running) == 200
        # the page answers a little before the supervisor has told so
        told = ""
        while "Evenhand is running at" not in told:
            line = running.stdout.readline()
            assert line, told
            told += line
        again = subprocess.run(
            [sys.executable, "-m", "config.supervisor"],
            cwd=supervisor.BASE_DIR, env=env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (again.returncode, again.stdout) == (0, f"Evenhand is already running at http://127.0.0.1:{port}\n")
        assert len(processes_of(tmp_path)) >= 6
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=90)
    assert running.returncode == 0
    assert f"Evenhand is running at http://127.0.0.1:{port}" in told
    assert processes_of(tmp_path) == []
    assert postgres.Server(tmp_path).running_pid() is None


def test_a_taken_port_is_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        running = start(environment(tmp_path, PORT=str(port), SIM_PORT=str(free_port())))
        said, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert said.splitlines() == [
        f"Port {port} cannot be used (Address already in use). Stop the program that has it, "
        f"or choose another one: make demo PORT={port + 1}"
    ]
    assert not (tmp_path / "pg").exists()


def test_a_missing_portfolio_is_one_sentence(tmp_path):
    ports = {"PORT": str(free_port()), "SIM_PORT": str(free_port())}
    running = start(environment(tmp_path, PORTFOLIO="nowhere.csv", **ports))
    said, _ = running.communicate(timeout=60)
    assert running.returncode == 1
    assert said == "There is no file nowhere.csv. Give a path: make demo PORTFOLIO=file.csv\n"
