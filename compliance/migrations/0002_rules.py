"""The database's own rules: legal state moves, and rows that never change."""

from __future__ import annotations

from django.db import migrations

from compliance.states import MACHINES
from core.machines import machine_sql
from core.triggers import append_only_sql, frozen_columns_sql

FROZEN_PERMIT = [
    "ref", "case_id", "person_id", "contact_point_id", "channel", "purpose", "actor", "at", "expires_at", "facts",
    "packs", "disclosures",
]  # fmt: skip
FROZEN_NOTICE = [
    "ref", "case_id", "language", "delivery", "content_sealed", "content_sha256", "sent_at", "assumed_received_on",
    "period_ends_on",
]  # fmt: skip
FOREVER = ["packversion", "refusal", "contactattempt", "attemptoutcome", "slotrelease", "inboundcontact"]


def _rules() -> str:
    return "".join(
        [
            *(machine_sql(machine, table=table) for table, machine in MACHINES.items()),
            *(append_only_sql(f"compliance_{name}") for name in FOREVER),
            frozen_columns_sql("compliance_permit", FROZEN_PERMIT),
            frozen_columns_sql("compliance_validationnotice", FROZEN_NOTICE),
        ]
    )


class Migration(migrations.Migration):
    dependencies = [("compliance", "0001_initial")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
