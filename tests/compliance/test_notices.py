"""Validation notices: complete or not at all, sent once, the same bytes on every printing."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from compliance.models import ValidationNotice
from compliance.notice_content import NoticeContent, NoticeIncomplete
from compliance.notice_pdf import render_pdf
from compliance.notice_words import amounts, dispute_prompts, rights
from compliance.services.notices import (
    NoticeNotDue,
    NoWayToDeliver,
    build_notice,
    content_of,
    send_notice,
    send_notices,
)
from core import clock
from core.crypto import seal
from core.models import Event, MarketClock
from marketplace import states
from marketplace.models import Case
from tests import factories as make

pytestmark = pytest.mark.django_db


def content(**extra: Any) -> NoticeContent:
    values: dict[str, Any] = {
        "collector_name": "Evenhand Receivables, Inc.", "collector_address": "PO Box 555, Albany, NY 12201",
        "consumer_name": "Jamie Sample", "consumer_address": ("947 Mock Street", "Albany, NY 12207"),
        "creditor_now": "Harbour LLC", "creditor_then": "Harbour LLC", "account_ending": "0410", "currency": "USD",
        "itemization_date": date(2026, 9, 2), "amount_then_minor": 110000, "interest_minor": 8557, "fees_minor": 4900,
        "payments_minor": 0, "credits_minor": 0, "amount_now_minor": 123457, "period_ends_on": date(2026, 12, 10),
        "link": "https://evenhand.example/p/token/", "language": "en",
    } | extra  # fmt: skip
    return NoticeContent(**values)


def untouched(case: Case) -> bool:
    fresh = Case.objects.get(pk=case.pk)
    return fresh.state == states.READY and not ValidationNotice.objects.exists() and not Event.objects.exists()


def case_with(*, address: str | None = None, **debt: Any) -> Case:
    programme = make.make_programme()
    sealed: dict[str, Any] = {} if address is None else {"address_sealed": seal(address, key_id=programme.org.key_id)}
    return make.make_case(programme, debt=make.make_debt(make.make_debtor(programme.org, **sealed), **debt))


@pytest.mark.parametrize("name", [one.name for one in fields(NoticeContent)])
def test_no_field_can_be_missing_and_the_refusal_names_it(name: str) -> None:
    with pytest.raises(NoticeIncomplete) as refused:
        content(**{name: None})
    assert refused.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [("consumer_name", "  "), ("consumer_address", ()), ("consumer_address", ("947 Mock Street", ""))],
)
def test_blank_is_missing(name: str, value: object) -> None:
    with pytest.raises(NoticeIncomplete):
        content(**{name: value})


def test_zero_is_an_amount() -> None:
    assert content(interest_minor=0, fees_minor=0).payments_minor == 0


def test_the_period_ends_thirty_days_after_five_business_days(at: datetime) -> None:
    """Tuesday 3 November 2026 and five business days is Tuesday the 10th; 30 days more."""
    notice = send_notice(case=make.make_case(), at=at)
    assert (notice.assumed_received_on, notice.period_ends_on) == (date(2026, 11, 10), date(2026, 12, 10))


def test_the_period_steps_over_a_legal_holiday(at: datetime) -> None:
    """From Friday the 6th, Wednesday the 11th (Veterans Day) does not count: Monday the 16th."""
    notice = send_notice(case=make.make_case(), at=at + timedelta(days=3))
    assert (notice.assumed_received_on, notice.period_ends_on) == (date(2026, 11, 16), date(2026, 12, 16))


def test_the_words_carry_the_itemisation_the_day_and_the_prompts() -> None:
    lines = [(line.label, line.amount) for line in amounts(content(payments_minor=4500, amount_now_minor=118957))]
    assert lines == [
        ("On 2 September 2026", "$1,100.00"), ("Interest since then", "$85.57"), ("Fees since then", "$49.00"),
        ("Paid or credited since then", "-$45.00"), ("Total now", "$1,189.57"),
    ]  # fmt: skip
    assert sum("by 10 December 2026" in line for line in rights(content())) == 3
    assert dispute_prompts()[:2] == ["This is not my debt.", "The amount is wrong."]


def test_what_is_sealed_is_what_was_hashed(at: datetime) -> None:
    notice = send_notice(case=make.make_case(), at=at)
    text = content_of(notice).to_json()
    assert hashlib.sha256(text.encode()).digest() == bytes(notice.content_sha256)
    assert b"Jamie" not in bytes(notice.content_sealed)


def test_without_an_itemisation_date_nothing_is_sent_and_nothing_left(at: datetime) -> None:
    case = case_with(itemization_date=None)
    with pytest.raises(NoticeIncomplete) as refused:
        send_notice(case=case, at=at)
    assert refused.value.field == "itemization_date"
    assert untouched(case)


@pytest.mark.parametrize("address", ['{"street": "", "city": "Albany", "postal_code": "12207"}', "{}"])
def test_without_an_address_nothing_is_sent_and_nothing_left(at: datetime, address: str) -> None:
    case = case_with(address=address)
    with pytest.raises(NoWayToDeliver):
        send_notice(case=case, at=at)
    assert untouched(case)


def test_a_second_notice_is_refused_and_leaves_the_first(at: datetime) -> None:
    case = make.make_case()
    send_notice(case=case, at=at)
    with pytest.raises(NoticeNotDue):
        send_notice(case=case, at=at)
    assert ValidationNotice.objects.count() == 1
    assert Event.objects.filter(name="case.noticed").count() == 1


def test_a_set_is_sent_and_the_rest_says_why(at: datetime) -> None:
    good, plain, lost = make.make_case(), case_with(itemization_date=None), case_with(address="{}")
    report = send_notices(cases=[good, plain, lost], at=at)
    assert [notice.case_id for notice in report.sent] == [good.pk]
    reasons = {case.pk: reason for case, reason in report.waiting}
    assert "itemization_date is missing" in reasons[plain.pk]
    assert "no postal address" in reasons[lost.pk]
    assert Case.objects.get(pk=good.pk).state == states.NOTICED
    assert {Case.objects.get(pk=pk).state for pk in reasons} == {states.READY}
    again = send_notices(cases=[good], at=at)
    assert (again.sent, len(again.waiting)) == ([], 1)


def test_a_set_needs_a_few_statements_however_many_it_has(at: datetime, django_assert_max_num_queries: Any) -> None:
    programme = make.make_programme()
    cases = [make.make_case(programme) for _turn in range(40)]
    with django_assert_max_num_queries(16):
        assert len(send_notices(cases=cases, at=at).sent) == 40


def test_a_build_changes_nothing(at: datetime) -> None:
    case = make.make_case()
    assert build_notice(case=case, at=at).amount_now_minor == 123457
    assert untouched(case)


# Paper


def test_the_same_content_is_the_same_bytes() -> None:
    assert render_pdf([content()]) == render_pdf([content()])
    assert render_pdf([content()]) != render_pdf([content(fees_minor=4901)])


@pytest.mark.parametrize("name", ["Jamie <b> & Sons", "Łukasz Żak", "张伟", "</font>"])
def test_any_name_can_be_printed(name: str) -> None:
    assert render_pdf([replace(content(), consumer_name=name)]).startswith(b"%PDF-")


@pytest.fixture
def _market(settings: Any, at: datetime) -> None:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(at)


@pytest.mark.usefixtures("_market")
def test_a_day_is_one_file_with_a_manifest_and_is_never_printed_twice(
    at: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = make.make_case(), make.make_case()
    send_notices(cases=[first, second], at=at)
    call_command("print_notices", folder=tmp_path)
    body = (tmp_path / "notices-2026-11-03.pdf").read_bytes()
    rows = list(csv.DictReader((tmp_path / "notices-2026-11-03.csv").read_text().splitlines()))
    assert [row["case"] for row in rows] == [first.ref, second.ref]
    assert (tmp_path / "notices-2026-11-03.pdf").stat().st_mode & 0o077 == 0
    assert hashlib.sha256(body).hexdigest() in capsys.readouterr().out

    late = make.make_case()
    send_notice(case=late, at=at + timedelta(hours=1))
    call_command("print_notices", folder=tmp_path)
    assert (tmp_path / "notices-2026-11-03.pdf").read_bytes() == body
    assert "1 more" in capsys.readouterr().out

    clock.advance(timedelta(days=1))
    call_command("print_notices", folder=tmp_path)
    assert late.ref in (tmp_path / "notices-2026-11-04.csv").read_text()


@pytest.mark.usefixtures("_market")
def test_an_empty_day_writes_no_file(tmp_path: Path) -> None:
    call_command("print_notices", folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
