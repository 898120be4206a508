"""The database's own rules: legal state moves, and rows that never change."""

from __future__ import annotations

from django.db import migrations

from core.triggers import append_only_sql


def _rules() -> str:
    return "".join(
        [
            append_only_sql("calling_callevent"),
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("calling", "0001_initial")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
