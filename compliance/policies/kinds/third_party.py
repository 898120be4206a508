"""Refuses contact with anybody else than the consumer, but for finding out where the consumer is."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.paths import condition, reader
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """`location_purpose`: the purpose that passes, unless the fact `needless` says that the answer is known already.

    `consent`: path of the consumer's consent to contact with this person.
    """
    location: str = params["location_purpose"]
    consent = reader(params["consent"])
    needless = condition({"path": params["needless"], "is": [True]})

    def check(question: Question, at: datetime) -> Breach | None:
        if question.facts.purpose == location:
            return Breach() if needless(question, at) else None
        return None if consent(question.facts) else Breach()

    return check
