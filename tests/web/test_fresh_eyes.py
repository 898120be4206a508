"""What somebody who walked the story tripped over, kept from coming back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from compliance.services import portal
from core import clock
from core.models import MarketClock
from tests import factories as make
from web.forms import MoneyField


@pytest.mark.parametrize("text", ["12,34", "1e3", "1,00", "12,3456", "--5", "1.2.3", "NaN", "1,234,5"])
def test_an_amount_that_may_be_meant_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        MoneyField(currency="USD").clean(text)


@pytest.mark.parametrize(("text", "minor"), [("1,234.57", 123457), ("1234.5", 123450), ("$ 45", 4500), ("0.5", 50)])
def test_an_amount_as_people_write_it_is_read(text: str, minor: int) -> None:
    assert MoneyField(currency="USD").clean(text) == minor


@pytest.mark.django_db
def test_the_clock_returns_from_a_refusal_to_the_page_that_asked(client: Client, settings: Any, at: datetime) -> None:
    settings.EVENHAND_DEMO = True
    MarketClock.objects.all().delete()
    clock.start(at.replace(hour=22))
    claim = make.make_claim()
    client.force_login(claim.collector.user)
    page = f"http://testserver/case/{claim.case.ref}/"
    refused = client.post(f"/case/{claim.case.ref}/call/", {"key": "k"}, headers={"referer": page})
    html = refused.content.decode()
    assert "No call now" in html
    assert f'name="next" value="/case/{claim.case.ref}/"' in html


@pytest.mark.django_db
def test_one_persons_wrong_answers_leave_the_neighbours_letters_alone() -> None:
    mine, other = make.make_case(), make.make_case()
    for _turn in range(5):
        with pytest.raises(portal.WrongAnswer):
            portal.check_second_fact(case=mine, answer="99999", origin="192.0.2.1")
    with pytest.raises(portal.TooManyTries):
        portal.check_second_fact(case=mine, answer="12207", origin="192.0.2.1")
    portal.check_second_fact(case=other, answer="12207", origin="192.0.2.1")
