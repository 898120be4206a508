"""The second fact: any one opens the page, wrong ones are counted, many at once are no more than one after another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.utils import timezone

from compliance.models import PortalTries
from compliance.services import portal
from compliance.services.notices import send_notice
from core.models import Event
from marketplace.models import Case
from marketplace.services.cases import close_case
from tests import factories as make

RIGHT, WRONG = "12207", "99999"


def wrong(case: Case, times: int, origin: str = "") -> None:
    for _turn in range(times):
        with pytest.raises(portal.WrongAnswer):
            portal.check_second_fact(case=case, answer=WRONG, origin=origin)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["12207", " 122-07 ", "45", "45.00", "$45.00"])
def test_any_one_fact_is_enough(answer: str) -> None:
    portal.check_second_fact(case=make.make_case(), answer=answer, origin="192.0.2.1")


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["", " - ", "0", "1220", "122070", "HC-", "None", "0.00"])
def test_anything_else_is_wrong_in_the_same_words(answer: str) -> None:
    case = make.make_case()
    with pytest.raises(portal.WrongAnswer) as refused:
        portal.check_second_fact(case=case, answer=answer)
    assert refused.value.message == portal.WrongAnswer().message
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_a_file_without_the_facts_opens_for_nobody() -> None:
    programme = make.make_programme()
    debtor = make.make_debtor(programme.org, address_sealed=b"")
    case = make.make_case(programme, debt=make.make_debt(debtor, last_payment_minor=None, account_ref="HC-7788"))
    for answer in ("", "0", "None", "12207"):
        with pytest.raises(portal.WrongAnswer):
            portal.check_second_fact(case=case, answer=answer)
    portal.check_second_fact(case=Case.objects.get(pk=make.make_case().pk), answer=RIGHT)


@pytest.mark.django_db
def test_after_five_wrong_answers_the_right_one_waits_too() -> None:
    case = make.make_case()
    wrong(case, 5)
    with pytest.raises(portal.TooManyTries):
        portal.check_second_fact(case=case, answer=RIGHT)
    PortalTries.objects.update(until=timezone.now() - timedelta(seconds=1))
    portal.check_second_fact(case=case, answer=RIGHT)


@pytest.mark.django_db
def test_a_right_answer_clears_the_case_but_not_where_the_wrong_ones_came_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portal, "TRIES_FROM_ONE_PLACE", 5)
    mine, other = make.make_case(), make.make_case()
    wrong(mine, 4, origin="192.0.2.1")
    portal.check_second_fact(case=mine, answer=RIGHT, origin="192.0.2.1")
    wrong(other, 1, origin="192.0.2.1")
    with pytest.raises(portal.TooManyTries):
        portal.check_second_fact(case=other, answer=RIGHT, origin="192.0.2.1")
    portal.check_second_fact(case=other, answer=RIGHT, origin="192.0.2.2")


@pytest.mark.django_db
def test_no_address_of_a_reader_is_kept() -> None:
    wrong(make.make_case(), 1, origin="192.0.2.1")
    assert PortalTries.objects.count() == 2
    assert not any(b"192.0.2.1" in bytes(row.key) for row in PortalTries.objects.all())


def test_twenty_guesses_at_once_are_five(real_db: str) -> None:
    case = make.make_case()

    def guess(_turn: int) -> str:
        try:
            portal.check_second_fact(case=case, answer=WRONG)
        except (portal.WrongAnswer, portal.TooManyTries) as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "opened"

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(guess, range(20)))
    assert (codes.count("wrong_answer"), codes.count("too_many_tries")) == (5, 15)


# Links


@pytest.mark.django_db
def test_a_link_finds_its_case_only(at: datetime) -> None:
    case = make.make_case(token="the-token")
    make.make_case()
    assert portal.case_of_link("the-token", at=at) == case
    assert portal.case_of_link("another", at=at) is None
    assert portal.case_of_link("", at=at) is None


@pytest.mark.django_db
def test_a_closed_case_can_be_read_for_three_months(at: datetime) -> None:
    case = make.make_case(token="the-token")
    close_case(case=case, code="WTH", event="stop", actor="system", at=at)
    assert portal.case_of_link("the-token", at=at + timedelta(days=89)) == case
    assert portal.case_of_link("the-token", at=at + timedelta(days=91)) is None


@pytest.mark.django_db
def test_reading_the_notice_is_recorded_once(at: datetime) -> None:
    case = make.make_case()
    send_notice(case=case, at=at)
    assert not portal.is_notice_viewed(case)
    portal.notice_viewed(case=case, at=at)
    portal.notice_viewed(case=case, at=at)
    assert portal.is_notice_viewed(case)
    assert Event.objects.filter(name="notice.viewed").count() == 1
