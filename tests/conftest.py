"""What every test may ask for: the database server, a fixed hour, real commits, a served site, a browser."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections

from tests import databases

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

_server = ExitStack()


def pytest_configure(config: pytest.Config) -> None:
    """Start the throwaway server in the process that leads the run; workers find it by its socket."""
    from django.conf import settings

    if not settings.EMBEDDED_POSTGRES:
        return
    if not hasattr(config, "workerinput"):
        _server.enter_context(settings.EMBEDDED_POSTGRES.in_use())
        os.environ["EVENHAND_TEST_TEMPLATE"] = databases.make_template()
    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = os.environ["EVENHAND_TEST_TEMPLATE"]


def pytest_unconfigure(config: pytest.Config) -> None:
    del config
    _server.close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """pytest-django's database, whose last sessions are ended before it is dropped.

    A browser test leaves connections that belong to a loop or a thread which is gone by then; nobody can close them,
    and a database in use cannot be dropped.
    """
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        databases.end_sessions(connection.settings_dict["NAME"])


@pytest.fixture
def at() -> datetime:
    """Tuesday 3 November 2026, 10:05 in New York: an hour at which calls to most of the United States are allowed."""
    return datetime(2026, 11, 3, 10, 5, tzinfo=ZoneInfo("America/New_York"))


# Real commits. Evidence tables refuse TRUNCATE and DELETE, so a test that commits works in a copy of the database,
# made once a module and thrown away whole. It must not ask for `db` or `transactional_db` as well.


@pytest.fixture(scope="module")
def real_database(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The name of this module's copy of the test database, to which every connection goes until the module ends."""
    source = connection.settings_dict["NAME"]
    if not source.startswith("test_"):  # pytest-django makes none for a run without a test that asks for `db`
        with django_db_blocker.unblock():
            source = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    module = re.sub(r"\W+", "_", request.module.__name__.rsplit(".", 1)[-1])
    copy = f"{source}_{module}"[:63]
    connections.close_all()
    databases.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", copy)
    databases.execute("CREATE DATABASE {} TEMPLATE {}", copy, source)
    connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = copy
    try:
        with django_db_blocker.unblock():
            yield copy
            connections.close_all()
    finally:
        connections.settings["default"]["NAME"] = connection.settings_dict["NAME"] = source
        databases.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", copy)


@pytest.fixture
def real_db(real_database: str) -> Iterator[str]:
    """For a test that commits for real, for example from several threads: rows stay until the end of the module."""
    yield real_database
    connection.close()


@pytest.fixture(scope="module")
def real_site(real_database: str) -> Iterator[LiveServer]:
    """The site served over HTTP on the module's copy of the database; `.url` is its address.

    pytest-django's own live_server would empty the tables afterwards, which the evidence triggers refuse.
    """
    from django.conf import settings
    from pytest_django.live_server_helper import LiveServer

    hosts = list(settings.ALLOWED_HOSTS)
    server = LiveServer("127.0.0.1")
    yield server
    server.stop()
    settings.ALLOWED_HOSTS = hosts


# Browser


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; the tests that need it are skipped, visibly, where there is none."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        pytest.skip("no Chromium on this machine: install the package `chromium` to run the browser tests")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    # Playwright's synchronous calls keep an event loop running, in which Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # Under that loop Django keeps other connections, so those of before could not be closed any more.
    connections.close_all()
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a fresh visitor, on a phone of 390 by 844."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
