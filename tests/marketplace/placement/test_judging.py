"""One verdict for each row, in the order of the file, and none lost."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.placement.codes import VERDICTS
from marketplace.placement.reading import read_file
from tests.marketplace.placement.kit import ROW, judge, judge_row, table

FIXTURES = Path(__file__).parents[2] / "fixtures"


def test_each_line_of_the_messy_file_gets_its_code() -> None:
    verdicts = judge((FIXTURES / "import_messy.csv").read_bytes(), as_of=date(2026, 1, 31))
    expected = json.loads((FIXTURES / "import_messy_expected.json").read_text())
    assert [(verdict.line, verdict.code) for verdict in verdicts] == [(row["line"], row["expect"]) for row in expected]
    assert Counter(verdict.verdict for verdict in verdicts) == {
        "accepted": 7, "rejected": 11, "screened": 1, "duplicate": 1,
    }  # fmt: skip


def test_a_reference_counts_once_and_a_rejected_row_does_not_take_it() -> None:
    verdicts = judge(
        table({"account_ref": "A", "balance": "x"}, {"account_ref": "A"}, {"account_ref": " A "}, {"account_ref": "a"})
    )
    assert [verdict.code for verdict in verdicts] == ["bad_amount", "ok", "duplicate_in_file", "ok"]
    assert (verdicts[2].duplicate_line, verdicts[2].field) == (3, "account_ref")


def test_too_few_or_too_many_cells_reject_the_row_and_shift_nothing() -> None:
    heading, first, second, third = table({}, {}, {}).splitlines()
    verdicts = judge("\n".join([heading, first + ",extra", second.rsplit(",", 1)[0], third]))
    assert [verdict.code for verdict in verdicts] == ["wrong_cell_count", "wrong_cell_count", "ok"]
    assert verdicts[0].cells[-1] == "extra"


def test_a_row_without_itemization_is_taken_and_says_so() -> None:
    assert judge_row(itemization_date="").code == "ok_no_itemization"
    bare = {name: value for name, value in ROW.items() if name != "itemization_date"}
    (verdict,) = judge(",".join(bare) + "\n" + ",".join(bare.values()) + "\n")
    assert (verdict.code, verdict.codes) == ("ok", ("ok", "ok_no_itemization"))


def test_the_leading_code_is_the_gravest_and_the_others_are_kept() -> None:
    verdict = judge_row(flags="disputed", phone="", debtor_name="=A1", state="HI")
    assert verdict.codes == ("ok_disputed", "formula_injection_neutralised", "ok_no_phone", "ok_timezone_hawaii")


CELL = st.one_of(
    st.sampled_from(
        [*ROW.values(), "", " ", "1,250.40", "1.250,40", "-5", "2026-31-01", "01/02/2026", "HI", "disputed"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufdd0\ufdd1"), max_size=12),
)
COLUMNS = (*ROW, "flags", "delinquency_date")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(st.lists(CELL, min_size=len(COLUMNS) - 1, max_size=len(COLUMNS) + 1), min_size=1, max_size=12),
    separator=st.sampled_from(",;\t"),
)
def test_whatever_stands_in_a_file_every_row_gets_one_verdict(rows: list[list[str]], separator: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    reading = read_file(text.getvalue().encode(), filename="f.csv")
    if not filled:
        assert reading.refused is not None
        return
    verdicts = judge(text.getvalue())
    assert [verdict.cells for verdict in verdicts] == filled
    assert all(verdict.verdict in VERDICTS and verdict.code == verdict.codes[0] for verdict in verdicts)
    assert all((verdict.fields is None) is (verdict.verdict == "rejected") for verdict in verdicts)
