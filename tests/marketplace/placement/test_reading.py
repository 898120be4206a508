"""How a file is read: encoding, separator, heading row, columns, and why a whole file is turned away."""

from __future__ import annotations

import codecs

import pytest

from tests.marketplace.placement.kit import judge, read, table

CHINESE = "借据号,姓名,手机号码,省份,国家,余额,逾期天数\n00123,王伟,,广东,中国,50.00,12\n"
ACCENTED = "Account No;Name;ST;Balance;Days Late\nA-1;José Núñez;CA;1250.40;34\n"


@pytest.mark.parametrize(
    ("data", "label", "name"),
    [
        (ACCENTED.encode(), "UTF-8", "José Núñez"),
        (codecs.BOM_UTF8 + ACCENTED.encode(), "UTF-8 with byte-order mark", "José Núñez"),
        (ACCENTED.encode("utf-16"), "UTF-16", "José Núñez"),
        (ACCENTED.encode("utf-32"), "UTF-32", "José Núñez"),
        (ACCENTED.encode("cp1252"), "Windows-1252", "José Núñez"),
        (CHINESE.encode("gb18030"), "GB18030", "王伟"),
        (CHINESE.encode(), "UTF-8", "王伟"),
    ],
)
def test_the_encoding_is_found_and_told(data: bytes, label: str, name: str) -> None:
    assert read(data).encoding == label
    (verdict,) = judge(data)
    assert verdict.fields is not None
    assert verdict.fields.name == name


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_separator_inside_quotes_never_counts(separator: str) -> None:
    text = table({"debtor_name": "Sample; Jamie, Jr\tII\n(second line)"}, {}, separator=separator)
    assert read(text).separator == separator
    first, second = judge(text)
    assert first.cells[1] == "Sample; Jamie, Jr\tII\n(second line)"
    assert (first.line, second.line) == (2, 4), "a line break inside quotes is a line of the file"


@pytest.mark.parametrize(
    ("heading", "meaning"),
    [
        ("Account_No.", "account_ref"), ("accountNo", "account_ref"), ("external id", "account_ref"),
        ("合同号", "account_ref"), ("账号", "account_ref"), ("Client ID", "customer_ref"), ("客户号", "customer_ref"),
        ("NAME", "debtor_name"), ("姓名", "debtor_name"), ("Mobile", "phone"), ("电话", "phone"), ("邮箱", "email"),
        ("地址", "street"), ("城市", "city"), ("邮编", "postal_code"), ("ST", "state"), ("州", "state"),
        ("时区", "timezone"), ("语言", "language"), ("debt type", "product"), ("币种", "currency"), ("本金", "principal"),
        ("利息", "interest"), ("费用", "fees"), ("欠款金额", "balance"), ("Balance (USD)", "balance"),
        ("Days Late", "days_past_due"), ("逾期天数", "days_past_due"), ("Due", "delinquency_date"),
        ("到期日", "delinquency_date"), ("最近还款额", "last_payment_amount"), ("标记", "flags"),
    ],
)  # fmt: skip
def test_a_heading_is_recognised(heading: str, meaning: str) -> None:
    assert read(f"latitude,{heading},longitude\n1,2,3\n").columns[meaning] == 1


@pytest.mark.parametrize(
    "heading",
    [
        "Emergency Contact", "relative_name", "Reference 1", "Employer phone", "Spouse", "next of kin", "work email",
        "紧急联系人", "联系人电话", "亲属", "配偶姓名", "guarantor",
    ],
)  # fmt: skip
def test_a_column_about_somebody_else_refuses_the_file_and_is_named(heading: str) -> None:
    refused = read(table({heading: "Someone Else"})).refused
    assert refused is not None
    assert (refused.code, refused.column) == ("third_party_column", heading)
    assert heading in refused.message


@pytest.mark.parametrize("heading", ["Account Reference", "客户姓名", "Customer reference"])
def test_a_heading_that_only_sounds_like_a_person_is_taken(heading: str) -> None:
    refused = read(table({heading: "x"})).refused
    assert refused is None or refused.code == "two_columns"


def test_other_columns_are_ignored_and_named() -> None:
    assert read(table({"Branch code": "7", "": "x"})).ignored == ("Branch code", "column 9 (no heading)")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (codecs.BOM_UTF8 + b"\r\n \t\n", "empty_file"),
        (b"PK\x03\x04 zipped sheet", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0 old sheet", "spreadsheet"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "unreadable"),
        (b"just some words\nand more of them\n", "no_heading"),
        (table({}).splitlines()[0].encode(), "no_rows"),
        (b"account_ref,debtor_name,state,balance,days_past_due\n\n , ,,,\n", "no_rows"),
        (table({"Account no": "B"}).encode(), "two_columns"),
        (b"account_ref,debtor_name,state,days_past_due\nA,B,NY,1\n", "missing_column"),
        (b"account_ref,debtor_name,balance,days_past_due\nA,B,1,1\n", "missing_column"),
        (b"account_ref,debtor_name,balance,state\nA,B,1,NY\n", "missing_column"),
        (b"debtor_name,balance,state,days_past_due\nB,1,NY,1\n", "missing_column"),
        (table({}).encode() + b'A-2,"never closed,,NY,1,1,\n', "open_quotation"),
    ],
)
def test_a_file_is_refused_with_a_code_and_a_sentence(data: bytes, code: str) -> None:
    refused = read(data).refused
    assert refused is not None
    assert refused.code == code
    assert refused.message.endswith(".")


@pytest.mark.parametrize(("before", "taken"), [(0, True), (1, True), (20, True), (21, False)])
def test_up_to_twenty_lines_may_stand_before_the_heading(before: int, taken: bool) -> None:
    reading = read("".join(f"Harbour report {n}\n" for n in range(before)) + table({}))
    assert (reading.refused is None) is taken
    if taken:
        assert reading.skipped_lines == tuple((n + 1, f"Harbour report {n}") for n in range(before))


def test_blank_rows_are_no_rows_and_lines_keep_their_numbers() -> None:
    heading, first, second = table({}, {}).splitlines()
    text = "\n".join([heading, "", first, ",,,,,,", "   ", second, ""])
    assert read(text).row_count == 2
    assert [verdict.line for verdict in judge(text)] == [3, 6]
