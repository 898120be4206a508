"""Template tags and filters of every page: `{% load evenhand %}`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.money import Money
from web import charts, formatting, icons

register = template.Library()
DAY_MINUTES = 24 * 60


def _money(value: Money | int | None, currency: str) -> Money | None:
    return Money(value, currency) if isinstance(value, int) else value


@register.filter
def money(value: Money | int | None, currency: str = "USD") -> str:
    """`{{ debt.balance|money }}` for Money, `{{ row.balance_minor|money:row.currency }}` for minor units."""
    found = _money(value, currency)
    return formatting.amount(found) if found is not None else formatting.NONE


@register.filter
def money_whole(value: Money | int | None, currency: str = "USD") -> str:
    """The same, rounded to full units: for the headline figures of a dashboard."""
    found = _money(value, currency)
    return formatting.amount(found, whole=True) if found is not None else formatting.NONE


@register.filter
def number(value: int | Decimal | None) -> str:
    """`{{ count|number }}`: 1,265."""
    return formatting.NONE if value is None else formatting.number(value)


@register.filter
def percent_of(part: int | None, whole: int | None) -> str:
    """`{{ recovered|percent_of:placed }}`: 21.7 %."""
    return formatting.share(part or 0, whole or 0)


@register.filter
def local(at: datetime, zone: str | tzinfo) -> datetime:
    """`{{ at|local:case.time_zone|clock }}`: the moment on a clock in that zone."""
    return at.astimezone(formatting.zone(zone))


@register.filter
def day(value: date | None) -> str:
    """3 November"""
    return formatting.day(value) if value else ""


@register.filter
def day_year(value: date | None) -> str:
    """3 November 2026"""
    return formatting.day(value, style="year") if value else ""


@register.filter
def weekday(value: date | None) -> str:
    """Tuesday 3 November"""
    return formatting.day(value, style="weekday") if value else ""


@register.filter
def month(value: date | None) -> str:
    """November 2026"""
    return formatting.day(value, style="month") if value else ""


@register.filter
def clock(value: datetime | time | None) -> str:
    """10:05"""
    return formatting.clock(value) if value else ""


@register.filter
def city(zone: str | tzinfo) -> str:
    """America/Denver is Denver."""
    return formatting.city(zone)


@register.filter
def duration(seconds: int | None) -> str:
    """3 min 12 s"""
    return formatting.duration(seconds or 0)


@register.filter
def timer(seconds: int | None) -> str:
    """03:12"""
    return formatting.timer(seconds or 0)


@register.filter
def age(since: datetime | timedelta, now: datetime | None = None) -> str:
    """`{{ submitted_at|age:now }}`: 2 days 3 hours."""
    if isinstance(since, timedelta):
        return formatting.span(since)
    return formatting.span((now or since) - since)


@register.filter
def initials(name: str) -> str:
    """Dana Okafor is DO."""
    return formatting.initials(name)


@register.simple_tag
def moment(at: datetime | None, zone: str | tzinfo | None = None) -> SafeString | str:
    """`{% moment call.started_at case.time_zone %}`: a `<time>` reading `3 November, 10:05 in Denver`."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), formatting.moment(at, zone))


@register.simple_tag
def icon(name: str, *, small: bool = False, label: str = "") -> SafeString:
    """`{% icon "call" %}`, `{% icon "check" small=True %}`; a `label` only where no words stand beside it."""
    return icons.render(name, small=small, label=label)


@register.simple_tag
def tag(label: str, *, tone: str = "", icon: str = "") -> SafeString:
    """`{% tag _("Allowed") tone="ok" icon="check" %}`: a state in words; colour never stands alone."""
    return format_html(
        '<span class="tag"{}>{}{}</span>',
        format_html(' data-tone="{}"', tone) if tone else "",
        icons.render(icon) if icon else "",
        label,
    )


@register.simple_block_tag(takes_context=True)
def component(context: template.Context, content: SafeString, name: str, **values: Any) -> str:
    """`{% component "notice" tone="warn" title=_("Why not now") %}…{% endcomponent %}`.

    Renders templates/components/<name>.html with the given values and the enclosed markup as `slot`. Like an inclusion
    tag it sees nothing else of the page, save the CSRF token.
    """
    slot = content if content.strip() else ""
    inner = {**values, "slot": slot, "csrf_token": context.get("csrf_token")}
    found = context.template.engine.get_template(f"components/{name}.html")  # type: ignore[union-attr]
    return found.render(template.Context(inner))


@register.simple_tag
def bar(part: int, whole: int, *, tone: str = "") -> SafeString:
    """`{% bar row.recovered row.balance %}`: a bar whose number stands beside it in words."""
    width = min(100, round(100 * Decimal(part) / whole, 1)) if whole else 0
    return format_html(
        '<svg class="bar"{} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="100" height="8"/><rect width="{}" height="8"/></svg>',
        format_html(' data-tone="{}"', tone) if tone else "",
        width,
    )


@register.simple_tag
def pips(used: int, limit: int) -> SafeString:
    """`{% pips 2 7 %}`: calls used of calls allowed, one dot each."""
    dots = format_html_join(
        "", '<circle{} cx="{}" cy="6" r="4.5"/>', ((_on(i < used), 6 + 16 * i) for i in range(limit))
    )
    return format_html(
        '<svg class="pips" viewBox="0 0 {w} 12" width="{w}" height="12" role="img" aria-label="{label}">{dots}</svg>',
        w=16 * limit - 4,
        label=_("%(used)d of %(limit)d calls used") % {"used": used, "limit": limit},
        dots=dots,
    )


def _on(is_on: bool) -> SafeString:
    return format_html(' class="{}"', "on") if is_on else SafeString("")


def _minutes(value: time | datetime | int) -> int:
    return value * 60 if isinstance(value, int) else value.hour * 60 + value.minute


def _place(minutes: int) -> str:
    return f"{round(Decimal(100 * minutes) / DAY_MINUTES, 1)}%"


@register.inclusion_tag("components/call_window.html")
def call_window(opens: time | int, closes: time | int, at: datetime) -> dict[str, object]:
    """`{% call_window 8 21 local_now %}`: the hours of a day, those allowed, and now. Hours, times, a local moment."""
    start, end = _minutes(opens), _minutes(closes)
    return {
        "opens": time(start // 60 % 24, start % 60),
        "closes": time(end // 60 % 24, end % 60),
        "at": at,
        "open_x": _place(start),
        "close_x": _place(end),
        "open_width": _place(end - start),
        "now_x": _place(_minutes(at)),
    }


@register.inclusion_tag("components/line_chart.html")
def line_chart(
    chart_id: str,
    *,
    title: str,
    summary: str,
    columns: Iterable[str],
    series: Iterable[dict[str, Any]],
    unit: str = "%",
) -> dict[str, object]:
    """A line chart and its table. `series`: at most three of {"name", "values": a number or None per column}."""
    return charts.lines(chart_id, title=title, summary=summary, columns=list(columns), series=list(series), unit=unit)
