"""Refuses on a state of affairs, whatever the time: a stop, a missing basis, a forbidden form of contact."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.paths import condition, reader
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """Parameters (all optional): the stop holds when every condition of `all` and at least one of `any` is true and
    none of `unless` is. `touching`: path of a list of debts; the stop is only for contacts about one of them.
    """
    every = [condition(spec) for spec in params.get("all", [])]
    some = [condition(spec) for spec in params.get("any", [])]
    unless = [condition(spec) for spec in params.get("unless", [])]
    touching = reader(params["touching"]) if "touching" in params else None

    def check(question: Question, at: datetime) -> Breach | None:
        if not all(holds(question, at) for holds in every):
            return None
        if some and not any(holds(question, at) for holds in some):
            return None
        if any(holds(question, at) for holds in unless):
            return None
        if touching is not None:
            stopped, about = touching(question.facts), question.facts.debts
            # Without names on either side the stop is for everything.
            if stopped and about and not set(stopped) & set(about):
                return None
        return Breach()

    return check
