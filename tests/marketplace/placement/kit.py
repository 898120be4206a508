"""Small files for the placement tests, and what becomes of them. Every number is fictional (555-0100 to 555-0199)."""

from __future__ import annotations

import csv
import io
from datetime import date

from marketplace.placement.judge import judge_rows
from marketplace.placement.reading import Reading, read_file
from marketplace.placement.rows import ProgrammeDefaults, Verdict

AS_OF = date(2026, 10, 31)
ROW = {
    "account_ref": "A-1", "debtor_name": "Jamie Sample", "phone": "+12125550101", "state": "NY", "balance": "310.00",
    "days_past_due": "40", "itemization_date": "2026-09-01",
}  # fmt: skip


def table(*rows: dict[str, str], separator: str = ",") -> str:
    """CSV text of rows that each change or add to an ordinary one; references are numbered where not given."""
    whole = [ROW | {"account_ref": f"A-{place}"} | row for place, row in enumerate(rows, 1)]
    names = list(dict.fromkeys(name for row in whole for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", delimiter=separator, lineterminator="\n")
    writer.writeheader()
    writer.writerows(whole)
    return text.getvalue()


def read(content: str | bytes) -> Reading:
    return read_file(content if isinstance(content, bytes) else content.encode(), filename="f.csv")


def judge(content: str | bytes, *, as_of: date = AS_OF, defaults: ProgrammeDefaults | None = None) -> list[Verdict]:
    reading = read(content)
    assert reading.refused is None, reading.refused
    return list(judge_rows(reading, defaults=defaults or ProgrammeDefaults(), as_of=as_of))


def judge_row(**changes: str) -> Verdict:
    """The verdict on an ordinary row with these cells changed."""
    (verdict,) = judge(table(changes))
    return verdict
