"""Files that no creditor should send: each row still gets one verdict, and nothing is lost, torn or stored in vain."""

from __future__ import annotations

import json
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from compliance.services.placing import place_file
from core import clock
from marketplace import states
from marketplace.models import Batch, BatchRow, Case, Debt, Debtor, Programme
from marketplace.placement.amounts import Problem, parse
from marketplace.placement.headings import names_third_party
from marketplace.placement.languages import language_code
from marketplace.services.placement import commit_chunk
from marketplace.services.staging import stage_file
from tests import factories as make
from tests.marketplace.placement.kit import judge_row, read, table

AS_OF = date(2026, 10, 31)
MARK = "\ufeff"


@pytest.fixture
def programme() -> Programme:
    return make.make_programme(make.make_org("harbour"), slug="cards")


def place(programme: Programme, data: str, at: datetime, *, dry_run: bool = False) -> Batch:
    return place_file(
        programme=programme, data=data.encode(), filename="f.csv", as_of=AS_OF, actor="system", at=at, dry_run=dry_run
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"product": "p" * 60}, "ok"),
        ({"product": "p" * 64}, "ok"),
        ({"country": "GB", "state": "North Yorkshire", "phone": ""}, "ok_no_phone"),
        ({"language": "abc-abcd-123"}, "ok"),
        ({"interest": "300.00", "fees": "30.00"}, "amounts_do_not_add_up"),
        ({"balance": "9" * 5000}, "bad_amount"),
        ({"balance": "9" * 5000 + ".00"}, "bad_amount"),
        ({"state": "x" * 100_000}, "bad_state"),
    ],
)
def test_no_value_keeps_the_other_rows_from_being_placed(
    programme: Programme, at: datetime, changes: dict[str, str], code: str
) -> None:
    batch = place(programme, table(changes, {}), at)
    assert batch.state == states.COMMITTED
    assert list(batch.lines.order_by("line").values_list("code", flat=True)) == [code, "ok"]
    assert sum(batch.verdicts.values()) == batch.rows == 2
    assert Case.objects.count() == batch.verdicts["accepted"]
    assert max(len(row.reason) for row in batch.lines.all()) <= 401


@pytest.mark.django_db
def test_a_region_is_kept_by_its_whole_name(programme: Programme, at: datetime) -> None:
    place(programme, table({"country": "GB", "state": "North Yorkshire", "phone": ""}), at)
    assert Debtor.objects.get().region == "NORTH YORKSHIRE"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({}, (31000, 0, 0)),
        ({"principal": "200.00"}, (20000, 0, 11000)),
        ({"principal": "200.00", "interest": "10.00"}, (20000, 1000, 10000)),
        ({"principal": "200.00", "fees": "10.00"}, (20000, 10000, 1000)),
        ({"interest": "10.00"}, (30000, 1000, 0)),
        ({"principal": "310.00"}, (31000, 0, 0)),
        ({"principal": "300.00", "interest": "7.00", "fees": "3.00"}, (30000, 700, 300)),
        ({"balance": "", "principal": "300.00", "fees": "3.00"}, (30000, 0, 300)),
    ],
)
def test_the_parts_of_a_debt_add_up_to_its_balance(
    programme: Programme, at: datetime, given: dict[str, str], parts: tuple[int, int, int]
) -> None:
    place(programme, table(given), at)
    debt = Debt.objects.get()
    assert (debt.principal_minor, debt.interest_minor, debt.fees_minor) == parts
    assert debt.balance_minor == sum(parts) == Case.objects.get().placed_minor


@pytest.mark.parametrize(
    "given",
    [
        {"principal": "310.01"},
        {"principal": "300.00", "interest": "10.01"},
        {"interest": "300.00", "fees": "10.01"},
        {"principal": "300.00", "interest": "7.00", "fees": "2.99"},
        {"principal": "300.00", "interest": "7.00", "fees": "3.01"},
    ],
)
def test_parts_beyond_the_balance_are_refused(given: dict[str, str]) -> None:
    verdict = judge_row(**given)
    assert (verdict.code, verdict.field) == ("amounts_do_not_add_up", "balance")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_file_with_a_zero_character_is_no_text(encoding: str) -> None:
    text = table({"debtor_name": "Jamie\0Sample"})
    for data in (text.encode(encoding), (MARK + text).encode(encoding)):
        refused = read(data).refused
        assert refused is not None
        assert refused.code == "unreadable"
    assert read((MARK + table({})).encode(encoding)).refused is None


def test_a_text_of_a_thousand_digits_is_no_amount() -> None:
    for text in ("9" * 5000, "9" * 5000 + ".00", "(" + "9" * 5000 + ")"):
        found = parse(text, style=None, currency="USD")
        assert isinstance(found, Problem)
        assert found.code == "bad_amount"
    assert language_code("abc-abcd-123") is None


@pytest.mark.parametrize(
    "value",
    [
        "512/555/0104", "512–555–0104", "512·555·0104", "512_555_0104", "5125550104", "+1 (512) 555-0104", "5 1 2 5550104",
    ],
)  # fmt: skip
@pytest.mark.parametrize("column", ["state", "country", "currency", "balance", "flags", "delinquency_date"])
def test_no_reason_quotes_a_phone_number(column: str, value: str) -> None:
    verdict = judge_row(**{column: value})
    if verdict.verdict == "rejected":
        digits = "".join(character for character in verdict.reason if character.isdigit())
        assert "5550104" not in digits


def test_a_long_reason_keeps_what_to_do() -> None:
    reason = judge_row(state="x" * 5000).reason
    assert len(reason) <= 401
    assert reason.endswith("Write its code, such as NY.")


@pytest.mark.parametrize(
    "heading",
    ["亲友电话", "家人", "妻子姓名", "联络人", "同学", "办公电话", "Co-signer", "cosigner_phone", "Roommate", "NOK phone",
     "Name of reference", "Phone of contact", "Boss phone", "family"],
)  # fmt: skip
def test_columns_about_other_people_turn_the_file_away(heading: str) -> None:
    assert names_third_party(heading)


@pytest.mark.parametrize("heading", ["Family name", "Reference no", "Employer", "Phone", "联系电话", "Alternate phone"])
def test_columns_about_the_debtor_do_not(heading: str) -> None:
    assert not names_third_party(heading)


@pytest.mark.django_db
def test_a_dry_run_never_goes_on_with_a_placement_that_was_cut_off(programme: Programme, at: datetime) -> None:
    text = table({}, {})
    cut_off = stage_file(
        programme=programme, data=text.encode(), filename="f.csv", as_of=AS_OF, dry_run=False, actor="system", at=at
    )
    assert cut_off.state == states.JUDGED
    dry = place(programme, text, at, dry_run=True)
    assert (dry.state, dry.pk == cut_off.pk) == (states.CHECKED, False)
    assert not Case.objects.exists()
    assert place(programme, text, at).pk == cut_off.pk
    assert Case.objects.count() == 2


@pytest.mark.django_db
def test_an_account_taken_meanwhile_says_so(programme: Programme, at: datetime) -> None:
    slow = stage_file(
        programme=programme, data=table({"phone": ""}).encode(), filename="f.csv", as_of=AS_OF, dry_run=False,
        actor="system", at=at,
    )  # fmt: skip
    assert slow.lines.get().reason.startswith("There is no phone number")
    place(programme, table({}), at)
    commit_chunk(batch=slow, at=at)
    row = slow.lines.get()
    assert (row.verdict, row.code, row.case_ref) == ("duplicate", "duplicate_of_case", Case.objects.get().ref)
    assert (row.field, row.reason) == ("account_ref", "This account was placed before.")


def told(file: Path, programme: Programme, **options: object) -> dict[str, object]:
    out = StringIO()
    try:
        call_command(
            "place", str(file), creditor="harbour", programme=programme.slug, as_of=AS_OF, json=True, stdout=out,
            **options,
        )  # fmt: skip
    finally:
        found: dict[str, object] = json.loads(out.getvalue())
    return found


@pytest.mark.django_db
def test_a_dry_run_of_the_command_writes_nothing_at_all(programme: Programme, tmp_path: Path) -> None:
    file = tmp_path / "f.csv"
    file.write_text(table({}, {"phone": "555-0103"}))
    clock.now()
    before = counts()
    dry = told(file, programme, dry_run=True, lines=True)
    assert counts() == before
    assert dry["batch"] is None
    real = told(file, programme, lines=True)
    for body in (dry, real):
        lines = body.pop("lines")
        assert isinstance(lines, list)
        body["told"] = [(line["line"], line["verdict"], line["code"]) for line in lines]
    assert real.pop("batch") == Batch.objects.get().ref
    dry.pop("batch")
    assert dry == real
    assert BatchRow.objects.count() == 2


def counts() -> dict[str, int]:
    with connection.cursor() as cursor:
        found = {}
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            found[name] = cursor.fetchone()[0]
        return found


@pytest.mark.django_db
def test_a_refused_file_is_told_to_machines_too(
    programme: Programme, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "f.csv"
    file.write_text(table({"Emergency contact": "Someone Else"}))
    out = StringIO()
    with pytest.raises(CommandError, match="Emergency contact"):
        call_command("place", str(file), creditor="harbour", programme="cards", json=True, stdout=out)
    body = json.loads(out.getvalue())
    assert "Emergency contact" in body["refused"]
    assert body["verdicts"] == {"accepted": 0, "rejected": 0, "screened": 0, "duplicate": 0}
