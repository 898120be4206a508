"""Refuses a medium, address or number that the person asked us not to use."""

from __future__ import annotations

from datetime import datetime

from compliance.policies.paths import condition
from compliance.policies.question import Breach, Check, Params, Question


def build(params: Params) -> Check:
    """`mediums`: channel to the medium it belongs to (a recorded call is a call); channels not named are their own.

    `confirm_purpose`, `confirm_channels`: the confirmation of an opt-out passes. `unless`: conditions that lift it.
    """
    mediums: dict[str, str] = params["mediums"]
    confirm_purpose, confirm_channels = params["confirm_purpose"], params["confirm_channels"]
    unless = [condition(spec) for spec in params.get("unless", [])]

    def check(question: Question, at: datetime) -> Breach | None:
        facts = question.facts
        refused = facts.media_opt_out
        if not refused:
            return None
        used = {facts.channel, mediums.get(facts.channel, facts.channel), facts.number}
        if used.isdisjoint(refused):
            return None
        if facts.purpose == confirm_purpose and facts.channel in confirm_channels:
            return None
        return None if any(holds(question, at) for holds in unless) else Breach()

    return check
