"""The database's own rules: legal state moves, and rows that never change."""

from __future__ import annotations

from django.db import migrations

from core.machines import machine_sql
from core.triggers import append_only_sql, frozen_columns_sql
from payments.ledger_sql import LEDGER_SQL
from payments.states import MACHINES

FROZEN_PAYMENT = [
    "ref", "case_id", "external_ref", "amount_minor", "currency", "principal_minor", "interest_minor", "fees_minor",
    "instrument", "initiated_at", "reported_at",
]  # fmt: skip
FROZEN_ACCRUAL = [
    "ref", "kind", "case_id", "claim_id", "collector_id", "payment_id", "reversal_id", "rule", "currency", "base_minor",
    "rate_bps", "fee_minor", "collector_minor", "platform_minor", "vat_minor", "withheld_minor", "made_at",
]  # fmt: skip
FOREVER = ["journalentry", "posting", "attribution", "reversal"]


def _rules() -> str:
    return "".join(
        [
            *(machine_sql(machine, table=table) for table, machine in MACHINES.items()),
            *(append_only_sql(f"payments_{name}") for name in FOREVER),
            frozen_columns_sql("payments_payment", FROZEN_PAYMENT),
            frozen_columns_sql("payments_accrual", FROZEN_ACCRUAL),
            LEDGER_SQL,
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
