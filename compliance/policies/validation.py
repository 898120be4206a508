"""When a person's time to dispute a debt ends."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from compliance.policies.packs import Pack, rules_of_kind

ONE_DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class ValidationPeriod:
    """`receipt`: the day the notice is taken to have arrived; `end`: the last day to dispute; `rule`: its source."""

    receipt: date
    end: date
    rule: str


def validation_period(sent: date, packs: Iterable[Pack]) -> ValidationPeriod:
    """The earliest lawful period for a notice sent on this day; compute it once, store it and print it on the notice.

    Raises LookupError when no pack has a rule for it.
    """
    rules = rules_of_kind(packs, "validation_period")
    if not rules:
        raise LookupError("no pack says when the time to dispute ends")
    found = [_period(sent, rule.id, rule.params) for rule in rules]
    return max(found, key=lambda period: period.end)


def _period(sent: date, rule_id: str, params: Mapping[str, Any]) -> ValidationPeriod:
    day, left = sent, params["business_days"]
    while left:
        day += ONE_DAY
        left -= is_business_day(day, params["holidays"])
    return ValidationPeriod(receipt=day, end=day + timedelta(days=params["period_days"]), rule=rule_id)


def is_business_day(day: date, holidays: Iterable[Mapping[str, int]]) -> bool:
    """Is this neither a Saturday or Sunday nor one of the holidays, given by date or as the nth weekday of a month?"""
    return day.weekday() < calendar.SATURDAY and not any(_falls_on(holiday, day) for holiday in holidays)


def _falls_on(holiday: Mapping[str, int], day: date) -> bool:
    if holiday["month"] != day.month:
        return False
    if "day" in holiday:
        return holiday["day"] == day.day
    if holiday["weekday"] != day.weekday():
        return False
    nth = holiday["nth"]
    if nth < 0:
        return (day - nth * WEEK).month != day.month and (day - (nth + 1) * WEEK).month == day.month
    return (day - (nth - 1) * WEEK).month == day.month and (day - nth * WEEK).month != day.month
