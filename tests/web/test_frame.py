"""The frame, the demo's pages, the form renderer's fields and the tags."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django import forms
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Template
from django.test import Client
from django.utils.datastructures import MultiValueDict

from core import clock
from core.models import MarketClock, SentMail
from core.money import Money
from web import charts, formatting
from web.context import url_or_blank
from web.forms import ChipSelect, DatePartsField, MoneyField, TileSelect
from web.public.mailbox import MailboxBackend
from web.public.views import examples


def render(source: str, **values: object) -> str:
    return Template("{% load i18n evenhand %}" + source).render(Context(values)).strip()


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("{{ m|money }}", "$1,204.50"),
        ("{{ m|money_whole }}", "$1,205"),
        ("{{ 431000|money:'CNY' }}", "CN¥4,310.00"),
        ("{{ 1500|money:'JPY' }}", "¥1,500"),
        ("{{ owed|money }}", "−$35.00"),
        ("{{ none|money }}", "–"),
        ("{{ 1265|number }}", "1,265"),
        ("{{ 217|percent_of:1000 }}", "21.7\u00a0%"),
        ("{{ 1|percent_of:0 }}", "–"),
        ("{{ at|local:'America/Denver'|clock }}", "08:05"),
        ("{{ at|day_year }}", "3 November 2026"),
        ("{{ at|weekday }}", "Tuesday 3 November"),
        ("{{ 'America/Denver'|city }}", "Denver"),
        ("{{ 192|duration }}", "3 min 12 s"),
        ("{{ 192|timer }}", "03:12"),
        ("{{ span|age }}", "2 days 3 hours"),
        ("{{ 'Dana Okafor'|initials }}", "DO"),
        (
            "{% moment at 'America/Denver' %}",
            '<time datetime="2026-11-03T15:05:00+00:00">3 November, 08:05 in Denver</time>',
        ),
    ],
)
def test_how_things_are_written(source: str, written: str) -> None:
    values = {
        "m": Money(120450, "USD"),
        "owed": -3500,
        "none": None,
        "at": datetime(2026, 11, 3, 15, 5, tzinfo=UTC),
        "span": timedelta(days=2, hours=3, minutes=5),
    }
    assert render(source, **values) == written


def test_a_local_day_is_the_day_there() -> None:
    at = datetime(2026, 11, 4, 4, 30, tzinfo=UTC)
    assert render("{{ at|local:'America/Denver'|day }}", at=at) == "3 November"
    assert formatting.day(at) == "4 November"


def test_values_are_escaped() -> None:
    assert "<b>" not in render("{% tag name tone='ok' icon='check' %}", name="<b>")
    assert "<b>" not in render('{% component "notice" title=name %}{{ name }}{% endcomponent %}', name="<b>")
    assert "<em>" in render('{% component "notice" %}<em>kept</em>{% endcomponent %}')


def test_small_drawings_name_themselves() -> None:
    assert 'aria-label="2 of 7 calls used"' in render("{% pips 2 7 %}")
    drawn = render("{% call_window 8 21 at %}", at=datetime(2026, 11, 3, 10, 5))
    assert 'aria-label="Allowed from 08:00 to 21:00, now 10:05"' in drawn
    assert 'x="33.3%"' in drawn
    assert 'width="5.4"' in render("{% bar 54 1000 %}")


def test_a_chart_and_its_table_hold_the_same_numbers() -> None:
    drawn = charts.lines(
        "c", title="t", summary="s", columns=["1", "2", "3"], unit="%", series=[{"name": "a", "values": [1, None, 5]}]
    )
    assert [row["cells"][0] for row in drawn["rows"]] == [1, None, 5]
    assert drawn["series"][0]["path"].count("M") == 2  # a gap, not a line through nothing
    assert drawn["grid"][-1]["label"] == "5"


class Answers(forms.Form):
    amount = MoneyField(label="Amount", minimum=100, help_text="In dollars")
    day = DatePartsField(label="Day", earliest=date(2026, 11, 4))
    result = forms.ChoiceField(label="Result", choices=[("p", "Promise")], widget=TileSelect(icons={"p": "promise"}))
    when = forms.ChoiceField(label="When", choices=[("t", "Today")], widget=ChipSelect)
    why = forms.CharField(label="Why", widget=forms.Textarea, required=False)
    sure = forms.BooleanField(label="I am sure")


def answers(**changed: str) -> Answers:
    given = {
        "amount": "$1,204.5",
        "day_month": "11",
        "day_day": "20",
        "day_year": "2026",
        "result": "p",
        "when": "t",
        "sure": "on",
    }
    return Answers(MultiValueDict({key: [value] for key, value in {**given, **changed}.items()}))


def test_fields_clean_to_what_services_take() -> None:
    form = answers()
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == 120450
    assert form.cleaned_data["day"] == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("changed", "name", "message"),
    [
        ({"amount": "a lot"}, "amount", "Enter an amount in figures, for example 45 or 45.50"),
        ({"amount": "1.234"}, "amount", "This currency has fewer decimals than you entered"),
        ({"amount": "0.99"}, "amount", "Enter an amount of at least 1.00"),
        ({"amount": "9" * 20}, "amount", "This amount is too large"),
        ({"amount": "nan"}, "amount", "Enter an amount in figures, for example 45 or 45.50"),
        ({"amount": ""}, "amount", "“Amount” needs an answer"),
        ({"day_month": "13"}, "day", "Enter a real date, for example 11 20 2026"),
        ({"day_day": "x"}, "day", "Enter a real date, for example 11 20 2026"),
        ({"day_day": "3"}, "day", "The date must be 4 November 2026 or later"),
        ({"result": ""}, "result", "“Result” needs an answer"),
    ],
)
def test_fields_say_what_to_do(changed: dict[str, str], name: str, message: str) -> None:
    form = answers(**changed)
    assert form.errors[name] == [message]
    html = str(form)
    assert f'id="id_{name}_error"' in html
    assert 'aria-invalid="true"' in html


def test_controls_have_labels_hints_and_groups() -> None:
    html = str(Answers())
    assert '<label class="label" for="id_amount">Amount' in html
    assert 'id="id_amount_helptext"' in html
    assert 'aria-describedby="id_amount_helptext"' in html
    assert html.count("<fieldset") == 3
    for part in ("month", "day", "year"):
        assert f'for="id_day_{part}"' in html or f'name="day_{part}"' in html
    assert "(optional)" in html
    assert 'class="tile"' in html
    assert 'class="chip"' in html


@pytest.mark.django_db
class TestDemo:
    def test_clock_moves_forward_and_returns(self, client: Client) -> None:
        before = clock.now()
        response = client.post("/market-clock/", {"move": "hour", "next": "/real/"})
        assert response["location"] == "/real/"
        assert clock.now() - before >= timedelta(hours=1)
        client.post("/market-clock/", {"move": "night"})
        assert formatting.clock(clock.now().astimezone(clock.MARKET_ZONE)) == "21:30"

    def test_clock_refuses_other_moves_and_other_sites(self, client: Client) -> None:
        clock.now()
        before = MarketClock.objects.get().offset_us
        assert client.post("/market-clock/", {"move": "back"}).status_code == 400
        assert client.get("/market-clock/")["location"] == "/"
        assert MarketClock.objects.get().offset_us == before
        answer = client.post("/market-clock/", {"move": "hour", "next": "https://elsewhere.example/"})
        assert answer["location"] == "/"

    def test_mailbox_shows_each_mail_once_with_links(self, client: Client) -> None:
        mail = EmailMultiAlternatives(
            "Hello <b>", "See https://example.org/x now", to=["a@example.org", "b@example.org"]
        )
        mail.attach_alternative("<p>See</p>", "text/html")
        assert MailboxBackend().send_messages([mail]) == 1
        assert SentMail.objects.count() == 2
        listed = client.get("/mailbox/").content.decode()
        assert listed.count("Hello &lt;b&gt;") == 2
        opened = client.get(f"/mailbox/{SentMail.objects.first().pk}/").content.decode()  # type: ignore[union-attr]
        assert '<a href="https://example.org/x"' in opened
        assert client.get("/mailbox/999999/").status_code == 404

    def test_pages_of_mail_follow_one_another(self, client: Client) -> None:
        SentMail.objects.bulk_create(
            SentMail(sent_at=clock.now(), recipient="a@example.org", subject=f"no {n}", body_text="x")
            for n in range(30)
        )
        first = client.get("/mailbox/")
        assert len(first.context["mails"]) == 25
        second = client.get("/mailbox/" + first.context["next_url"])
        assert len(second.context["mails"]) == 5
        assert not {row.pk for row in first.context["mails"]} & {row.pk for row in second.context["mails"]}

    def test_lost_pages_lead_onward(self, client: Client) -> None:
        response = client.get("/no/such/page/")
        assert response.status_code == 404
        assert "Go to the start" in response.content.decode()


def test_one_city_may_be_called_and_another_not() -> None:
    east, west = examples(datetime(2026, 11, 3, 15, 5, tzinfo=UTC))
    assert east.is_open
    assert not west.is_open
    at_night = examples(datetime(2026, 11, 4, 9, 30, tzinfo=UTC))
    assert len(at_night) == 2


def test_a_page_not_served_here_is_not_linked() -> None:
    assert url_or_blank("no:such") == ""
    assert url_or_blank(None) == ""
