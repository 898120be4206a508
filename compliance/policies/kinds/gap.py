"""Refuses for some minutes after the last contact."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.policies.kinds import counting
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """`minutes`: least time between two contacts; `count`: which earlier contacts start it."""
    pause = timedelta(minutes=params["minutes"])
    select = counting.build(params["count"])

    def check(question: Question, at: datetime) -> Breach | None:
        counted = select(question)
        if not counted:
            return None
        end = question.log[counted[-1]].at + pause
        return Breach(end) if end > at else None

    return check
