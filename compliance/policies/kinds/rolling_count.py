"""Refuses when a number of contacts has been reached in the last so many calendar days, today included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo

from compliance.policies.kinds import consent, counting
from compliance.policies.question import Breach, Check, Params, Question
from compliance.policies.zones import local_date, midnight


def build(params: Params) -> Check:
    """`limit` contacts are allowed in `days` local dates ending today, in every candidate zone; `count`: which count;
    `per_debt`: for each debt of the contact by itself. `consent`: contacts it covers are neither counted nor refused.
    """
    days, limit, per_debt = params["days"], params["limit"], params["per_debt"]
    select = counting.build(params["count"])
    covers = consent.build(params["consent"]) if "consent" in params else None

    def until(
        question: Question, at: datetime, picked: Sequence[int], debt: str | None, zone: tzinfo
    ) -> datetime | None:
        if covers and covers(question, at, debt, zone):
            return None
        first = local_date(at, zone) - timedelta(days=days - 1)
        dates, log = question.dates(zone), question.log
        counted = [
            dates[position]
            for position in counting.about(question, picked, debt)
            if dates[position] >= first and not (covers and covers(question, log[position].at, debt, zone))
        ]
        if len(counted) < limit:
            return None
        return midnight(counted[-limit] + timedelta(days=days), zone)

    def check(question: Question, at: datetime) -> Breach | None:
        picked = select(question)
        if len(picked) < limit:
            return None
        return counting.latest(question, per_debt, lambda debt, zone: until(question, at, picked, debt, zone))

    return check
