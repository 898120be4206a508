"""Many new rows by COPY. In the kernel because evidence and placement both write thousands of rows in one act, for
which the ORM's INSERT spends most of its time building the statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Row = TypeVar("Row", bound=models.Model)


def copy_in(rows: Sequence[Row]) -> Sequence[Row]:
    """Insert unsaved instances of one model in the caller's transaction; their keys are reserved and set first.

    Constraints and triggers act as for INSERT; the first refused row refuses all.
    """
    if not rows:
        return rows
    meta = rows[0]._meta
    fields: list[models.Field[Any, Any]] = list(meta.concrete_fields)
    _reserve(rows, meta)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY {quote(meta.db_table)} ({columns}) FROM STDIN") as copy:
        for values in zip(*(_column(field, rows) for field in fields), strict=True):
            copy.write_row(values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return rows


def _column(field: models.Field[Any, Any], rows: Sequence[models.Model]) -> list[Any]:
    """A field's value in each row, as the database takes it; a foreign key is written like the key it points to."""
    prepare = getattr(field, "target_field", field).get_db_prep_save
    # the connection itself: its proxy would look up the thread's own for every value
    own = connections[DEFAULT_DB_ALIAS]
    return [prepare(field.pre_save(row, True), own) for row in rows]


def _reserve(rows: Sequence[Row], meta: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(meta.db_table), meta.pk.column, len(rows)],
        )
        for row, (key,) in zip(rows, cursor.fetchall(), strict=True):
            row.pk = key
