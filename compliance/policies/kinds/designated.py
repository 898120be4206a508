"""Refuses inside the weekly hours that the person called inconvenient."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

from compliance.policies.facts import InconvenientTime
from compliance.policies.kinds import consent
from compliance.policies.paths import reader
from compliance.policies.question import Breach, Check, Params, Question
from compliance.policies.zones import at_local

ONE_DAY = timedelta(days=1)
# People and forms write "to 23:59" for "until the day ends".
LAST_MINUTE = time(23, 59)


def build(params: Params) -> Check:
    """`times`: path of the weekly windows, half-open, compared in every candidate zone. `consent`: what lifts it."""
    times = reader(params["times"])
    lifted = consent.build(params["consent"]) if "consent" in params else None

    def check(question: Question, at: datetime) -> Breach | None:
        ends = [
            end
            for zone in question.zones
            for window in times(question.facts) or ()
            if (end := _end_of_window(window, at, zone)) and not (lifted and lifted(question, at, None, zone))
        ]
        return Breach(max(ends)) if ends else None

    return check


def _end_of_window(window: InconvenientTime, at: datetime, zone: tzinfo) -> datetime | None:
    """When the window that covers `at` ends, or None when it does not cover it. It may have begun the day before."""
    today = at.astimezone(zone).date()
    for day in (today, today - ONE_DAY):
        if window.days and day.weekday() not in window.days:
            continue
        start, end = at_local(day, window.start, zone), _end(window, day, zone)
        if start <= at < end:
            return end
    return None


def _end(window: InconvenientTime, day: date, zone: tzinfo) -> datetime:
    if window.end >= LAST_MINUTE:
        return at_local(day + ONE_DAY, time.min, zone)
    return at_local(day if window.end > window.start else day + ONE_DAY, window.end, zone)
