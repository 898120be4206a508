"""An approval ends, so an approved application can be opened again for its renewal."""

from __future__ import annotations

from django.db import migrations

from accounts.states import MACHINES
from core.machines import machine_sql


def _rules() -> str:
    return "".join(machine_sql(machine, table=table) for table, machine in MACHINES.items())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_rules")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
