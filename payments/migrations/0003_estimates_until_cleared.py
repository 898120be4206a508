"""A commission line is an estimate until its payment clears: its amounts are frozen from then on, its identity always."""

from __future__ import annotations

from django.db import migrations

from core.triggers import frozen_columns_sql

IDENTITY = [
    "ref", "kind", "case_id", "claim_id", "collector_id", "payment_id", "reversal_id", "rule", "currency", "made_at",
]  # fmt: skip
AMOUNTS = [
    "base_minor", "rate_bps", "fee_minor", "collector_minor", "platform_minor", "vat_minor", "withheld_minor",
]  # fmt: skip

_CHANGED = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in AMOUNTS)
_SQL = f"""
CREATE OR REPLACE FUNCTION payments_accrual_booked() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF OLD.state <> 'PENDING' AND ({_CHANGED}) THEN
    RAISE EXCEPTION 'payments_accrual: a booked line keeps its amounts' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $guard$;
DROP TRIGGER IF EXISTS payments_accrual_booked ON payments_accrual;
CREATE TRIGGER payments_accrual_booked BEFORE UPDATE ON payments_accrual
  FOR EACH ROW EXECUTE FUNCTION payments_accrual_booked();
ALTER TABLE payments_accrual ENABLE ALWAYS TRIGGER payments_accrual_booked;
"""  # noqa: S608 - column names from the list above


class Migration(migrations.Migration):
    dependencies = [("payments", "0002_rules")]
    operations = [
        migrations.RunSQL(
            sql=frozen_columns_sql("payments_accrual", IDENTITY) + _SQL, reverse_sql=migrations.RunSQL.noop
        )
    ]
