"""Refuses a place that the person called inconvenient."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.paths import reader
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """`places`: path of the list of places; `consent`: path of a consent to the place in use."""
    places, consent = reader(params["places"]), reader(params["consent"])

    def check(question: Question, _at: datetime) -> Breach | None:
        named = question.facts.place in (places(question.facts) or ())
        return Breach() if named and not consent(question.facts) else None

    return check
