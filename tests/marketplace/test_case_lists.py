"""Who sees which case: the holder his own, the creditor his organisation's, nobody else's."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.http import QueryDict

from accounts.models import Collector
from core.errors import NotFound
from marketplace import states
from marketplace.models import Case
from marketplace.selectors.cases import (
    CaseFilters,
    creditor_case,
    creditor_cases,
    held_case,
    live_claim_of,
    promises_of,
    todays_list,
)
from marketplace.services.claims import end_claim
from marketplace.services.promises import make_promise
from tests.factories import (
    START,
    make_case,
    make_claim,
    make_collector,
    make_debt,
    make_debtor,
    make_org,
    make_programme,
)

pytestmark = pytest.mark.django_db


def promise_on(claim, due):
    return make_promise(
        case=claim.case, claim=claim, amount_minor=100, due_date=due, channel="call", actor="system", at=START
    )


def test_only_the_live_holder_sees_a_case():
    claim = make_claim()
    ref, other = claim.case.ref, make_collector()
    held = held_case(collector=claim.collector, ref=ref, at=START)
    assert (held.case, held.balance_minor, held.days_past_due, held.short_name) == (claim.case, 123457, 35, "Jamie S.")
    assert live_claim_of(claim.case) == claim
    for stranger, wanted in ((other, ref), (claim.collector, make_claim().case.ref), (claim.collector, "K-NOWHERE")):
        with pytest.raises(NotFound):
            held_case(collector=stranger, ref=wanted, at=START)
    end_claim(claim=claim, event="release", reason="", actor="system", at=START)
    with pytest.raises(NotFound):
        held_case(collector=claim.collector, ref=ref, at=START)
    assert live_claim_of(claim.case) is None


@pytest.mark.parametrize("how", ["expired", "suspended"])
def test_who_may_not_work_sees_none_of_his_cases(how):
    claim = make_claim()
    promise_on(claim, START.date())
    at = START + timedelta(days=200) if how == "expired" else START
    if how == "suspended":
        Collector.objects.filter(pk=claim.collector_id).update(status="SUSPENDED")
    assert todays_list(collector=claim.collector, at=at) == []
    assert not promises_of(collector=claim.collector, at=at).exists()
    with pytest.raises(NotFound):
        held_case(collector=claim.collector, ref=claim.case.ref, at=at)


def test_todays_list_puts_promises_first_and_costs_the_same_for_one_and_three(django_assert_num_queries):
    collector = make_collector()
    first = make_claim(collector=collector)
    with django_assert_num_queries(2):
        assert len(todays_list(collector=collector, at=START)) == 1
    later = make_claim(collector=collector)
    sooner = make_claim(collector=collector)
    promise_on(later, date(2026, 11, 20))
    promise_on(sooner, date(2026, 11, 12))
    with django_assert_num_queries(2):
        rows = todays_list(collector=collector, at=START)
    assert [row.claim for row in rows] == [sooner, later, first]
    assert [p.case for p in promises_of(collector=collector, at=START)] == [sooner.case, later.case]


def test_a_creditor_sees_his_own_cases_only():
    mine, theirs = make_programme(make_org()), make_programme(make_org())
    case, other = make_case(mine), make_case(theirs)
    assert [row.case for row in creditor_cases(org=mine.org, filters=CaseFilters(), at=START).rows] == [case]
    assert creditor_case(org=mine.org, ref=case.ref) == case
    with pytest.raises(NotFound):
        creditor_case(org=mine.org, ref=other.ref)
    for q in (other.ref, other.debt.account_ref, other.debtor.key):
        assert creditor_cases(org=mine.org, filters=CaseFilters(q=q), at=START).rows == []


def test_a_creditors_filters_and_pages(django_assert_num_queries):
    programme = make_programme()
    org = programme.org
    old = make_debt(make_debtor(org, name="Riley Demo"), delinquency_date=date(2026, 1, 1))
    cases = [make_case(programme) for _turn in range(4)] + [make_case(programme, debt=old, state=states.LISTED)]

    def found(query="", **extra):
        return creditor_cases(org=org, filters=CaseFilters.from_query(QueryDict(query)), at=START, **extra)

    with django_assert_num_queries(1):
        assert [row.case for row in found().rows] == cases[::-1]
    for query in ("state=LISTED", "bucket=180%2B", "q=riley", f"q={old.account_ref}", f"q={cases[-1].ref.lower()}"):
        assert [row.case for row in found(query).rows] == [cases[-1]], query
    assert len(found(f"programme={programme.slug}&state=nonsense&bucket=x").rows) == 5
    assert found("programme=other").rows == []
    page = found(size=2)
    second = found(size=2, cursor=page.next)
    assert [row.case for row in second.rows] == [cases[2], cases[1]]
    assert [row.case for row in found(size=2, cursor=second.prev).rows] == [row.case for row in page.rows]
    Case.objects.filter(pk=cases[0].pk).update(state=states.CLOSED, closed_at=START, close_code="WTH")
    assert [row.case for row in found("code=WTH").rows] == [cases[0]]
    assert CaseFilters.from_query(QueryDict("q=a&state=LISTED")).to_query() == "state=LISTED&q=a"
