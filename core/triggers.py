"""Hand-written triggers for rows that never change: ENABLE ALWAYS, so no session setting switches them off."""

from __future__ import annotations

from collections.abc import Sequence


def append_only_sql(table: str) -> str:
    """SQL that refuses UPDATE, DELETE and TRUNCATE on `table` with SQLSTATE 23514."""
    function = f"{table}_append_only"
    return f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  RAISE EXCEPTION '{table} is append-only: % refused', TG_OP USING ERRCODE = '23514';
END $guard$;
DROP TRIGGER IF EXISTS {function} ON {table};
DROP TRIGGER IF EXISTS {function}_truncate ON {table};
CREATE TRIGGER {function} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();
CREATE TRIGGER {function}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function};
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function}_truncate;
"""


def frozen_columns_sql(table: str, columns: Sequence[str]) -> str:
    """SQL that refuses any UPDATE changing one of `columns`, and DELETE, with SQLSTATE 23514."""
    function = f"{table}_frozen"
    same = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns)
    return f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION '{table}: a row is never deleted' USING ERRCODE = '23514';
  END IF;
  IF {same} THEN
    RAISE EXCEPTION '{table}: {", ".join(columns)} cannot change' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $guard$;
DROP TRIGGER IF EXISTS {function} ON {table};
CREATE TRIGGER {function} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function};
"""
