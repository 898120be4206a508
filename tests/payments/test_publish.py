"""Listing and funding: what keeps a case off the board, and how the float opens and closes it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from compliance.models import Hold
from core.models import Event
from marketplace import states as market
from marketplace.models import Case, Task
from marketplace.services.promises import make_promise
from payments import ledger
from payments.services.publish import floor_of, funding_of, list_cases, refresh_funding
from payments.services.settlement_run import settle
from tests.factories import START, make_case, make_claim, make_debt, make_debtor, make_notice, make_programme
from tests.payments.kit import pay, top_up, touch

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def programme(db):
    return make_programme(float_floor_minor=10_000)


def noticed(programme, **debt):
    case = make_case(programme, debt=make_debt(make_debtor(programme.org), **debt), state=market.NOTICED)
    make_notice(case)
    return case


def refused(programme, at=START) -> str:
    report = list_cases(programme=programme, at=at)
    assert not report.listed
    assert not Task.objects.exists()
    [(case, reason)] = report.refused
    case.refresh_from_db()
    assert (case.state, case.not_listed_reason) == (market.NOTICED, reason)
    assert Event.objects.filter(stream=case.stream, name="case.listing_refused").count() == 1
    return reason


def test_a_funded_noticed_case_is_listed_at_the_collectors_rate(programme):
    top_up(programme.org, 10_000)
    case = noticed(programme)
    [task] = list_cases(programme=programme, at=START).listed
    assert (task.case, task.rate_bps, task.notice_ref) == (case, 1050, case.notice.ref)
    assert Case.objects.get(pk=case.pk).state == market.LISTED


@pytest.mark.parametrize("funds", [0, 9_999])
def test_a_float_below_its_floor(programme, funds):
    if funds:
        top_up(programme.org, funds)
    noticed(programme)
    assert refused(programme) == "float"
    assert refused(programme, START + DAY) == "float"  # told once


def test_an_empty_wallet_lists_nothing_even_without_a_floor():
    programme = make_programme()
    noticed(programme)
    assert refused(programme) == "float"


def test_without_a_notice(programme):
    top_up(programme.org, 10_000)
    make_case(programme, state=market.NOTICED)
    assert refused(programme) == "notice"


def test_without_itemisation(programme):
    top_up(programme.org, 10_000)
    noticed(programme, itemization_date=None)
    assert refused(programme) == "itemisation"


def test_a_debt_in_another_currency(programme):
    top_up(programme.org, 10_000)
    noticed(programme, currency="EUR")
    assert refused(programme) == "currency"


def test_terms_without_a_rate(programme):
    top_up(programme.org, 10_000)
    noticed(programme, delinquency_date=START.date())
    assert refused(programme) == "rate"


@pytest.mark.parametrize("scope", ["case", "person"])
def test_a_hold_keeps_it_off(programme, scope):
    top_up(programme.org, 10_000)
    case = noticed(programme)
    hold = Hold.objects.create(
        scope=scope, case=case if scope == "case" else None, person=case.debtor.person, reason="HARDSHIP_REVIEW",
        from_at=START - DAY, opened_by="system", opened_at=START - DAY,
    )  # fmt: skip
    assert refused(programme) == "hold"
    Hold.objects.filter(pk=hold.pk).update(closed_at=START)
    assert len(list_cases(programme=programme, at=START).listed) == 1
    assert Case.objects.get(pk=case.pk).not_listed_reason == ""


def test_the_notice_period_is_no_reason(programme):
    top_up(programme.org, 10_000)
    case = noticed(programme)
    Hold.objects.create(
        scope="case", case=case, person=case.debtor.person, reason="NOTICE_PERIOD", from_at=START,
        opened_by="system", opened_at=START,
    )  # fmt: skip
    assert len(list_cases(cases=[case], at=START).listed) == 1


def test_a_mandate_up_to_its_limit():
    programme = make_programme(funding_cover="mandate", exposure_limit_minor=1000)
    case = noticed(programme)
    assert len(list_cases(cases=[case], at=START).listed) == 1
    ledger.post(
        key="x",
        kind="8",
        at=START,
        currency="USD",
        lines=[(ledger.receivable(programme.org_id), 1000), (ledger.FEE, -1000)],
    )
    other = noticed(programme)
    report = list_cases(cases=[other], at=START)
    assert [reason for _case, reason in report.refused] == ["exposure"]


def test_the_floor_follows_the_promises(programme):
    top_up(programme.org, 10_000)
    claim = make_claim(make_case(programme, state=market.WORKING))
    assert floor_of(programme) == 10_000
    make_promise(
        case=claim.case, claim=claim, amount_minor=100_000, due_date=date(2026, 11, 20), channel="call",
        actor=claim.collector.actor, at=START,
    )  # fmt: skip
    assert floor_of(programme) == 10_000
    programme.float_floor_minor = 100
    programme.save()
    assert floor_of(programme) == 1500  # a tenth of 15 % of 1,000.00


def test_tasks_pause_below_the_floor_and_come_back(programme):
    top_up(programme.org, 10_000)
    case = noticed(programme)
    [task] = list_cases(programme=programme, at=START).listed
    claim = make_claim(make_case(programme, state=market.WORKING))
    make_notice(claim.case)
    touch(claim.case, claim.collector, START + timedelta(hours=1))
    payment = pay(claim.case, 10_030, START + DAY)
    settle(as_of=payment.clears_at)
    task.refresh_from_db()
    assert (task.state, task.pause_reason) == (market.PAUSED, Task.Pause.LOW_FLOAT)
    assert claim.task.__class__.objects.get(pk=claim.task_id).state == market.CLAIMED
    assert not funding_of(programme).is_funded
    top_up(programme.org, 2000, at=START + 5 * DAY)
    task.refresh_from_db()
    assert task.state == market.OPEN
    assert {"case.paused", "case.resumed"} <= set(
        Event.objects.filter(stream=case.stream).values_list("name", flat=True)
    )


def test_another_creditors_float_changes_nothing(programme):
    top_up(programme.org, 10_000)
    noticed(programme)
    [task] = list_cases(programme=programme, at=START).listed
    other = make_programme()
    assert refresh_funding(org=other.org, at=START) == {"paused": 0, "resumed": 0}
    task.refresh_from_db()
    assert task.state == market.OPEN
