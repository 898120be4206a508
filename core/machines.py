"""State machines as data, enforced by a database trigger on INSERT and UPDATE.

Each app's states.py lists its moves; a migration installs the trigger made from them here, and a test compares what
is installed with what states.py says. The trigger raises SQLSTATE 23514, which Django maps to IntegrityError.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Move:
    """One row of a state table: `event` takes `source` to `target`; `who` names the actors that may cause it."""

    source: str
    event: str
    target: str
    who: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A named table of moves with its legal first states."""

    name: str
    initial: frozenset[str]
    moves: tuple[Move, ...]

    @property
    def states(self) -> frozenset[str]:
        return self.initial | {move.source for move in self.moves} | {move.target for move in self.moves}

    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset((move.source, move.target) for move in self.moves)

    @property
    def ends(self) -> frozenset[str]:
        """States without a way out."""
        return self.states - {move.source for move in self.moves}

    def sources(self, event: str) -> list[str]:
        """The states from which `event` is legal."""
        return sorted({move.source for move in self.moves if move.event == event})

    def allows(self, source: str, target: str) -> bool:
        return (source, target) in self.pairs


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def machine_sql(machine: Machine, *, table: str, column: str = "state") -> str:
    """SQL that installs (or replaces) the trigger of `machine` on `table.column`."""
    firsts = ", ".join(_quoted(state) for state in sorted(machine.initial))
    pairs = ", ".join(_quoted(f"{a}>{b}") for a, b in sorted(machine.pairs))
    function = f"{table}_{column}_machine"
    return f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $machine$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.{column} NOT IN ({firsts}) THEN
      RAISE EXCEPTION '{machine.name} cannot begin as %', NEW.{column} USING ERRCODE = '23514';
    END IF;
  ELSIF NEW.{column} IS DISTINCT FROM OLD.{column}
      AND (OLD.{column} || '>' || NEW.{column}) NOT IN ({pairs}) THEN
    RAISE EXCEPTION '{machine.name} cannot go from % to %', OLD.{column}, NEW.{column} USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $machine$;
DROP TRIGGER IF EXISTS {function} ON {table};
CREATE TRIGGER {function} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function};
"""
