"""Refuses outside the hours of the day in which people may be reached."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from compliance.policies.kinds import consent
from compliance.policies.question import Breach, Check, Params, Question
from compliance.policies.zones import at_local


def build(params: Params) -> Check:
    """`open`, `close`: local wall times, half-open, to hold in every candidate zone. `consent`: what lifts it."""
    opens, closes = time.fromisoformat(params["open"]), time.fromisoformat(params["close"])
    lifted = consent.build(params["consent"]) if "consent" in params else None

    def check(question: Question, at: datetime) -> Breach | None:
        until = None
        for zone in question.zones:
            local = at.astimezone(zone)
            clock = local.time()
            if opens <= clock < closes or (lifted and lifted(question, at, None, zone)):
                continue
            day = local.date() if clock < opens else local.date() + timedelta(days=1)
            opening = at_local(day, opens, zone)
            until = opening if until is None else max(until, opening)
        return None if until is None else Breach(until)

    return check
