"""The figures behind the dashboard, and when they are worked out again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core import clock
from core.events import record
from core.models import Event
from insight.models import ProgressRow
from insight.selectors import dashboard
from insight.services import progress
from marketplace.models import Promise
from payments.services.payments import reverse_payment
from tests.factories import START, make_case, make_claim, make_debt, make_debtor, make_notice, make_org, make_programme
from tests.payments.kit import pay, touch, worked_claim

pytestmark = pytest.mark.django_db
LATER = START + timedelta(hours=3)


@pytest.fixture(autouse=True)
def hour(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: LATER)


def data_of(programme, at=LATER):
    progress.mark(programme.pk)
    progress.refresh(programme_id=programme.pk, at=at)
    return ProgressRow.objects.get(pk=programme.pk).data


def event(case, name="note.added", **data):
    return record(name=name, stream=case.stream, actor="system", at=START, creditor_id=case.org_id, data=data)


def test_funnel_narrows_from_placed_to_paid():
    claim = worked_claim()
    programme = claim.case.programme
    for _ in range(2):
        make_case(programme)
    Promise.objects.create(
        ref="R-1", case=claim.case, claim=claim, amount_minor=5000, currency="USD", due_date=date(2026, 11, 6),
        channel="call", made_at=START, made_by="system",
    )  # fmt: skip
    pay(claim.case, 10030, LATER)
    found = data_of(programme)
    assert found["funnel"] == {"placed": 3, "noticed": 1, "contacted": 1, "right_party": 1, "promise": 1, "paid": 1}
    assert (found["cases"], found["people"], found["placed_minor"]) == (3, 3, 3 * 123457)
    assert found["promises"] == {"open": 1, "kept": 0, "broken": 0}


def test_a_case_called_twice_is_one_case_contacted():
    claim = worked_claim()
    touch(claim.case, claim.collector, START + timedelta(hours=2), answered_by="")
    assert data_of(claim.case.programme)["funnel"]["contacted"] == 1


def test_recovered_is_net_of_what_was_taken_back():
    claim = worked_claim()
    first = pay(claim.case, 10030, LATER)
    pay(claim.case, 33333, LATER)
    assert data_of(claim.case.programme)["recovered_minor"] == 43363
    reverse_payment(payment=first, external_ref="B", reason="bounced", actor="user:1", at=LATER)
    found = data_of(claim.case.programme)
    assert found["recovered_minor"] == 33333
    assert found["ageing"][1] == {
        "bucket": "30-59", "cases": 1, "balance_minor": 90124, "recovered_minor": 33333, "placed_minor": 123457,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(0, "1-29"), (1, "1-29"), (29, "1-29"), (30, "30-59"), (59, "30-59"), (60, "60-89"), (179, "150-179"), (180, "180+"),
     (4000, "180+")],
)  # fmt: skip
def test_edges_of_the_age_buckets(days, bucket):
    programme = make_programme()
    since = date(2026, 11, 3) - timedelta(days=days)
    make_case(programme, debt=make_debt(make_debtor(programme.org), delinquency_date=since))
    found = {line["bucket"]: line["cases"] for line in data_of(programme)["ageing"]}
    assert {key: n for key, n in found.items() if n} == {bucket: 1}


def test_version_rises_only_with_the_figures():
    programme = make_programme()
    data_of(programme)
    before = ProgressRow.objects.get().version
    data_of(programme)
    assert ProgressRow.objects.get().version == before
    make_case(programme)
    data_of(programme)
    assert ProgressRow.objects.get().version == before + 1


def test_an_event_refreshes_its_programme_once_a_second_at_most():
    case = make_case()
    progress.touch(event(case))
    row = ProgressRow.objects.get(pk=case.programme_id)
    assert row.dirty_since is None
    assert row.data["cases"] == 1
    make_case(case.programme)
    progress.touch(event(case))
    row.refresh_from_db()
    assert row.data["cases"] == 1
    assert row.dirty_since is not None
    assert progress.refresh_dirty(at=LATER) == 1
    row.refresh_from_db()
    assert (row.data["cases"], row.dirty_since) == (2, None)
    assert progress.refresh_dirty(at=LATER) == 0


def test_a_wallets_event_touches_every_programme_of_its_creditor():
    org = make_org()
    mine = [make_programme(org), make_programme(org)]
    make_programme()
    progress.touch(Event(stream=f"org:{org.pk}", name="topup.succeeded"))
    assert set(ProgressRow.objects.values_list("pk", flat=True)) == {one.pk for one in mine}
    progress.touch(Event(stream="collector:C-1", name="collector.vetted"))
    assert ProgressRow.objects.count() == 2


def test_latest_is_of_this_programme_without_the_bulk_and_without_other_data():
    org = make_org()
    one, other = make_case(make_programme(org)), make_case(make_programme(org))
    event(one, "case.listed")
    event(one, "payment.reported", amount_minor=10030, currency="USD", collector="C-SECRET", payment="Y-1")
    event(other, "payment.reported", amount_minor=1, currency="USD")
    found = data_of(one.programme)["activity"]
    assert [(line["case"], line["name"]) for line in found] == [(one.ref, "payment.reported")]
    assert found[0]["data"] == {"amount_minor": 10030, "currency": "USD"}


def test_needs_name_the_float_and_what_cannot_be_listed():
    programme = make_programme(float_floor_minor=50_000)
    case = make_case(programme, state="NOTICED")
    make_notice(case)
    type(case).objects.filter(pk=case.pk).update(not_listed_reason="float")
    needs = data_of(programme)["needs"]
    assert needs["not_listed"] == {"float": 1}
    assert needs["funding"]["is_funded"] is False
    assert needs["funding"]["floor_minor"] == 50_000
    assert (needs["disputes"], needs["statements"]) == (0, 0)


def test_version_is_one_indexed_read_within_the_organisation(django_assert_num_queries):
    claim = make_claim()
    programme = claim.case.programme
    dashboard.dashboard(org=programme.org, slug=programme.slug, at=LATER)
    version = ProgressRow.objects.get().version
    with django_assert_num_queries(1):
        assert dashboard.version_of(org=programme.org, slug=programme.slug) == version
    assert dashboard.version_of(org=make_org(), slug=programme.slug) is None
