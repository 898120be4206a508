"""Placement by page and by API: checked first, run once, refused with a sentence, nobody else's to see."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import CreditorOrg
from accounts.services.organisations import create_token
from core import clock
from core.models import MarketClock
from marketplace import states
from marketplace.models import Batch, Case, Programme, Task
from marketplace.placement.generate import portfolio_csv
from tests import factories as make
from tests.payments.kit import top_up

pytestmark = pytest.mark.django_db
MESSY = (Path(__file__).parent.parent / "fixtures" / "import_messy.csv").read_bytes()


@pytest.fixture(autouse=True)
def _market(settings: Any, at: datetime) -> None:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(at)


@pytest.fixture
def org() -> CreditorOrg:
    return make.make_org("harbour")


@pytest.fixture
def programme(org: CreditorOrg) -> Programme:
    return make.make_programme(org, slug="cards")


@pytest.fixture
def owner(client: Client, org: CreditorOrg) -> Client:
    client.force_login(make.make_member(org))
    return client


def upload(client: Client, programme: Programme, data: bytes, as_of: str = "2026-11-03", name: str = "f.csv") -> Any:
    body = {"programme": programme.pk, "file": SimpleUploadedFile(name, data, "text/csv"), "as_of": as_of}
    return client.post("/c/import/", body)


def test_a_file_is_checked_then_run_once(owner: Client, programme: Programme, at: datetime) -> None:
    answer = upload(owner, programme, portfolio_csv(30, 5, at.date()))
    assert answer.status_code == 302
    batch = Batch.objects.get()
    assert (batch.state, Case.objects.count()) == (states.CHECKED, 0)
    assert owner.get(answer.headers["Location"]).status_code == 200
    for _tap in range(2):
        assert owner.post(f"/c/import/{batch.ref}/run/").status_code == 302
    batch.refresh_from_db()
    assert batch.state == states.COMMITTED
    assert Case.objects.count() == batch.verdicts["accepted"] > 20
    assert owner.get(f"/c/import/{batch.ref}/").status_code == 200


def test_notices_go_out_and_cases_are_listed_from_the_result(owner: Client, programme: Programme, at: datetime) -> None:
    top_up(programme.org, 1_000_000)
    upload(owner, programme, portfolio_csv(20, 6, at.date()))
    batch = Batch.objects.get()
    owner.post(f"/c/import/{batch.ref}/run/")
    assert owner.post(f"/c/import/{batch.ref}/publish/").status_code == 302
    assert Task.objects.filter(state="OPEN").count() > 10
    assert "On the board" in owner.get(f"/c/import/{batch.ref}/").content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"account_ref,debtor_name,balance,state,days_past_due,emergency contact\nA,B,1,NY,3,x\n", "emergency contact"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", ""),
        (b"PK\x03\x04 a spreadsheet", ""),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(owner: Client, programme: Programme, data: bytes, words: str) -> None:
    answer = upload(owner, programme, data)
    page = owner.get(answer.headers["Location"]).content.decode()
    assert "This file cannot be taken" in page
    assert words in page
    assert not Case.objects.exists()


def test_no_file_keeps_the_form_and_says_what_to_do(owner: Client, programme: Programme) -> None:
    answer = owner.post("/c/import/", {"programme": programme.pk, "as_of": "2026-11-03"})
    assert "Choose a file" in answer.content.decode()
    assert not Batch.objects.exists()


def test_the_lines_to_mend_come_back_with_what_to_fix(owner: Client, programme: Programme) -> None:
    upload(owner, programme, MESSY, as_of="2026-01-31")
    batch = Batch.objects.get()
    body = b"".join(owner.get(f"/c/import/{batch.ref}/rows/").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert body.splitlines()[0].endswith("What to fix")
    assert body.count("bad_amount") >= 2
    assert len(body.splitlines()) == 1 + batch.verdicts["rejected"]


def test_another_creditor_finds_nothing(programme: Programme, owner: Client, at: datetime) -> None:
    upload(owner, programme, portfolio_csv(5, 5, at.date()))
    batch = Batch.objects.get()
    other = Client()
    other.force_login(make.make_member(make.make_org()))
    assert other.get(f"/c/import/{batch.ref}/").status_code == 404
    assert other.post(f"/c/import/{batch.ref}/run/").status_code == 404
    assert upload(other, programme, MESSY).status_code == 200
    assert Batch.objects.count() == 1


def api(client: Client, token: str, key: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return client.post("/api/v1/placements", body, content_type="application/json", headers=headers)


ROW = {
    "account_ref": "API-1", "debtor_name": "Quinn Sample", "state": "NY", "city": "Albany", "street": "1 Mock Street",
    "postal_code": "12207", "balance": "310.00", "days_past_due": "40", "itemization_date": "2026-09-01",
}  # fmt: skip


def test_the_api_places_rows_once_per_key(client: Client, programme: Programme, at: datetime) -> None:
    _row, token = create_token(org=programme.org, label="erp", actor="user:1", at=at)
    body = {"programme": "cards", "rows": [ROW, ROW | {"account_ref": "API-2", "balance": "-1"}]}
    first = api(client, token, "k1", body)
    assert first.status_code == 201
    assert first.json()["verdicts"] == {"accepted": 1, "rejected": 1, "screened": 0, "duplicate": 0}
    assert [line["code"] for line in first.json()["lines"]] == ["ok_no_phone", "bad_amount"]
    assert api(client, token, "k1", body).json() == first.json()
    other = api(client, token, "k1", {"programme": "cards", "rows": [ROW | {"account_ref": "API-3"}]})
    assert other.status_code == 409
    assert Case.objects.count() == 1


@pytest.mark.parametrize("rows", [[], "x", [1], [ROW | {"balance": 310.55}]])
def test_the_api_refuses_what_it_cannot_read(client: Client, programme: Programme, at: datetime, rows: Any) -> None:
    _row, token = create_token(org=programme.org, label="erp", actor="user:1", at=at)
    assert api(client, token, "k2", {"programme": "cards", "rows": rows}).status_code == 400
    assert not Batch.objects.exists()


def test_the_api_needs_the_right_creditors_token(client: Client, programme: Programme, at: datetime) -> None:
    _row, token = create_token(org=make.make_org(), label="erp", actor="user:1", at=at)
    assert api(client, token, "k3", {"programme": "cards", "rows": [ROW]}).status_code == 404
    assert api(client, "eh_wrong", "k3", {"programme": "cards", "rows": [ROW]}).status_code == 401
    assert not Batch.objects.exists()
