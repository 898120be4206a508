"""Task messages kept as files: whole or not there, taken by one reader."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
from kombu import Connection, Exchange, Queue

QUEUE = Queue("tasks", Exchange("tasks", type="direct"), routing_key="tasks")


def broker(folder) -> Connection:
    options = {"folder": str(folder), "polling_interval": 0.005}
    return Connection("folder://", transport="config.broker:Transport", transport_options=options)


def send(folder, numbers) -> None:
    with broker(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        for number in numbers:
            queue.put({"number": number, "padding": "x" * 2000})


def read_all(folder, into: list[int]) -> None:
    with broker(folder) as connection, connection.SimpleQueue(QUEUE) as queue:
        while True:
            try:
                message = queue.get(timeout=0.5)
            except queue.Empty:
                return
            into.append(message.payload["number"])
            message.ack()


def test_messages_come_in_the_order_sent_and_leave_nothing_behind(tmp_path):
    send(tmp_path, range(5))
    got: list[int] = []
    read_all(tmp_path, got)
    assert got == [0, 1, 2, 3, 4]
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_readers_that_race_with_writers_take_each_message_whole_and_once(tmp_path):
    got: list[int] = []
    threads = [threading.Thread(target=send, args=(tmp_path, range(n * 100, n * 100 + 100))) for n in range(3)]
    threads += [threading.Thread(target=read_all, args=(tmp_path, got)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(got) == Counter(range(300))


@pytest.mark.parametrize("count", [0, 3])
def test_a_queue_is_counted_and_emptied(tmp_path, count):
    send(tmp_path, range(count))
    with broker(tmp_path) as connection, connection.channel() as channel:
        assert channel._size("tasks") == count
        assert channel._purge("tasks") == count
        assert channel._size("tasks") == 0
