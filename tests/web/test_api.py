"""The API of a creditor's system: one organisation's cases and payments, by token."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.services.organisations import create_token, revoke_token
from core.models import Event
from payments.models import JournalEntry, Payment, Reversal
from tests.factories import START, make_case, make_claim, make_collector, make_org, make_programme

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hour(monkeypatch):
    """The market clock's first hour."""
    from core import clock

    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=2))


def token(org, role="api"):
    return create_token(org=org, label=f"System {role}", actor="user:1", at=START, role=role)[1]


def bearer(raw):
    return {"authorization": f"Bearer {raw}"}


def body(case, **extra):
    return {
        "case": case.ref, "amount_minor": 10030, "currency": "USD", "initiated_at": "2026-11-03T11:00:00-05:00",
        "instrument": "transfer", "external_ref": "BANK-1",
    } | extra  # fmt: skip


def post(client, raw, data, url="/api/v1/payments"):
    return client.post(url, data, content_type="application/json", headers=bearer(raw))


def trace():
    return Payment.objects.count(), Reversal.objects.count(), JournalEntry.objects.count(), Event.objects.count()


def test_payment_is_applied_principal_first_and_told_in_parts(client):
    case = make_claim().case
    answer = post(client, token(case.org), body(case))
    assert answer.status_code == 201
    told = answer.json()
    assert told["parts"] == {"principal_minor": 10030, "interest_minor": 0, "fees_minor": 0}
    assert told["case"] == case.ref
    assert Payment.objects.get().reported_by.startswith("api:")


def test_the_same_report_again_gets_the_same_answer_and_writes_nothing(client):
    case = make_claim().case
    raw = token(case.org)
    first = post(client, raw, body(case))
    before = trace()
    again = post(client, raw, body(case))
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert trace() == before


@pytest.mark.parametrize(
    "change", [{"amount_minor": 10031}, {"instrument": "card"}, {"initiated_at": "2026-11-03T10:59:00-05:00"}]
)
def test_another_report_under_the_same_reference_is_refused(client, change):
    case = make_claim().case
    raw = token(case.org)
    post(client, raw, body(case))
    before = trace()
    answer = post(client, raw, body(case, **change))
    assert answer.status_code == 409
    assert answer.json()["code"] == "payment_reference_used"
    assert trace() == before


def test_the_reference_of_another_case_is_refused(client):
    case = make_claim().case
    other = make_case(case.programme)
    raw = token(case.org)
    post(client, raw, body(case))
    before = trace()
    assert post(client, raw, body(other)).status_code == 409
    assert trace() == before


@pytest.mark.parametrize("amount", [100.3, 100.0, "100", True, None, -1, 10**16])
def test_only_whole_minor_units_are_an_amount(client, amount):
    case = make_claim().case
    raw, before = token(case.org), None
    before = trace()
    answer = post(client, raw, body(case, amount_minor=amount))
    assert answer.status_code == 400
    assert answer.json()["field"] == "amount_minor"
    assert trace() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount_minor": 0}, "amount"), ({"currency": "EUR"}, "currency"), ({"instrument": "gold"}, "instrument"),
        ({"initiated_at": "2026-11-03T11:00:00"}, "initiated_at"), ({"initiated_at": "3 November"}, "initiated_at"),
        ({"initiated_at": "2026-12-03T11:00:00-05:00"}, "initiated_at"), ({"external_ref": ""}, "external_ref"),
        ({"external_ref": "x" * 81}, "external_ref"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(client, change, field):
    case = make_claim().case
    raw = token(case.org)
    before = trace()
    answer = post(client, raw, body(case, **change))
    assert (answer.status_code, answer.json()["field"]) == (400, field)
    assert trace() == before


def test_more_than_is_due_is_refused(client):
    case = make_claim().case
    raw = token(case.org)
    before = trace()
    answer = post(client, raw, body(case, amount_minor=123458))
    assert (answer.status_code, answer.json()["code"]) == (409, "above_balance")
    assert trace() == before


def test_broken_json_and_forms_are_refused(client):
    case = make_claim().case
    raw = token(case.org)
    assert client.post("/api/v1/payments", "{", content_type="application/json", headers=bearer(raw)).status_code == 400
    assert client.post("/api/v1/payments", body(case), headers=bearer(raw)).status_code == 415
    assert not Payment.objects.exists()


def test_reversal_takes_back_what_is_left_once(client):
    case = make_claim().case
    raw = token(case.org)
    ref = post(client, raw, body(case)).json()["ref"]
    url, given = f"/api/v1/payments/{ref}/reversals", {"external_ref": "BACK-1", "reason": "bounced"}
    first = post(client, raw, given, url)
    assert first.status_code == 201
    assert first.json()["amount_minor"] == 10030
    before = trace()
    again = post(client, raw, given, url)
    assert (again.status_code, again.json()) == (201, first.json())
    assert post(client, raw, given | {"reason": "recalled"}, url).status_code == 409
    assert post(client, raw, given | {"external_ref": "BACK-2"}, url).status_code == 409
    assert trace() == before
    case.debt.refresh_from_db()
    assert case.debt.balance_minor == 123457


def test_reversal_of_parts(client):
    case = make_claim().case
    raw = token(case.org)
    ref = post(client, raw, body(case)).json()["ref"]
    url = f"/api/v1/payments/{ref}/reversals"
    parts = {"principal_minor": 30, "interest_minor": 0, "fees_minor": 0}
    assert post(client, raw, {"external_ref": "B", "reason": "part", "parts": parts}, url).json()["amount_minor"] == 30
    bad = parts | {"principal_minor": 1.5}
    answer = post(client, raw, {"external_ref": "B2", "reason": "part", "parts": bad}, url)
    assert (answer.status_code, answer.json()["field"]) == (400, "parts.principal_minor")


def test_a_case_tells_its_state_and_parts_and_nobodys_name_or_number(client):
    collector = make_collector(alias="Canary Alias", e164="+16465550177")
    claim = make_claim(collector=collector)
    raw = token(claim.case.org)
    post(client, raw, body(claim.case))
    answer = client.get(f"/api/v1/cases/{claim.case.ref}", headers=bearer(raw))
    told = answer.json()
    assert told["state"] == "WORKING"
    assert told["parts"] == {"principal_minor": 99970, "interest_minor": 8557, "fees_minor": 4900}
    assert told["balance_minor"] == 113427
    assert [one["external_ref"] for one in told["payments"]] == ["BANK-1"]
    text = answer.content.decode()
    for word in ("Canary", "555", collector.ref, "phone"):
        assert word not in text


# Who may


def test_another_creditors_case_and_payment_do_not_exist(client):
    case = make_claim().case
    ref = post(client, token(case.org), body(case)).json()["ref"]
    stranger = token(make_org())
    before = trace()
    assert client.get(f"/api/v1/cases/{case.ref}", headers=bearer(stranger)).status_code == 404
    assert post(client, stranger, body(case, external_ref="S")).status_code == 404
    url = f"/api/v1/payments/{ref}/reversals"
    assert post(client, stranger, {"external_ref": "S", "reason": "no"}, url).status_code == 404
    assert trace() == before


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer eh_nothing", "Bearer a b", "Basic eh_x", "Bearer \xe9"])
def test_without_a_valid_token_nothing_is_told(client, header):
    case = make_case()
    headers = {"authorization": header} if header else {}
    for answer in (
        client.get(f"/api/v1/cases/{case.ref}", headers=headers),
        client.get("/api/v1/schema/", headers=headers),
        client.post("/api/v1/payments", body(case), content_type="application/json", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert not Payment.objects.exists()


def test_a_revoked_token_ends_at_once(client):
    case = make_case()
    raw = token(case.org)
    revoke_token(org=case.org, token_id=case.org.tokens.get().pk, actor="user:1", at=START)
    assert client.get(f"/api/v1/cases/{case.ref}", headers=bearer(raw)).status_code == 401


def test_a_viewers_token_reads_and_reports_nothing(client):
    case = make_claim().case
    raw = token(case.org, role="viewer")
    assert client.get(f"/api/v1/cases/{case.ref}", headers=bearer(raw)).status_code == 200
    before = trace()
    answer = post(client, raw, body(case))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert trace() == before


def test_a_signed_in_browser_is_nobody_here(client):
    from tests.factories import make_member

    programme = make_programme()
    case = make_case(programme)
    client.force_login(make_member(programme.org))
    assert client.get(f"/api/v1/cases/{case.ref}").status_code == 401


def test_schema_names_the_endpoints(client):
    answer = client.get("/api/v1/schema/?format=json", headers=bearer(token(make_org())))
    assert answer.status_code == 200
    paths = answer.json()["paths"]
    assert {"/api/v1/payments", "/api/v1/payments/{ref}/reversals", "/api/v1/cases/{ref}"} <= set(paths)
    assert answer.json()["components"]["securitySchemes"]["creditor_token"]["scheme"] == "bearer"
