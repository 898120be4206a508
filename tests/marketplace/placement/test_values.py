"""What becomes of a row's cells: references, amounts, dates, phones, regions, zones, flags."""

from __future__ import annotations

from datetime import date

import pytest

from marketplace.placement.rows import ProgrammeDefaults
from tests.marketplace.placement.kit import judge, judge_row, table


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"account_ref": " "}, "missing_id", "account_ref"),
        ({"account_ref": "x" * 65}, "id_too_long", "account_ref"),
        ({"account_ref": "1.23E+11"}, "damaged_id", "account_ref"),
        ({"customer_ref": "4,5e10"}, "damaged_id", "customer_ref"),
        ({"debtor_name": ""}, "missing_name", "debtor_name"),
        ({"debtor_name": "x" * 201}, "name_too_long", "debtor_name"),
        ({"phone": "555-0103"}, "bad_phone", "phone"),
        ({"phone": "+12125550101 x12"}, "bad_phone", "phone"),
        ({"phone": "call me"}, "bad_phone", "phone"),
        ({"phone": "+11115550101"}, "bad_phone", "phone"),
        ({"state": "ZZ"}, "bad_state", "state"),
        ({"state": ""}, "bad_state", "state"),
        ({"state": "ON"}, "bad_state", "state"),
        ({"country": "Atlantis"}, "bad_state", "country"),
        ({"flags": "sleepy"}, "bad_flag", "flags"),
        ({"currency": "XXZ"}, "bad_currency", "currency"),
        ({"balance": "0.00"}, "bad_amount", "balance"),
        ({"balance": "-45.00"}, "bad_amount", "balance"),
        ({"balance": "(45.00)"}, "bad_amount", "balance"),
        ({"balance": "45.00-"}, "bad_amount", "balance"),
        ({"balance": "ten"}, "bad_amount", "balance"),
        ({"balance": ""}, "bad_amount", "balance"),
        ({"balance": "€ 45.00"}, "bad_amount", "balance"),
        ({"balance": "45.00 EUR"}, "bad_amount", "balance"),
        ({"balance": "12.3456"}, "bad_amount_precision", "balance"),
        ({"balance": "100000000.01"}, "amount_over_limit", "balance"),
        ({"balance": "12.00", "principal": "10.00", "interest": "1.00", "fees": "0.99"}, "amounts_do_not_add_up", "balance"),
        ({"days_past_due": ""}, "bad_date", "delinquency_date"),
        ({"days_past_due": "0"}, "bad_date", "days_past_due"),
        ({"days_past_due": "soon"}, "bad_date", "days_past_due"),
        ({"days_past_due": "36501"}, "bad_date", "days_past_due"),
        ({"itemization_date": "2026-31-01"}, "bad_date", "itemization_date"),
        ({"itemization_date": "2026-11-01"}, "bad_date", "itemization_date"),
        ({"delinquency_date": "2026-10-31"}, "bad_date", "delinquency_date"),
        ({"delinquency_date": "1969-12-31"}, "bad_date", "delinquency_date"),
        ({"last_payment_date": "yesterday"}, "bad_date", "last_payment_date"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_rejected_with_field_and_reason(changes: dict[str, str], code: str, field: str) -> None:
    verdict = judge_row(**changes)
    assert (verdict.verdict, verdict.code, verdict.field) == ("rejected", code, field)
    assert verdict.reason.endswith(".")
    assert verdict.fields is None


def test_every_problem_of_a_row_is_named() -> None:
    verdict = judge_row(phone="1", state="ZZ", balance="x")
    assert [problem.code for problem in verdict.problems] == ["bad_phone", "bad_state", "bad_amount"]


@pytest.mark.parametrize("ref", ["000123", "12345678901234567890", "E5", "1E", "x" * 64])
def test_a_reference_is_text_and_stays_as_it_is(ref: str) -> None:
    verdict = judge_row(account_ref=ref)
    assert verdict.fields is not None
    assert verdict.fields.account_ref == ref


@pytest.mark.parametrize(
    ("value", "beside", "minor"),
    [
        ("310.00", "", 31000), ("310", "", 31000), ("310.5", "", 31050), (" 980 ", "", 98000), ("$310.00", "", 31000),
        ("US$ 310.00", "", 31000), ("310.00 USD", "", 31000), ("1,250.40", "", 125040), ("1.250,40", "", 125040),
        ("1 250,40", "", 125040), ("1\u202f250,40", "", 125040), ("1\u00a0250.40", "", 125040),
        ("1'250.40", "", 125040), ("1,250", "1.50", 125000), ("1.250", "1,50", 125000), ("12,34,567.00", "", 123456700),
        ("３１０.００", "", 31000), ("100000000.00", "", 10_000_000_000), ("0.01", "", 1), (".50", "", 50),
    ],
)  # fmt: skip
def test_an_amount_is_read_in_the_style_its_column_proves(value: str, beside: str, minor: int) -> None:
    verdict = judge(table({"balance": value}, *([{"balance": beside}] if beside else [])))[0]
    assert verdict.fields is not None, verdict
    assert verdict.fields.balance_minor == minor


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (["1,250.40", "1,250.40", "1.250,40"], ["ok", "ok", "ambiguous_amount"]),
        (["1.250,40", "3,10", "1,250.40"], ["ok", "ok", "ambiguous_amount"]),
        (["1.250", "12"], ["ambiguous_amount", "ok"]),
        (["1,250", "12"], ["ambiguous_amount", "ok"]),
        (["1.250,40", "1,250.40"], ["ambiguous_amount", "ambiguous_amount"]),
    ],
)
def test_an_amount_that_fits_no_proved_style_is_ambiguous(values: list[str], codes: list[str]) -> None:
    assert [verdict.code for verdict in judge(table(*({"balance": value} for value in values)))] == codes


@pytest.mark.parametrize(
    ("currency", "value", "minor"),
    [
        ("JPY", "1,250", 1250),
        ("JPY", "1.250", 1250),
        ("JPY", "¥ 300", 300),
        ("EUR", "12,50 €", 1250),
        ("CNY", "50元", 5000),
    ],
)
def test_the_currency_decides_decimals_and_signs(currency: str, value: str, minor: int) -> None:
    verdict = judge_row(currency=currency, balance=value)
    assert verdict.fields is not None, verdict
    assert (verdict.fields.balance_minor, verdict.fields.currency) == (minor, currency)


def test_parts_alone_make_the_balance() -> None:
    verdict = judge_row(balance="", principal="100.00", interest="5.50", fees="0.00")
    assert verdict.fields is not None
    assert (verdict.fields.principal_minor, verdict.fields.balance_minor) == (10000, 10550)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["2026-09-01"], ["2026-09-01"]), (["20260901"], ["2026-09-01"]), (["2026/9/1"], ["2026-09-01"]),
        (["2026年9月1日"], ["2026-09-01"]), (["2026-09-01T00:00:00"], ["2026-09-01"]),
        (["03/04/2026", "25/12/2025"], ["2026-04-03", "2025-12-25"]),
        (["03/04/2026", "12/25/2025"], ["2026-03-04", "2025-12-25"]),
        (["03.04.2026", "25.12.2025"], ["2026-04-03", "2025-12-25"]),
        (["03/04/2026"], [None]),
        (["03/04/2026", "25/12/2025", "12/25/2025"], [None, None, None]),
    ],
)  # fmt: skip
def test_dates_have_one_order_for_the_column(values: list[str], found: list[str | None]) -> None:
    verdicts = judge(table(*({"itemization_date": value} for value in values)))
    assert [v.fields and str(v.fields.itemization_date) for v in verdicts] == found
    assert [v.code for v in verdicts if v.fields is None] == ["bad_date"] * found.count(None)


def test_days_late_prove_the_order_of_the_due_date() -> None:
    verdict = judge_row(delinquency_date="10/09/2026", days_past_due="51")
    assert verdict.fields is not None
    assert verdict.fields.delinquency_date == date(2026, 9, 10)


def test_lateness_and_due_date_complete_each_other() -> None:
    counted, given = judge(
        table({"days_past_due": "", "delinquency_date": "2026-10-01"}, {"days_past_due": "40", "delinquency_date": ""})
    )
    assert counted.fields is not None
    assert given.fields is not None
    assert (counted.code, counted.fields.days_past_due) == ("ok_dpd_from_due_date", 30)
    assert given.fields.delinquency_date == date(2026, 9, 21)
    kept = judge_row(days_past_due="39", delinquency_date="2026-09-21")
    assert kept.fields is not None
    assert kept.fields.days_past_due == 39, "the file's own figure is kept"


@pytest.mark.parametrize(
    "text", ["+12125550101", "2125550101", "(212) 555-0101", "1-212-555-0101", "212.555.0101", "＋1 212 555 0101"]
)
def test_a_phone_becomes_e164(text: str) -> None:
    verdict = judge_row(phone=text)
    assert verdict.fields is not None
    assert verdict.fields.phone_e164 == "+12125550101"


@pytest.mark.parametrize(("text", "region"), [("NY", "NY"), (" ny ", "NY"), ("New York", "NY"), ("US-NY", "NY")])
def test_a_state_is_known_by_code_or_name(text: str, region: str) -> None:
    verdict = judge_row(state=text)
    assert verdict.fields is not None
    assert verdict.fields.state == region


def test_the_programme_says_what_the_file_does_not() -> None:
    defaults = ProgrammeDefaults(currency="CAD", country="CA", language="fr", product="loan")
    (verdict,) = judge(table({"state": "ON", "phone": ""}), defaults=defaults)
    assert verdict.fields is not None
    fields = verdict.fields
    assert (fields.currency, fields.country, fields.language, fields.product) == ("CAD", "CA", "fr", "loan")


@pytest.mark.parametrize(
    ("changes", "code", "address", "phone"),
    [
        ({}, "ok", ("America/New_York",), ("America/New_York",)),
        ({"phone": ""}, "ok_no_phone", ("America/New_York",), ()),
        ({"state": "HI", "phone": "+18085550114"}, "ok_timezone_hawaii", ("Pacific/Honolulu",), ("Pacific/Honolulu",)),
        ({"phone": "+12135550115"}, "ok_timezone_conflict_use_intersection", ("America/New_York",), ("America/Los_Angeles",)),
        ({"timezone": "America/Los_Angeles"}, "ok_timezone_conflict_use_intersection",
         ("America/New_York", "America/Los_Angeles"), ("America/New_York",)),
        ({"timezone": "America/New_York"}, "ok", ("America/New_York",), ("America/New_York",)),
        ({"timezone": "Mars/Base"}, "ok", ("America/New_York",), ("America/New_York",)),
        ({"state": "FL", "phone": "", "timezone": "America/Chicago"}, "ok_no_phone",
         ("America/New_York", "America/Chicago"), ()),
    ],
)  # fmt: skip
def test_zones_are_evidence_beside_one_another(
    changes: dict[str, str], code: str, address: tuple[str, ...], phone: tuple[str, ...]
) -> None:
    verdict = judge_row(**changes)
    assert verdict.fields is not None
    assert (verdict.code, verdict.fields.address_zones, verdict.fields.phone_zones) == (code, address, phone)


@pytest.mark.parametrize(
    ("flags", "verdict", "code", "kept"),
    [
        ("", "accepted", "ok", ()),
        ("none", "accepted", "ok", ()),
        ("Disputed", "accepted", "ok_disputed", ("disputed",)),
        ("hardship; attorney", "accepted", "ok", ("hardship", "represented")),
        ("bankrupt", "screened", "bankrupt", ("bankrupt",)),
        ("disputed|deceased", "screened", "deceased", ("disputed", "deceased")),
        ("破产", "screened", "bankrupt", ("bankrupt",)),
    ],
)
def test_flags_screen_hold_or_stay(flags: str, verdict: str, code: str, kept: tuple[str, ...]) -> None:
    found = judge_row(flags=flags)
    assert found.fields is not None
    assert (found.verdict, found.code, found.fields.flags) == (verdict, code, kept)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"statute_date": "2026-10-30"}, "time_barred_review"),
        ({"statute_date": "2026-10-31"}, "ok"),
        ({"days_past_due": "", "delinquency_date": "2020-10-30"}, "time_barred_review"),
        ({"days_past_due": "", "delinquency_date": "2020-10-31"}, "ok_dpd_from_due_date"),
        ({"days_past_due": "", "delinquency_date": "2015-01-01", "statute_date": "2030-01-01"}, "ok_dpd_from_due_date"),
    ],
)
def test_a_debt_past_its_statute_is_screened(changes: dict[str, str], code: str) -> None:
    assert judge_row(**changes).code == code


@pytest.mark.parametrize(
    ("changes", "formula"),
    [
        ({"debtor_name": '=HYPERLINK("x")'}, True), ({"account_ref": "@SUM(A1)"}, True), ({"street": "-1+2"}, True),
        ({"city": "＝A1"}, True), ({"debtor_name": "Ann-Marie O'Hara"}, False),
    ],
)  # fmt: skip
def test_a_formula_is_kept_as_text_and_noted(changes: dict[str, str], formula: bool) -> None:
    verdict = judge_row(**changes)
    assert verdict.verdict == "accepted"
    assert (verdict.code == "formula_injection_neutralised") is formula


def test_optional_values_that_cannot_be_right_are_dropped_and_told() -> None:
    verdict = judge_row(email="no address", latitude="95", longitude="10", street="x" * 201)
    assert verdict.fields is not None
    assert (verdict.fields.email, verdict.fields.lat, verdict.fields.street) == (None, None, "")
    assert len(verdict.remarks) == 3
