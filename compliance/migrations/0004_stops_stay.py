"""Stops, wishes and consents are never rewritten: each is ended once, and an attempt needs the very permit it used."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import migrations

from core.triggers import frozen_columns_sql

FROZEN = {
    "compliance_hold": [
        "scope", "case_id", "person_id", "reason", "detail", "from_at", "to_at", "opened_by", "opened_at", "evidence",
    ],
    "compliance_preference": ["person_id", "kind", "detail", "set_by", "set_at"],
    "compliance_consent": [
        "person_id", "kind", "at", "days", "debt_refs", "given_to", "is_compliant", "org_id", "evidence",
    ],
}  # fmt: skip
ENDED_ONCE = {
    "compliance_hold": ["closed_at", "closed_by", "close_reason"],
    "compliance_preference": ["lifted_at", "lifted_by"],
    "compliance_consent": ["revoked_at"],
    "compliance_permit": ["redeemed_at"],
}


def once_sql(table: str, columns: Sequence[str]) -> str:
    """SQL that refuses, with SQLSTATE 23514, any change to `columns` once the first of them is filled."""
    function, ended = f"{table}_once", columns[0]
    same = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF OLD.{ended} IS NOT NULL AND ({same}) THEN
    RAISE EXCEPTION '{table}: {ended} is set once' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $guard$;
DROP TRIGGER IF EXISTS {function} ON {table};
CREATE TRIGGER {function} BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function};
"""


PERMITTED = """
CREATE OR REPLACE FUNCTION compliance_contactattempt_permitted() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF NEW.permit_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM compliance_permit p WHERE p.id = NEW.permit_id AND p.redeemed_at IS NOT NULL
      AND p.case_id = NEW.case_id AND p.person_id = NEW.person_id AND p.channel = NEW.channel
  ) THEN
    RAISE EXCEPTION 'compliance_contactattempt: its permit is unused or for another contact' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $guard$;
DROP TRIGGER IF EXISTS compliance_contactattempt_permitted ON compliance_contactattempt;
CREATE TRIGGER compliance_contactattempt_permitted BEFORE INSERT ON compliance_contactattempt
  FOR EACH ROW EXECUTE FUNCTION compliance_contactattempt_permitted();
ALTER TABLE compliance_contactattempt ENABLE ALWAYS TRIGGER compliance_contactattempt_permitted;
"""


def _rules() -> str:
    frozen = (frozen_columns_sql(table, columns) for table, columns in FROZEN.items())
    once = (once_sql(table, columns) for table, columns in ENDED_ONCE.items())
    return "".join([*frozen, *once, PERMITTED])


class Migration(migrations.Migration):
    dependencies = [("compliance", "0003_portal_tries")]
    operations = [migrations.RunSQL(sql=_rules(), reverse_sql=migrations.RunSQL.noop)]
