"""Refuses a place that the person called inconvenient."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.paths import reader
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """`places`: path of the list of places; `consent`: path of a consent to the place in use. `stands_for`: kinds of
    number that are tied to a place, for a contact that names none.
    """
    places, consent = reader(params["places"]), reader(params["consent"])
    stands_for: dict[str, str] = params.get("stands_for", {})

    def check(question: Question, _at: datetime) -> Breach | None:
        facts = question.facts
        place = facts.place or stands_for.get(facts.numkind or "")
        named = place in (places(facts) or ())
        return Breach() if named and not consent(facts) else None

    return check
