"""Placing a file: verdicts become cases once, with holds, people and sealed rows."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from compliance.models import Hold
from compliance.services.placing import place_file
from core.crypto import unseal
from core.events import verify_stream
from core.models import Event
from marketplace import states
from marketplace.models import Batch, BatchRow, Case, ContactPoint, Debt, Debtor, Person, Programme
from marketplace.placement.generate import portfolio_csv
from tests import factories as make
from tests.marketplace.placement.kit import table

FIXTURES = Path(__file__).parent.parent / "fixtures"
HARBOUR = Path(__file__).parents[3] / "shared" / "data" / "harbour_cards.csv"
AS_OF = date(2026, 10, 31)


@pytest.fixture
def programme() -> Programme:
    return make.make_programme(make.make_org("harbour"), slug="cards")


def place(programme: Programme, data: str | bytes, at: datetime, **extra: Any) -> Batch:
    content = data if isinstance(data, bytes) else data.encode()
    extra = {"as_of": AS_OF, "actor": "system", "filename": "f.csv"} | extra
    return place_file(programme=programme, data=content, at=at, **extra)


@pytest.mark.django_db
def test_the_harbour_portfolio_is_placed_once(programme: Programme, at: datetime) -> None:
    if not HARBOUR.exists():
        pytest.skip("harbour_cards.csv is not on this machine")
    data = HARBOUR.read_bytes()
    batch = place(programme, data, at)
    assert batch.verdicts == {"accepted": 4038, "rejected": 0, "screened": 70, "duplicate": 0}
    assert (batch.codes["ok_disputed"], batch.codes["ok_no_phone"]) == (46, 129)
    assert Case.objects.count() == Debt.objects.count() == 4038
    assert Hold.objects.filter(reason="DISPUTE").count() == 46
    again = place(programme, data, at)
    assert again.verdicts == {"accepted": 0, "rejected": 0, "screened": 70, "duplicate": 4038}
    assert Case.objects.count() == 4038


@pytest.mark.django_db
def test_the_command_tells_each_line_of_the_messy_file(programme: Programme) -> None:
    out = StringIO()
    file = FIXTURES / "import_messy.csv"
    call_command(
        "place", str(file), creditor="harbour", programme=programme.slug, as_of=date(2026, 1, 31), json=True,
        lines=True, stdout=out,
    )  # fmt: skip
    told = json.loads(out.getvalue())
    expected = json.loads((FIXTURES / "import_messy_expected.json").read_text())
    assert told["verdicts"] == {"accepted": 7, "rejected": 11, "screened": 1, "duplicate": 1}
    assert [(line["line"], line["code"]) for line in told["lines"]] == [
        (row["line"], row["expect"]) for row in expected
    ]
    refs = {line["case"] for line in told["lines"] if line["verdict"] == "accepted"}
    assert refs == set(Case.objects.values_list("ref", flat=True))
    assert all(line["case"] is None for line in told["lines"] if line["verdict"] != "accepted")


@pytest.mark.django_db
def test_a_dry_run_judges_and_writes_no_case(programme: Programme, at: datetime) -> None:
    batch = place(programme, portfolio_csv(40, 1, AS_OF), at, dry_run=True)
    assert (batch.state, batch.rows) == (states.CHECKED, 40)
    for model in (Case, Debt, Debtor, Person, ContactPoint, Hold, Event):
        assert not model.objects.exists(), model


@pytest.mark.django_db
def test_a_refused_file_leaves_a_reason_and_no_row(programme: Programme, at: datetime) -> None:
    batch = place(programme, table({"Emergency contact": "Someone Else"}), at)
    assert batch.state == states.FILE_REFUSED
    assert "Emergency contact" in batch.refused_reason
    assert not BatchRow.objects.exists()


@pytest.mark.django_db
def test_each_flag_opens_its_hold(programme: Programme, at: datetime) -> None:
    flags = {
        "disputed": "DISPUTE", "represented": "REPRESENTED", "hardship": "HARDSHIP_REVIEW", "cease": "CEASE",
        "minor": "MINOR", "identity_theft": "ID_THEFT", "vulnerable": "VULNERABLE",
    }  # fmt: skip
    rows = [{"flags": word, "phone": f"+1212555018{place}"} for place, word in enumerate(flags)]
    place(programme, table(*rows), at)
    opened = Hold.objects.values_list("person__debtors__debts__account_ref", "reason")
    assert dict(opened) == {f"A-{place}": hold for place, hold in enumerate(flags.values(), 1)}


@pytest.mark.django_db
def test_a_customer_with_three_debts_is_one_debtor(programme: Programme, at: datetime) -> None:
    place(programme, table(*({"customer_ref": "CU-7"} for _debt in range(3))), at)
    place(programme, table({"customer_ref": "CU-7", "account_ref": "LATER", "phone": "+12125550102"}), at)
    debtor = Debtor.objects.get()
    assert debtor.debts.count() == debtor.cases.count() == 4
    numbers = [unseal(bytes(point.sealed)) for point in ContactPoint.objects.filter(kind="phone").order_by("pk")]
    assert numbers == ["+12125550101", "+12125550102"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "persons"),
    [({}, 1), ({"debtor_name": " jamie  SAMPLE"}, 1), ({"debtor_name": "Lee Sample"}, 2), ({"state": "NJ"}, 2)],
)
def test_one_human_across_creditors_needs_name_phone_and_region(
    programme: Programme, at: datetime, changes: dict[str, str], persons: int
) -> None:
    place(programme, table({}), at)
    place(make.make_programme(), table(changes), at)
    assert (Debtor.objects.count(), Person.objects.count()) == (2, persons)


@pytest.mark.django_db
def test_without_a_phone_nobody_is_joined_across_creditors(programme: Programme, at: datetime) -> None:
    for one in (programme, make.make_programme()):
        place(one, table({"phone": ""}), at)
    assert Person.objects.count() == 2


@pytest.mark.django_db
def test_another_creditors_account_of_the_same_name_is_no_duplicate(programme: Programme, at: datetime) -> None:
    place(programme, table({}), at)
    assert place(make.make_programme(), table({}), at).verdicts["accepted"] == 1


@pytest.mark.django_db
def test_a_placed_account_names_its_case(programme: Programme, at: datetime) -> None:
    place(programme, table({}), at)
    batch = place(programme, table({"balance": "99.00"}, {}), at)
    assert list(batch.lines.order_by("line").values_list("code", "case_ref")) == [
        ("duplicate_of_case", Case.objects.get(debt__account_ref="A-1").ref),
        ("ok", Case.objects.get(debt__account_ref="A-2").ref),
    ]


@pytest.mark.django_db
def test_each_case_begins_a_stream_that_verifies(programme: Programme, at: datetime) -> None:
    place(programme, table({}, {"flags": "disputed"}), at)
    for case in Case.objects.all():
        assert Event.objects.filter(stream=case.stream).order_by("number")[0].name == "case.placed"
        assert verify_stream(case.stream) is None
    assert Event.objects.filter(name="batch.committed").count() == 1


@pytest.mark.django_db
def test_formula_cells_stay_text(programme: Programme, at: datetime) -> None:
    batch = place(programme, table({"debtor_name": '=HYPERLINK("http://x")'}), at)
    assert batch.codes == {"formula_injection_neutralised": 1}
    assert Debtor.objects.get().name == '=HYPERLINK("http://x")'


@pytest.mark.django_db
def test_a_plain_dump_holds_no_number_and_no_mail_address(programme: Programme, at: datetime) -> None:
    canary = "+12125550177"
    rows = [
        {"phone": canary, "email": "canary@example.com", "street": "7 Canary Road"},
        {"phone": canary, "balance": "x"},
    ]
    place(programme, table(*rows, {"phone": canary, "flags": "bankrupt"}), at)
    dump = []
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            with cursor.copy(f'COPY "{name}" TO STDOUT') as copy:
                dump += [bytes(block) for block in copy]
    everything = b"".join(dump)
    assert b"Jamie Sample" in everything, "the dump sees what is not sealed"
    for secret in ("2125550177", "5550177", "canary@", "Canary Road"):
        assert secret.encode() not in everything
        assert secret.encode().hex().encode() not in everything, "nor as the hexadecimal text of a binary column"


def test_two_at_once_place_each_account_once(real_db: str, at: datetime) -> None:
    programme = make.make_programme(make.make_org("twice"), slug="cards")
    data = portfolio_csv(120, 3, AS_OF)
    start = threading.Barrier(2)
    batches: list[Batch] = []
    problems: list[Exception] = []

    def run() -> None:
        try:
            start.wait(10)
            batches.append(place(programme, data, at))
        except Exception as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _turn in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    refs = list(Case.objects.filter(org=programme.org).values_list("debt__account_ref", flat=True))
    assert len(refs) == len(set(refs))
    for batch in Batch.objects.filter(programme=programme):
        assert (batch.state, batch.rows, sum(batch.verdicts.values())) == (states.COMMITTED, 120, 120)
        assert not batch.lines.filter(verdict="accepted", is_done=False).exists()
        assert set(batch.lines.filter(verdict__in=["accepted"]).values_list("account_ref", flat=True)) <= set(refs)
    taken = BatchRow.objects.filter(batch__programme=programme, verdict="accepted").count()
    assert taken == len(refs) > 100
