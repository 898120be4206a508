"""The database's own rules: legal state moves, and rows that never change."""

from __future__ import annotations

from django.db import migrations

from core.machines import machine_sql
from core.triggers import append_only_sql, frozen_columns_sql
from marketplace.states import MACHINES

FROZEN_CLAIM = [
    "ref", "task_id", "case_id", "collector_id", "terms", "currency", "balance_minor", "past_due_since", "accepted_at",
]  # fmt: skip


def _rules() -> str:
    return "".join(
        [
            *(machine_sql(machine, table=table) for table, machine in MACHINES.items()),
            append_only_sql("marketplace_note"),
            append_only_sql("marketplace_promisechange"),
            append_only_sql("marketplace_supportmessage"),
            frozen_columns_sql("marketplace_claim", FROZEN_CLAIM),
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("marketplace", "0001_initial")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
