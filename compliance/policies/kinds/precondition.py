"""Refuses once something that had to follow an event within some days has not been done."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.paths import reader
from compliance.policies.question import Breach, Check, Params, Question
from compliance.policies.zones import local_date


def build(params: Params) -> Check:
    """`after`: path of the instant that starts the clock; `done`: path of the instant it was done; `waived`: path of a
    fact that makes it needless; `within_days`: calendar days allowed, in the person's strictest zone.
    """
    after, done, waived = reader(params["after"]), reader(params["done"]), reader(params["waived"])
    within: int = params["within_days"]

    def check(question: Question, at: datetime) -> Breach | None:
        started, finished = after(question.facts), done(question.facts)
        if started is None or waived(question.facts) or (finished is not None and finished <= at):
            return None
        late = any((local_date(at, zone) - local_date(started, zone)).days > within for zone in question.zones)
        return Breach() if late else None

    return check
