"""The same change tried by every way a program or an operator has; each must be refused and leave the row as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import Error, connection, models, transaction

UNIQUE, CHECK, NOT_NULL = "23505", "23514", "23502"


def refused(act: Callable[[], object], sqlstate: str) -> None:
    """The act fails in the database, with this state."""
    with pytest.raises(Error) as error, transaction.atomic():
        act()
    assert error.value.__cause__ is not None
    assert error.value.__cause__.sqlstate == sqlstate  # type: ignore[attr-defined]


def sql(statement: str, *parameters: object) -> Callable[[], object]:
    def run() -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)

    return run


def snapshot(model: type[models.Model]) -> list[Any]:
    return list(model._default_manager.order_by("pk").values_list())


def ways_to_change(row: models.Model, field: str, value: object) -> list[Callable[[], object]]:
    """save, update(), bulk_update and raw SQL, each setting one field of the row."""
    model = type(row)
    column = model._meta.get_field(field).column
    table, key = model._meta.db_table, model._meta.pk.column

    def changed() -> models.Model:
        copy = model._default_manager.get(pk=row.pk)
        setattr(copy, field, value)
        return copy

    prepared = model._meta.get_field(field).get_db_prep_save(value, connection)
    return [
        lambda: changed().save(),
        lambda: changed().save(update_fields=[field]),
        lambda: model._default_manager.filter(pk=row.pk).update(**{field: value}),
        lambda: model._default_manager.bulk_update([changed()], [field]),
        sql(f'UPDATE {table} SET "{column}" = %s WHERE "{key}" = %s', prepared, row.pk),
        sql(f"SET LOCAL session_replication_role = replica; UPDATE {table} SET \"{column}\" = %s WHERE \"{key}\" = %s",
            prepared, row.pk),
    ]  # fmt: skip


def ways_to_delete(row: models.Model) -> list[Callable[[], object]]:
    model = type(row)
    table, key = model._meta.db_table, model._meta.pk.column
    return [
        lambda: model._default_manager.get(pk=row.pk).delete(),
        lambda: model._default_manager.filter(pk=row.pk).delete(),
        lambda: model._default_manager.filter(pk=row.pk)._raw_delete("default"),
        sql(f'DELETE FROM {table} WHERE "{key}" = %s', row.pk),
        sql(f'SET LOCAL session_replication_role = replica; DELETE FROM {table} WHERE "{key}" = %s', row.pk),
    ]


def never_changes(row: models.Model, field: str, value: object) -> None:
    """Each way to change the field is refused with 23514, and the table stays as it was."""
    before = snapshot(type(row))
    for act in ways_to_change(row, field, value):
        refused(act, CHECK)
    assert snapshot(type(row)) == before


def never_goes(row: models.Model, *, truncate: bool = False) -> None:
    """No way to delete the row works. Some are stopped by Django or a foreign key before the trigger; none passes."""
    before = snapshot(type(row))
    acts = ways_to_delete(row)
    if truncate:
        acts.append(sql(f"TRUNCATE {type(row)._meta.db_table} CASCADE"))
    for act in acts:
        with pytest.raises((Error, models.ProtectedError)), transaction.atomic():
            act()
    assert snapshot(type(row)) == before


def append_only(row: models.Model, field: str, value: object) -> None:
    never_changes(row, field, value)
    never_goes(row, truncate=True)
