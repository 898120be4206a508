"""The database's own rules: legal state moves, and rows that never change."""

from __future__ import annotations

from django.db import migrations

from accounts.states import MACHINES
from core.machines import machine_sql
from core.triggers import append_only_sql


def _rules() -> str:
    return "".join(
        [
            *(machine_sql(machine, table=table) for table, machine in MACHINES.items()),
            append_only_sql("accounts_vettingreview"),
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
