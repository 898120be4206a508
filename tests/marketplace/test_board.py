"""The board: exact results, bands only, pages in both directions, nothing for the unvetted."""

from __future__ import annotations

import random
from dataclasses import fields
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from accounts.errors import NotVetted
from core.errors import NotFound
from marketplace import states
from marketplace.bands import BUCKETS, bucket_of
from marketplace.checked import NO_TEXT
from marketplace.models import Task
from marketplace.selectors.board import SORTS, BoardFilters, BoardRow, count_up_to, offer, search, similar
from marketplace.services.claims import Clearance, take
from marketplace.services.listings import list_case
from marketplace.services.notes import write_note
from tests.factories import (
    START,
    make_case,
    make_collector,
    make_debt,
    make_debtor,
    make_person,
    make_programme,
    make_task,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 3)


@pytest.fixture
def programme():
    return make_programme()


@pytest.fixture
def collector():
    return make_collector()


def listed(programme, *, region="NY", city="Albany", **extra):
    debtor = make_debtor(programme.org, make_person(region), city=city)
    return make_task(make_case(programme, debt=make_debt(debtor), state=states.LISTED), **extra)


def refs(page):
    return [row.ref for row in page.rows]


def find(collector, query="", **extra):
    return search(collector=collector, filters=BoardFilters.from_query(QueryDict(query)), at=START, **extra)


def test_only_open_tasks_are_there(programme, collector):
    there = listed(programme)
    listed(programme, state=states.PAUSED, pause_reason="hold")
    Task.objects.filter(pk=listed(programme).pk).update(state=states.CLAIMED)
    assert refs(find(collector)) == [there.ref]


@pytest.mark.parametrize("kind", ["never", "expired", "suspended"])
def test_the_unvetted_see_an_empty_board_with_no_job_run(programme, kind):
    task = listed(programme)
    someone = make_collector(vetted=kind != "never", **({"status": "SUSPENDED"} if kind == "suspended" else {}))
    at = START + timedelta(days=200) if kind == "expired" else START
    page = search(collector=someone, filters=BoardFilters(), at=at)
    assert (page.rows, page.next, page.prev) == ([], None, None)
    assert count_up_to(collector=someone, filters=BoardFilters(), at=at) == 0
    assert similar(collector=someone, ref=task.ref, at=at) == []
    with pytest.raises(NotVetted):
        offer(collector=someone, ref=task.ref, at=at)


def test_a_row_holds_no_name_phone_street_or_exact_balance(programme, collector):
    task = listed(programme)
    row = find(collector).rows[0]
    words = " ".join(str(getattr(row, field.name)) for field in fields(BoardRow))
    for secret in (
        "Jamie",
        "Sample",
        "Mock Street",
        "12207",
        "1234",
        "123457",
        task.case.ref,
        task.case.debt.account_ref,
        "555",
    ):
        assert secret not in words
    assert (row.amount, row.bucket, row.rate_bps) == ("USD 1,000 to 2,500", "30-59", 1050)


def mixed(programme, n=60):
    chance = random.Random(7)
    places = [("NY", "Albany"), ("NY", "Troy"), ("TX", "Austin")]
    return [_one(programme, chance, *chance.choice(places)) for _turn in range(n)]


def _one(programme, chance, region, city):
    paused = chance.random() < 0.2
    return listed(
        programme, region=region, city=city, amount_band=chance.randrange(8), language=chance.choice(["en", "es"]),
        product=chance.choice(["credit card", "water bill"]), rate_bps=chance.choice([700, 1050, 2100]),
        delinquency_date=TODAY - timedelta(days=chance.choice([0, 1, 29, 30, 59, 60, 89, 90, 179, 180, 900])),
        listed_at=START - timedelta(hours=chance.randrange(6)),
        state=states.PAUSED if paused else states.OPEN, pause_reason="hold" if paused else "",
    )  # fmt: skip


def expected(made, **wanted):
    def fits(task):
        days = (TODAY - task.delinquency_date).days
        checks = {
            "state": lambda v: task.region == v, "area": lambda v: task.area == v, "amount": lambda v: task.amount_band == v,
            "bucket": lambda v: bucket_of(days).key == v, "lang": lambda v: task.language == v,
            "product": lambda v: task.product == v, "min_rate_bps": lambda v: task.rate_bps >= v,
        }  # fmt: skip
        return task.state == "OPEN" and all(checks[name](value) for name, value in wanted.items())

    return {task.ref for task in made if fits(task)}


def test_combined_filters_give_exactly_what_is_there(programme, collector):
    made = mixed(programme)
    chance = random.Random(11)
    choices = {
        "state": ["NY", "TX"], "area": ["Albany", "Austin"], "amount": list(range(8)), "bucket": [b.key for b in BUCKETS],
        "lang": ["en", "es"], "product": ["credit card", "water bill"], "min_rate_bps": [700, 1050, 3000],
    }  # fmt: skip
    found_any = 0
    for _turn in range(60):
        wanted = {k: chance.choice(v) for k, v in choices.items() if chance.random() < 0.3}
        filters = BoardFilters(**wanted)
        page = search(collector=collector, filters=filters, at=START, size=100)
        assert set(refs(page)) == expected(made, **wanted), wanted
        assert count_up_to(collector=collector, filters=filters, at=START) == len(page.rows)
        found_any += bool(page.rows)
    assert found_any > 20


def test_every_bucket_covers_each_age_once(programme, collector):
    made = mixed(programme)
    rows = [
        row
        for b in BUCKETS
        for row in search(collector=collector, filters=BoardFilters(bucket=b.key), at=START, size=100).rows
    ]
    assert sorted(row.ref for row in rows) == sorted(expected(made))


@pytest.mark.parametrize("sort", SORTS)
def test_pages_cover_the_result_once_forward_and_back(programme, collector, sort):
    made = mixed(programme)
    whole = search(collector=collector, filters=BoardFilters(), at=START, sort=sort, size=100)
    assert set(refs(whole)) == expected(made)
    pages, cursor = [], ""
    while True:
        page = search(collector=collector, filters=BoardFilters(), at=START, sort=sort, cursor=cursor, size=7)
        pages.append(page)
        if page.next is None:
            break
        cursor = page.next
    assert [ref for page in pages for ref in refs(page)] == refs(whole)
    assert pages[0].prev is None
    for earlier, later in pairwise(pages):
        back = search(collector=collector, filters=BoardFilters(), at=START, sort=sort, cursor=later.prev, size=7)
        assert (refs(back), back.next is not None, back.prev is None) == (refs(earlier), True, earlier is pages[0])


def test_a_new_listing_does_not_shift_the_pages(programme, collector):
    for hour in range(6):
        listed(programme, listed_at=START - timedelta(hours=hour))
    first = find(collector, size=3)
    listed(programme, listed_at=START + timedelta(seconds=1))
    second = find(collector, cursor=first.next, size=3)
    assert not set(refs(first)) & set(refs(second))
    assert len(second.rows) == 3


def test_a_damaged_or_foreign_cursor_shows_the_first_page(programme, collector):
    for hour in range(4):
        listed(programme, listed_at=START - timedelta(hours=hour))
    first = find(collector, size=2)
    for cursor in ("x", first.next[:-1] + "_", first.next + "\x00", "a:b:c"):
        assert refs(find(collector, cursor=cursor, size=2)) == refs(first)
    other = find(collector, sort="rate", cursor=first.next, size=2)
    assert refs(other) == refs(find(collector, sort="rate", size=2))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("q=water&state=tx&bucket=30-59", "state=TX&bucket=30-59&q=water"),
        ("amount=0", "amount=0"),
        ("amount=9&bucket=soon&min_rate_bps=-1&mine=2", ""),
        ("bucket=180%2B", "bucket=180%2B"),
        ("bucket=180+", "bucket=180%2B"),
        ("mine=1&lang=ES", "lang=es&mine=1"),
        ("q=%00%20a&page=4", "q=a"),
        ("amount=%C2%B2", ""),
    ],
)
def test_the_address_is_the_search(given, kept):
    filters = BoardFilters.from_query(QueryDict(given))
    assert filters.to_query() == kept
    assert BoardFilters.from_query(QueryDict(kept)) == filters


def test_an_area_is_named_only_in_a_crowd_of_five(programme, collector):
    for _turn in range(4):
        listed(programme)
    assert {row.area for row in find(collector).rows} == {"New York"}
    assert all(row.is_area_widened for row in find(collector).rows)
    listed(programme)
    listed(programme, amount_band=5)
    listed(programme, delinquency_date=TODAY - timedelta(days=60))
    by_area = {row.ref: (row.area, row.amount_band, row.bucket) for row in find(collector).rows}
    assert sorted(by_area.values()).count(("Albany", 3, "30-59")) == 5
    assert ("New York", 5, "30-59") in by_area.values()
    assert ("New York", 3, "60-89") in by_area.values()
    Task.objects.filter(ref=next(ref for ref, kept in by_area.items() if kept[0] == "Albany")).update(
        state=states.CLAIMED
    )
    assert {row.area for row in find(collector).rows} == {"New York"}


def test_mine_keeps_to_licence_and_tier(programme, collector):
    mine = listed(programme)
    listed(programme, region="TX")
    listed(programme, amount_band=4)
    assert refs(find(collector, "mine=1")) == [mine.ref]
    assert {row.ref for row in find(collector).rows if row.can_claim} == {mine.ref}


def test_free_text_finds_what_the_board_shows_and_nothing_else(programme, collector):
    debtor = make_debtor(programme.org, make_person("NY"), city="Troy", name="Quentin Hidden")
    case = make_case(programme, debt=make_debt(debtor, product="water bill"), state=states.NOTICED)
    task = list_case(case=case, notice_ref="N-1", funding_ref="float", rate_bps=1050, at=START)
    for words in ("water", "TROY", "new york", "water troy", task.ref, programme.org.name):
        assert refs(find(collector, f"q={words}")) == [task.ref], words
    for words in ("Quentin", "Hidden", "Mock", debtor.key, case.debt.account_ref, case.ref, "credit", "' OR 1=1 --"):
        assert refs(find(collector, f"q={words}")) == [], words


def test_the_last_result_is_shown_as_a_class(programme, collector):
    task = listed(programme)
    write_note(case=task.case, claim=None, action="CALL", result="PROMISE", text=NO_TEXT, actor="system", at=START)
    later = START + timedelta(hours=1)
    write_note(case=task.case, claim=None, action="CALL", result="NO_ANSWER", text=NO_TEXT, actor="system", at=later)
    assert find(collector).rows[0].last_result == "Fail"


def test_an_offer_that_is_gone_says_so_and_names_similar_ones(programme, collector):
    gone, near, far = listed(programme), listed(programme, amount_band=2), listed(programme, amount_band=7)
    listed(programme, region="TX")
    assert offer(collector=collector, ref=gone.ref, at=START).is_open
    take(clearance=Clearance(make_collector().pk, gone.case_id, "US-NY", START), terms={}, at=START)
    assert not offer(collector=collector, ref=gone.ref, at=START).is_open
    assert [row.ref for row in similar(collector=collector, ref=gone.ref, at=START)] == [near.ref, far.ref]
    with pytest.raises(NotFound):
        offer(collector=collector, ref="T-NOWHERE", at=START)


def test_one_row_and_three_cost_the_same_queries(programme, collector, django_assert_num_queries):
    listed(programme)
    with django_assert_num_queries(5):
        assert len(find(collector).rows) == 1
    listed(programme)
    listed(programme, region="TX", city="Austin")
    with django_assert_num_queries(5):
        assert len(find(collector, size=3).rows) == 3
    with django_assert_num_queries(3):
        find(collector, "state=CA")


@pytest.mark.parametrize(("sort", "index"), [(sort, f"board_{sort}") for sort in SORTS])
def test_a_later_page_begins_inside_the_index(programme, collector, sort, index):
    for hour in range(4):
        listed(programme, listed_at=START - timedelta(hours=hour))
    cursor = find(collector, sort=sort, size=2).next
    with CaptureQueriesContext(connection) as seen:
        find(collector, sort=sort, cursor=cursor, size=2)
    page = next(q["sql"] for q in seen.captured_queries if "ROW(" in q["sql"])
    with connection.cursor() as db:
        # On a handful of rows only the price of the alternatives hides the index.
        db.execute("SET LOCAL enable_seqscan = off")
        db.execute("SET LOCAL enable_sort = off")
        db.execute("SET LOCAL enable_bitmapscan = off")
        db.execute(f"EXPLAIN {page}")
        plan = "\n".join(row[0] for row in db.fetchall())
    assert index in plan
    assert "Index Cond: (ROW(" in plan
    assert "Sort" not in plan
