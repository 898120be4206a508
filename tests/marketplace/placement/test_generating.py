"""The fictional portfolio: the same for the same seed, and in order whenever it is placed."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date

import pytest

from marketplace.placement.generate import COLUMNS, generate_portfolio, portfolio_csv
from tests.marketplace.placement.kit import judge

FICTIONAL = re.compile(r"\+1[2-9]\d\d55501\d\d")


def test_the_same_seed_gives_the_same_file_and_another_does_not() -> None:
    today = date(2026, 11, 3)
    assert portfolio_csv(60, 7, today) == portfolio_csv(60, 7, today)
    assert portfolio_csv(60, 7, today) != portfolio_csv(60, 8, today)


@pytest.mark.parametrize("today", [date(2026, 11, 3), date(2028, 2, 29), date(2027, 1, 1)])
def test_every_row_is_taken_or_screened_on_the_day_it_is_made_for(today: date) -> None:
    verdicts = judge(portfolio_csv(240, 1, today), as_of=today)
    kinds = Counter(verdict.verdict for verdict in verdicts)
    assert kinds["accepted"] + kinds["screened"] == len(verdicts) == 240
    assert kinds["screened"] < 20
    assert {"ok", "ok_no_phone", "ok_timezone_hawaii"} <= {code for verdict in verdicts for code in verdict.codes}
    assert not any("ok_timezone_conflict_use_intersection" in verdict.codes for verdict in verdicts), (
        "area codes belong to the state they are used in"
    )
    assert not any(verdict.remarks for verdict in verdicts)


def test_one_number_belongs_to_one_customer_and_is_fictional() -> None:
    heading, *rows = generate_portfolio(400, 2, date(2026, 11, 3))
    assert heading == list(COLUMNS)
    customer, phone = heading.index("customer_ref"), heading.index("phone")
    owners = {(row[phone], row[customer]) for row in rows if row[phone]}
    assert len(owners) == len({number for number, _owner in owners})
    assert all(FICTIONAL.fullmatch(number) for number, _owner in owners)


def test_debts_are_spread_over_the_ages() -> None:
    verdicts = judge(portfolio_csv(240, 3, date(2026, 11, 3)), as_of=date(2026, 11, 3))
    ages = Counter(min(verdict.fields.days_past_due // 30, 6) for verdict in verdicts if verdict.fields)
    assert set(ages) == set(range(7))
