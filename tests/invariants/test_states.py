"""Every state machine as a table, and against the trigger that is installed, by every way of writing there is."""

from __future__ import annotations

from importlib import import_module
from itertools import product

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts.models import Application
from compliance.models import Dispute
from core.machines import Machine, machine_sql
from marketplace import states as market
from marketplace.models import Batch, Case, Claim, Promise, SupportTicket, Task
from tests.factories import START, make_batch, make_case, make_claim, make_collector, make_programme, make_task

PACKAGES = ("accounts", "marketplace", "compliance", "calling", "payments", "insight")
# A closed case may be reopened when money comes back, yet it is where a case ends.
RESTING = {"marketplace_case": {"CLOSED"}}


def every_machine() -> dict[str, Machine]:
    found: dict[str, Machine] = {}
    for package in PACKAGES:
        try:
            found |= import_module(f"{package}.states").MACHINES
        except ModuleNotFoundError:
            continue
    return found


MACHINES = every_machine()
each = pytest.mark.parametrize(("table", "machine"), MACHINES.items(), ids=list(MACHINES))


def reach(starts: set[str], pairs: set[tuple[str, str]]) -> set[str]:
    found = set(starts)
    while more := {b for a, b in pairs if a in found} - found:
        found |= more
    return found


@each
def test_every_state_is_reachable_and_can_end(table, machine):
    assert reach(set(machine.initial), set(machine.pairs)) == machine.states
    ends = machine.ends or RESTING[table]
    assert reach(set(ends), {(b, a) for a, b in machine.pairs}) == machine.states


@each
def test_no_row_of_the_table_is_double_or_stands_still(table, machine):
    rows = [(move.source, move.event, move.target) for move in machine.moves]
    assert len(rows) == len(set(rows))
    assert all(move.source != move.target and move.who for move in machine.moves)


@each
def test_choices_of_the_column_are_the_states(table, machine):
    model = next(m for m in apps.get_models() if m._meta.db_table == table)
    column = model._meta.get_field("state")
    assert {value for value, _label in column.choices} == machine.states
    assert all(len(state) <= column.max_length for state in machine.states)


@pytest.mark.django_db
def test_no_table_has_a_machine_that_is_not_written_down():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE %s", ["%\\_state\\_machine"])
        assert {row[0] for row in cursor.fetchall()} == set(MACHINES)


@pytest.mark.django_db
@each
def test_the_installed_trigger_is_the_table(table, machine):
    name = f"{table}_state_machine"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.prosrc, t.tgenabled, t.tgtype FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE t.tgname = %s AND t.tgrelid = %s::regclass",
            [name, table],
        )
        source, enabled, kind = cursor.fetchone()
    assert source.strip() in machine_sql(machine, table=table)
    # ALWAYS, and 1 row + 2 before + 4 insert + 16 update.
    assert (enabled, kind) == ("A", 23)


@pytest.mark.django_db
@each
def test_the_installed_function_lets_through_exactly_the_table(table, machine):
    """Every pair of states, tried on a probe that carries the real table's trigger function."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE probe (id int, state text) ON COMMIT DROP")
        cursor.execute(
            "CREATE TRIGGER probe_machine BEFORE INSERT OR UPDATE ON probe FOR EACH ROW"
            f" EXECUTE FUNCTION {table}_state_machine()"
        )
        words = [*sorted(machine.states), "NOWHERE"]
        for first in words:
            assert _passes(cursor, "INSERT INTO probe VALUES (0, %s)", [first]) == (first in machine.initial), first
        for source, target in product(words, repeat=2):
            cursor.execute("ALTER TABLE probe DISABLE TRIGGER probe_machine")
            cursor.execute("DELETE FROM probe")
            cursor.execute("INSERT INTO probe VALUES (1, %s)", [source])
            cursor.execute("ALTER TABLE probe ENABLE ALWAYS TRIGGER probe_machine")
            legal = source == target or machine.allows(source, target)
            assert _passes(cursor, "UPDATE probe SET state = %s", [target]) == legal, (source, target)


def _passes(cursor, sql, values) -> bool:
    try:
        with transaction.atomic():
            cursor.execute(sql, values)
    except IntegrityError as error:
        return error.__cause__.sqlstate != "23514"
    return True


def make_promise() -> Promise:
    claim = make_claim()
    return Promise.objects.create(
        ref="PR-1", case=claim.case, claim=claim, amount_minor=1, currency="USD", due_date=START.date(), channel="call",
        made_at=START, made_by="system",
    )  # fmt: skip


def make_ticket() -> SupportTicket:
    claim = make_claim()
    return SupportTicket.objects.create(ref="S-1", opened_by=claim.collector.user, topic="call", opened_at=START)


def make_application() -> Application:
    return Application.objects.create(collector=make_collector(), ref="A-1", created_at=START)


def make_dispute() -> Dispute:
    return Dispute.objects.create(
        ref="D-1", case=make_case(), channel="portal", received_at=START, answer_due_date=START.date()
    )


# A row of each kind, a state it cannot have first, and one it cannot reach from where it is.
ROWS = {
    Case: (make_case, market.LISTED, market.WORKING),
    Task: (make_task, market.CLAIMED, "LISTED"),
    Claim: (make_claim, market.TAIL, market.SETTLED),
    Promise: (make_promise, market.KEPT, market.PROPOSED),
    Batch: (lambda: make_batch(make_programme()), market.COMMITTED, market.COMMITTED),
    SupportTicket: (make_ticket, market.TICKET_CLOSED, market.SETTLED),
    Application: (make_application, "APPROVED", "APPROVED"),
    Dispute: (make_dispute, "VALIDATED", "REFUSED"),
}
rows = pytest.mark.parametrize(("model", "given"), ROWS.items(), ids=[model.__name__ for model in ROWS])


def _raw(row, state) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {row._meta.db_table} SET state = %s WHERE id = %s", [state, row.pk])


def _as_replica(row, state) -> None:
    # The setting by which replication silences ordinary triggers.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    _raw(row, state)


def _upsert(row, state) -> None:
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} SELECT (json_populate_record(t, json_build_object('state', %s::text))).* FROM {table} t"
            " WHERE id = %s ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state",
            [state, row.pk],
        )


def _save(row, state) -> None:
    row.state = state
    row.save()


def _bulk(row, state) -> None:
    row.state = state
    type(row).objects.bulk_update([row], ["state"])


WAYS = {
    "save": _save,
    "update": lambda row, state: type(row).objects.filter(pk=row.pk).update(state=state),
    "bulk_update": _bulk,
    "raw": _raw,
    "replica": _as_replica,
    "upsert": _upsert,
}


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS)
@rows
def test_no_way_of_writing_makes_an_illegal_move(model, given, way):
    make, _first, beyond = given
    row = make()
    before = model.objects.filter(pk=row.pk).values().get()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        WAYS[way](model.objects.get(pk=row.pk), beyond)
    assert refused.value.__cause__.sqlstate == "23514"
    assert model.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.django_db
@pytest.mark.parametrize("bulk", [False, True])
@rows
def test_no_row_begins_in_the_middle(model, given, bulk):
    make, first, _beyond = given
    row = make()
    count = model.objects.count()
    row.pk, row._state.adding, row.state = None, True, first
    with pytest.raises(IntegrityError, match="cannot begin as"), transaction.atomic():
        model.objects.bulk_create([row]) if bulk else row.save(force_insert=True)
    assert model.objects.count() == count
