"""The conformance cases, by the command that a developer runs. No database is opened."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from insight.money_vectors import run, same

CASES = Path(__file__).parents[1] / "vectors" / "money.json"


def checked(*arguments: str) -> tuple[str, int]:
    out, code = StringIO(), 0
    try:
        call_command("money_check", *arguments, stdout=out)
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    return out.getvalue(), code


@pytest.mark.parametrize("case", json.loads(CASES.read_text(encoding="utf-8")), ids=lambda case: case["id"])
def test_case(case: dict[str, object]):
    verdict = run(case)
    assert verdict.passed, (verdict.expected, verdict.actual)


def test_all_cases_pass():
    printed, code = checked(str(CASES))
    assert printed.splitlines()[-1] == "197 of 197 passed"
    assert code == 0
    assert "why" not in printed


def test_a_mismatch_is_shown_and_fails(tmp_path: Path):
    cases = json.loads(CASES.read_text(encoding="utf-8"))[:2]
    cases[0]["expect"]["rule"] = "A9"
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"cases": cases}), encoding="utf-8")
    printed, code = checked(str(wrong), "--explain")
    assert code == 1
    assert "FAIL ATT-V01" in printed
    assert "why      A1: before the first contact" in printed
    assert printed.endswith("1 of 2 passed\n")
    document, code = checked(str(wrong), str(CASES), "--json", "--explain")
    read = json.loads(document)
    assert (code, read["passed"], read["total"], read["summary"]) == (1, 198, 199, "198 of 199 passed")
    assert all(row["why"] for row in read["cases"])


def test_an_unreadable_file_is_a_sentence(tmp_path: Path):
    with pytest.raises(CommandError, match="nowhere"):
        checked(str(tmp_path / "nowhere.json"))
    odd = tmp_path / "odd.json"
    odd.write_text("{}", encoding="utf-8")
    with pytest.raises(CommandError, match="a list of cases"):
        checked(str(odd))


@pytest.mark.parametrize("facts", [{}, {"op": "weather"}, {"op": "attribution"}, {"op": "kpi", "tz": "Nowhere/Land"}])
def test_facts_of_an_unknown_shape_fail_without_stopping_the_rest(facts: dict[str, object]):
    verdict = run({"id": "X", "facts": facts, "expect": {"rule": "A1"}})
    assert not verdict.passed
    assert "unreadable" in verdict.actual


def _first(prefix: str) -> dict[str, object]:
    return next(case for case in json.loads(CASES.read_text(encoding="utf-8")) if case["id"].startswith(prefix))


@pytest.mark.parametrize(
    ("text", "code"),
    [("1e3", "AMOUNT"), ("1,000", "AMOUNT"), (" 5", "AMOUNT"), ("-5", "AMOUNT"), ("0.001", "PRECISION")],
)
def test_text_amounts_are_parsed_exactly(text: str, code: str):
    case = _first("COM-01")
    case["facts"]["events"][0]["principal"] = text
    assert run(case).actual == {"error": code}


def test_the_plan_is_checked_before_the_events():
    case = _first("COM-01")
    case["facts"]["plan"]["split"] = {"collector": 1, "platform": 1}
    case["facts"]["events"][0]["principal"] = 1.5
    assert run(case).actual == {"error": "SPLIT"}


def test_a_time_without_offset_is_refused():
    case = _first("ATT-V02")
    case["facts"]["payment"]["initiated_at"] = "2026-03-05T12:00:00"
    assert run(case).actual == {"error": "BAD_TIME"}


@pytest.mark.parametrize(
    ("expected", "actual", "equal"),
    [
        ("2026-03-13T00:00:00-04:00", "2026-03-13T04:00:00+00:00", True),
        ("2026-03-13T00:00:00-04:00", "2026-03-13T04:00:01+00:00", False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1], [1, 2], False),
        (1, True, False),
        (None, 0, False),
    ],
)
def test_equality_of_values(expected: object, actual: object, equal: bool):
    assert same(expected, actual) is equal
