"""The evidence attacked: nothing changes or goes, a forged byte is found, and numbers have no gaps under eight threads."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from core.events import First, record, record_firsts, verify_stream
from core.models import Event
from tests.invariants.attack import CHECK, UNIQUE, append_only, refused, sql

FORGERIES = [
    ("actor", "user:9"), ("name", "case.closed"), ("creditor_id", 77), ("at", "2020-01-01 00:00:00+00"),
    ("data", '{"n": 99}'), ("prev_hash", b"\1" * 32), ("hash", b"\2" * 32), ("number", 40),
]  # fmt: skip


def told(at, *, stream="case:K-1", number=5):
    with transaction.atomic():
        return [
            record(name="note.added", stream=stream, actor="system", at=at, data={"n": n}, creditor_id=1)
            for n in range(number)
        ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [("data", {}), ("actor", "user:2"), ("name", "x.y"), ("number", 99), ("hash", bytes(32)), ("stream", "case:K-2")],
)
def test_no_way_to_change_or_remove_an_event(at, field, value):
    append_only(told(at)[1], field, value)
    assert verify_stream("case:K-1") is None


@pytest.mark.django_db
@pytest.mark.parametrize(("column", "value"), FORGERIES)
def test_a_change_made_with_the_trigger_off_is_found(at, column, value):
    events = told(at)
    assert verify_stream("case:K-1") is None
    forge(f"UPDATE core_event SET {column} = %s WHERE id = %s", value, events[2].pk)
    assert verify_stream("case:K-1") in {3, 4}


@pytest.mark.django_db
def test_a_removed_event_is_found(at):
    events = told(at)
    forge("DELETE FROM core_delivery WHERE event_id = %s", events[2].pk)
    forge("DELETE FROM core_event WHERE id = %s", events[2].pk)
    assert verify_stream("case:K-1") == 4


@pytest.mark.django_db
def test_an_event_forged_with_its_own_hash_breaks_the_next(at):
    from core.events import event_hash

    events = told(at)
    row = events[2]
    digest = event_hash(
        stream=row.stream, number=row.number, prev_hash=row.prev_hash, creditor_id=row.creditor_id, actor="user:9",
        at=row.at, name=row.name, data=row.data,
    )  # fmt: skip
    forge("UPDATE core_event SET actor = 'user:9', hash = %s WHERE id = %s", digest, row.pk)
    assert verify_stream("case:K-1") == 4


def forge(statement, *parameters):
    """What only an owner of the database can do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_event DISABLE TRIGGER core_event_append_only")
        cursor.execute(statement, parameters)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_event ENABLE ALWAYS TRIGGER core_event_append_only")


@pytest.mark.django_db
def test_a_number_of_a_stream_is_taken_once(at):
    first = told(at)[0]
    forged = Event(
        stream=first.stream, number=1, prev_hash=bytes(32), hash=bytes(32), actor="x", at=at, name="a.b", data={}
    )
    refused(forged.save, UNIQUE)
    refused(lambda: Event.objects.bulk_create([forged]), UNIQUE)
    refused(sql(
        "INSERT INTO core_event (stream, number, prev_hash, hash, actor, at, name, data, recorded_at)"
        " SELECT stream, number, prev_hash, hash, actor, at, name, data, now() FROM core_event"
    ), UNIQUE)  # fmt: skip
    with pytest.raises(Exception, match="event_stream_number_once"), transaction.atomic():
        record_firsts([First(first.stream, {})], name="case.placed", actor="x", at=at, creditor_id=1)
    refused(sql("UPDATE core_event SET number = number"), CHECK)


def test_numbers_have_no_gaps_under_eight_threads(real_db, at):
    """Eight writers in one stream, a third of them roll back: the numbers that stay are 1 to n, and the chain is whole."""
    gate = threading.Barrier(8)
    wrong: list[BaseException] = []

    def write(who: int) -> None:
        try:
            gate.wait(timeout=20)
            for turn in range(12):
                with transaction.atomic():
                    record(name="note.added", stream="case:K-8", actor=f"user:{who}", at=at, data={"turn": turn})
                    if turn % 3 == 2:
                        transaction.set_rollback(True)
        except BaseException as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert list(Event.objects.filter(stream="case:K-8").order_by("id").values_list("number", flat=True)) == list(
        range(1, 65)
    )
    assert verify_stream("case:K-8") is None


def test_an_event_outside_a_transaction_is_refused(real_db, at):
    before = Event.objects.count()
    with pytest.raises(TransactionManagementError):
        record(name="note.added", stream="case:K-9", actor="system", at=at)
    assert Event.objects.count() == before
