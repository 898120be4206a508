"""The ledger's trigger: expands an entry into postings, checks it, and keeps the cached balances.

One INSERT does everything, so no caller can leave half an entry. Postings and cached amounts can be written from
inside this trigger only (pg_trigger_depth), whoever is connected.
"""

from __future__ import annotations

LEDGER_SQL = """
CREATE OR REPLACE FUNCTION payments_entry_expand() RETURNS trigger LANGUAGE plpgsql AS $entry$
DECLARE
  wrong text;
  line record;
BEGIN
  IF jsonb_typeof(NEW.lines) <> 'array' OR jsonb_array_length(NEW.lines) < 2 THEN
    RAISE EXCEPTION 'entry % needs two lines at least', NEW.key USING ERRCODE = '23514';
  END IF;
  SELECT l.currency INTO wrong
    FROM jsonb_to_recordset(NEW.lines) AS l(account text, currency text, amount bigint)
    GROUP BY l.currency HAVING sum(l.amount) <> 0 OR bool_or(l.amount IS NULL OR l.amount = 0) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'entry % does not balance in %', NEW.key, wrong USING ERRCODE = '23514';
  END IF;
  SELECT l.account INTO wrong
    FROM jsonb_to_recordset(NEW.lines) AS l(account text, currency text, amount bigint)
    LEFT JOIN payments_balance b ON b.name = l.account AND b.currency = l.currency AND b.book = NEW.book
    WHERE b.id IS NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'entry %: no account % in that currency and book', NEW.key, wrong USING ERRCODE = '23514';
  END IF;
  -- one lock order for every entry: account id
  FOR line IN
    SELECT b.id, l.currency, sum(l.amount)::bigint AS amount
      FROM jsonb_to_recordset(NEW.lines) AS l(account text, currency text, amount bigint)
      JOIN payments_balance b ON b.name = l.account AND b.currency = l.currency
      GROUP BY b.id, l.currency HAVING sum(l.amount) <> 0 ORDER BY b.id
  LOOP
    UPDATE payments_balance SET amount = amount + line.amount WHERE id = line.id;
    INSERT INTO payments_posting (entry_id, account_id, currency, amount, balance_after)
      SELECT NEW.id, line.id, line.currency, line.amount, b.amount FROM payments_balance b WHERE b.id = line.id;
  END LOOP;
  RETURN NULL;
END $entry$;
DROP TRIGGER IF EXISTS payments_entry_expand ON payments_journalentry;
CREATE TRIGGER payments_entry_expand AFTER INSERT ON payments_journalentry
  FOR EACH ROW EXECUTE FUNCTION payments_entry_expand();
ALTER TABLE payments_journalentry ENABLE ALWAYS TRIGGER payments_entry_expand;

CREATE OR REPLACE FUNCTION payments_posting_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'postings are written by journal entries only' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $guard$;
DROP TRIGGER IF EXISTS payments_posting_guard ON payments_posting;
CREATE TRIGGER payments_posting_guard BEFORE INSERT ON payments_posting
  FOR EACH ROW EXECUTE FUNCTION payments_posting_guard();
ALTER TABLE payments_posting ENABLE ALWAYS TRIGGER payments_posting_guard;

CREATE OR REPLACE FUNCTION payments_balance_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.amount <> 0 THEN
      RAISE EXCEPTION 'an account begins at zero' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    RAISE EXCEPTION 'an account is never deleted' USING ERRCODE = '23514';
  END IF;
  IF (NEW.name, NEW.currency, NEW.book, NEW.normal, NEW.floor_zero)
      IS DISTINCT FROM (OLD.name, OLD.currency, OLD.book, OLD.normal, OLD.floor_zero) THEN
    RAISE EXCEPTION 'an account keeps its name, currency, book, side and floor' USING ERRCODE = '23514';
  END IF;
  IF NEW.amount IS DISTINCT FROM OLD.amount AND pg_trigger_depth() < 2 THEN
    RAISE EXCEPTION 'balances are changed by journal entries only' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $guard$;
DROP TRIGGER IF EXISTS payments_balance_guard ON payments_balance;
CREATE TRIGGER payments_balance_guard BEFORE INSERT OR UPDATE OR DELETE ON payments_balance
  FOR EACH ROW EXECUTE FUNCTION payments_balance_guard();
ALTER TABLE payments_balance ENABLE ALWAYS TRIGGER payments_balance_guard;
"""
