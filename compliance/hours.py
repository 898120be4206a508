"""The hours of the day in which a case may be called, as its packs have them: for the drawing on a page."""

from __future__ import annotations

from datetime import time

from compliance.packbook import packs_in_force
from compliance.policies.packs import rules_of_kind
from marketplace.models import Case


def call_hours(case: Case) -> tuple[time, time] | None:
    """When calls open and close on the debtor's clock, the narrowest of all packs; None when no pack limits them.

    What decides is the gate; this only draws what its window rules say.
    """
    rules = rules_of_kind(packs_in_force(case), "window")
    hours = [
        (time.fromisoformat(rule.params["open"]), time.fromisoformat(rule.params["close"]))
        for rule in rules
        if rule.is_for("call", "consumer", None)
    ]
    return (max(opens for opens, _closes in hours), min(closes for _opens, closes in hours)) if hours else None
