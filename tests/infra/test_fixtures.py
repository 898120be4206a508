"""The common fixtures do what the tests that rely on them believe."""

from __future__ import annotations

import socket
import threading
import urllib.request

import pytest
import pytest_socket
from django.contrib.contenttypes.models import ContentType
from django.db import connection


def test_a_real_commit_is_seen_by_another_thread_and_served_site(real_db, real_site):
    ContentType.objects.create(app_label="tests", model="committed")
    seen = []

    def look() -> None:
        seen.append(ContentType.objects.filter(app_label="tests").count())
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [1]
    assert connection.settings_dict["NAME"] == real_db
    with urllib.request.urlopen(f"{real_site.url}/admin/login/") as answer:
        assert answer.status == 200


def test_rows_of_the_copy_stay_for_the_module(real_db):
    assert ContentType.objects.filter(app_label="tests").count() == 1


@pytest.mark.django_db
def test_nothing_outside_this_machine_can_be_reached():
    with pytest.raises(pytest_socket.SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_the_hour_is_a_tuesday_morning_in_new_york(at):
    assert at.isoformat() == "2026-11-03T10:05:00-05:00"
    assert at.strftime("%A") == "Tuesday"
