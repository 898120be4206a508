"""Refuses for some calendar days after a conversation, the day of the conversation being the first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from compliance.policies.kinds import consent, counting
from compliance.policies.question import Breach, Check, Params, Question
from compliance.policies.zones import midnight


def build(params: Params) -> Check:
    """`days`: local dates, in every candidate zone; `count`: what is a conversation; `per_debt`: for each debt of the
    contact by itself; `consent`: what lifts it.
    """
    days, per_debt = params["days"], params["per_debt"]
    select = counting.build(params["count"])
    covers = consent.build(params["consent"]) if "consent" in params else None

    def until(
        question: Question, at: datetime, picked: Sequence[int], debt: str | None, zone: tzinfo
    ) -> datetime | None:
        talks = counting.about(question, picked, debt)
        if not talks:
            return None
        end = midnight(question.dates(zone)[talks[-1]] + timedelta(days=days), zone)
        if end <= at or (covers and covers(question, at, debt, zone)):
            return None
        return end

    def check(question: Question, at: datetime) -> Breach | None:
        picked = select(question)
        if not picked:
            return None
        return counting.latest(question, per_debt, lambda debt, zone: until(question, at, picked, debt, zone))

    return check
