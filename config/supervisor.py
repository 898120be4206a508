"""`make demo`: the database, the web server, the task worker, the schedule and the phone simulator, as one program.

Every refusal is one sentence that says what to do, and exit code 1. Ctrl-C ends all of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from config import postgres, processes
from config.processes import Child

BASE_DIR = Path(__file__).resolve().parent.parent
STORY = Path(__file__).with_name("story.txt")
QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")  # talk among workers; there is one
READY_WITHIN = 120.0  # seconds for the web server to answer, on a machine that is busy with other things


class CannotRun(Exception):
    """The demo cannot run; the message says what to do."""


class Supervisor:
    """One run of the demo, described by the variables PORT, SIM_PORT, PORTFOLIO, EVENHAND_VAR and DATABASE_URL."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.port = _port(env, "PORT", 8000)
        self.sim_port = _port(env, "SIM_PORT", 8090)
        self.portfolio = env.get("PORTFOLIO", "").strip()
        self.var = Path(env.get("EVENHAND_VAR") or BASE_DIR / "var").resolve()
        self.address = f"http://127.0.0.1:{self.port}"
        self.env = {
            **env,
            "EVENHAND_DEMO": "1",
            "EVENHAND_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PUBLIC_BASE_URL": env.get("PUBLIC_BASE_URL") or self.address,
            "VOICE_API_BASE": env.get("VOICE_API_BASE") or f"http://127.0.0.1:{self.sim_port}",
            "PYTHONPATH": str(BASE_DIR),
            "PYTHONUNBUFFERED": "1",
        }
        self.children: list[Child] = []
        self.stopping = False

    def run(self) -> int:
        """Prepare, start, tell, wait. Returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        _make_private(self.var / "log")
        with ExitStack() as stack:
            if not stack.enter_context(only_one(self.var / "demo.lock", self.address)):
                where = (self.var / "demo.lock").read_text().strip()
                print(f"Evenhand is already running at {where or self.address}")
                return 0
            self._check_ports()
            self._check_portfolio()
            if not self.env.get("DATABASE_URL"):
                stack.enter_context(self._database())
            self._prepare()
            stack.callback(self._stop_children)
            self._start_children()
            self._tell()
            return self._wait()

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if not self.stopping:
            self.stopping = True
            raise KeyboardInterrupt

    def _check_ports(self) -> None:
        for name, port in (("PORT", self.port), ("SIM_PORT", self.sim_port)):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise CannotRun(
                        f"Port {port} cannot be used ({error.strerror}). Stop the program that has it, "
                        f"or choose another one: make demo {name}={port + 1}"
                    ) from error

    def _check_portfolio(self) -> None:
        if self.portfolio and not Path(self.portfolio).is_file():
            raise CannotRun(f"There is no file {self.portfolio}. Give a path: make demo PORTFOLIO=file.csv")

    @contextmanager
    def _database(self) -> Iterator[None]:
        """The embedded server; unlike a command's, it ends with the demo whoever else uses it."""
        server = postgres.Server(self.var)
        with server.in_use():
            try:
                yield
            finally:
                server.stop()

    def _prepare(self) -> None:
        """Bring tables, data and static files up to date; each step is safe to repeat."""
        print("Preparing the database and the pages", flush=True)
        static = self._spawn("static", _manage("collectstatic", "--noinput", "--verbosity", "0", "--skip-checks"))
        try:
            self._step("migrate", "--noinput", "--verbosity", "0", "--skip-checks")
            self._step("seed_demo", "--skip-checks")
            if self.portfolio:
                file = str(Path(self.portfolio).resolve())
                self._step("place", file, "--creditor", "harbour", "--programme", "cards")
            self._finish(static)
        finally:
            processes.stop([static])

    def _step(self, name: str, *arguments: str) -> None:
        child = self._spawn(name, _manage(name, *arguments))
        try:
            self._finish(child)
        finally:
            processes.stop([child])
        if name == "place":
            print(child.log.read_text(errors="replace").strip(), flush=True)

    def _finish(self, child: Child) -> None:
        if child.process.wait() != 0:
            said = processes.last_lines(child.log)
            if os.strerror(errno.ENOSPC) in said or postgres.disk_is_full(self.var):
                raise CannotRun(f"The disk that holds {self.var} is full. Free some space and run this again.")
            raise CannotRun(f"{said}\nThe step `{child.name}` failed; all it said is in {child.log}.")

    def _start_children(self) -> None:
        """The site and the phones first: the worker and the schedule start once people can look at something."""
        python = [sys.executable, "-m"]
        celery = [*python, "celery", "-A", "config.celery"]
        commands: dict[str, Sequence[str]] = {
            "web": [
                *python, "granian", "config.wsgi:application", "--interface", "wsgi", "--host", "127.0.0.1",
                "--port", str(self.port), "--workers", "2", "--blocking-threads", "4",
                "--backpressure", "16", "--no-ws",
            ],
            "simulator": _manage("phone_simulator", "--port", str(self.sim_port), "--app-url", self.address),
            "worker": [*celery, "worker", "--pool", "threads", "--concurrency", "4", *QUIET],
            "beat": [*celery, "beat", "--pidfile=", "--schedule", str(self.var / "beat-schedule")],
        }  # fmt: skip
        for name, command in commands.items():
            if name == "worker":
                self._wait_for_site()
            self.children.append(self._spawn(name, command))

    def _spawn(self, name: str, command: Sequence[str]) -> Child:
        env = self.env | ({"DATABASE_POOL_SIZE": "6"} if name in {"web", "worker"} else {})
        return processes.spawn(name, command, log=self.var / "log" / f"{name}.log", env=env)

    def _wait_for_site(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not _answers(self.address):
            self._complain_if_ended()
            if time.monotonic() > deadline:
                raise CannotRun(f"The web server does not answer. What it said is in {self.var / 'log' / 'web.log'}.")
            time.sleep(0.1)

    def _tell(self) -> None:
        story = STORY.read_text().replace("{address}", self.address)
        print(story.replace("{simulator}", f"http://127.0.0.1:{self.sim_port}"), flush=True)

    def _wait(self) -> int:
        while True:
            self._complain_if_ended()
            time.sleep(0.3)

    def _complain_if_ended(self) -> None:
        for child in self.children:
            if child.ended():
                said = processes.last_lines(child.log)
                raise CannotRun(f"{said}\nThe process `{child.name}` ended; all it said is in {child.log}.")

    def _stop_children(self) -> None:
        self.stopping = True
        print("Stopping", flush=True)
        processes.stop(list(reversed(self.children)))


@contextmanager
def only_one(path: Path, address: str) -> Iterator[bool]:
    """Whether this is the only supervisor on the folder; the kernel frees the lock however the process ends."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        file.truncate(0)
        file.write(address)
        file.flush()
        yield True


def _make_private(folder: Path) -> None:
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)


def _manage(*arguments: str) -> list[str]:
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise CannotRun(f"{name} must be a number from 1 to 65535, not {value!r}.")
    return int(value)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310  our own address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def main() -> int:
    try:
        return Supervisor(os.environ).run()
    except KeyboardInterrupt:
        return 0
    except (CannotRun, postgres.PostgresProblem) as problem:
        print(problem, file=sys.stderr)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            print("The disk is full. Free some space and run this again.", file=sys.stderr)
        else:
            print(f"{error.filename or 'A file'}: {error.strerror}. Mend that and run this again.", file=sys.stderr)
    except subprocess.SubprocessError as error:
        print(f"{error}. Run this again.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
