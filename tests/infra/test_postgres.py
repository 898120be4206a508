"""The embedded server survives what happens to it, and says what to do where it cannot."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import postgres
from config.postgres import PostgresProblem, Server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("server")


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    server = Server(home)
    yield server
    server.stop()


def connect(server: Server) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(
        host=str(server.socket_folder()), user=postgres.OWNER, dbname=postgres.DATABASE, autocommit=True
    )


def test_a_killed_server_comes_back_with_every_committed_row(server):
    with server.in_use():
        with connect(server) as session:
            session.execute("CREATE TABLE kept (number int)")
            session.execute("INSERT INTO kept VALUES (7)")
        pid = server.running_pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        server.start()
        assert server.running_pid() not in {None, pid}
        with connect(server) as session:
            assert session.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_the_server_speaks_the_same_language_everywhere(server):
    shown = "SELECT current_setting('TimeZone'), current_setting('default_text_search_config'), pg_encoding_to_char(encoding), datlocprovider FROM pg_database WHERE datname = current_database()"
    with server.in_use(), connect(server) as session:
        assert session.execute(shown).fetchone() == ("UTC", "pg_catalog.simple", "UTF8", "b")
        assert session.execute("SHOW listen_addresses").fetchone() == ("",)


def test_it_ends_with_its_last_user_and_not_before(server):
    with server.in_use():
        with server.in_use():
            pid = server.running_pid()
        assert server.running_pid() == pid
    assert server.running_pid() is None


def test_a_stale_pid_file_is_not_believed_and_the_stranger_is_left_alone(server):
    with server.in_use():
        pass
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (server.data / "postmaster.pid").write_text(f"{stranger.pid}\n{server.data}\n1\n5432\n\n\n       1         1\n")
        assert server.running_pid() is None
        with server.in_use(), connect(server) as session:
            assert session.execute("SELECT 1").fetchone() == (1,)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_socket_cleared_away_is_made_again(server):
    with server.in_use():
        folder = server.socket_folder()
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
        server.start()
        assert server.socket_folder() == folder
        with connect(server) as session:
            assert session.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up rights")
def test_root_hands_the_server_to_nobody_and_opens_no_folder(server, home):
    with server.in_use():
        pid = server.running_pid()
        status = Path(f"/proc/{pid}/status").read_text()
        effective = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:"))
        assert int(effective, 16) == 0b10  # dac_override and nothing else
        assert Path(f"/proc/{pid}").stat().st_uid == server.data.stat().st_uid == postgres.runner().pw_uid != 0
    assert home.stat().st_mode & 0o777 == 0o700
    assert home.stat().st_uid == 0


def test_a_damaged_data_folder_is_named_with_the_way_out(tmp_path):
    server = Server(tmp_path)
    (tmp_path / "pg").mkdir(mode=0o700)
    os.chown(tmp_path / "pg", postgres.runner().pw_uid, postgres.runner().pw_gid)
    started = time.monotonic()
    with pytest.raises(PostgresProblem, match=r"is damaged.*Move it away"):
        server.start()
    assert time.monotonic() - started < postgres.PATIENCE


def test_a_data_folder_of_another_version_is_refused_and_kept(tmp_path):
    server = Server(tmp_path)
    data = tmp_path / "pg"
    (data / "global").mkdir(parents=True)
    (data / "global" / "pg_control").write_bytes(b"")
    (data / "PG_VERSION").write_text("12\n")
    os.chown(data, postgres.runner().pw_uid, postgres.runner().pw_gid)
    with pytest.raises(PostgresProblem, match="made by PostgreSQL 12"):
        server.start()
    assert (data / "PG_VERSION").exists()


def test_a_full_disk_is_said_plainly(tmp_path):
    said = 'initdb: error: could not write to file "pg_wal/xlogtemp.9": No space left on device'
    with pytest.raises(PostgresProblem, match=r"is full\. Free some space"):
        Server(tmp_path)._explain(said)
