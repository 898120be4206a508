"""A decision in plain words: what a collector reads when a contact is not allowed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from compliance.policies.decide import ALLOW, DENY, HOLD, Decision, Denial

TITLES = {ALLOW: "You may go ahead.", DENY: "Not now.", HOLD: "Somebody has to look at this first."}
NEVER = "This cannot be done at all for now."


@dataclass(frozen=True)
class Reason:
    """One reason: the sentence, what can be done about it, where it is written, and the rule's id for the record."""

    say: str
    advice: str
    cite: str
    rule_id: str


@dataclass(frozen=True)
class Explanation:
    """`retry`: when to try again, in words and the person's own time; empty when waiting does not help."""

    title: str
    reasons: tuple[Reason, ...]
    retry: str
    retry_at: datetime | None

    @property
    def text(self) -> str:
        """The deciding reason, what can be done, and when to try again, as one paragraph."""
        first = self.reasons[0] if self.reasons else None
        parts = (first.say, first.advice, self.retry) if first else (self.title,)
        return " ".join(part for part in parts if part)


def explain(decision: Decision) -> Explanation:
    """Put a decision into words. All strings are English message ids, to be translated where they are shown."""
    title = TITLES[decision.verdict]
    if decision.verdict == DENY and decision.retry_at is None:
        title = NEVER
    return Explanation(
        title=title,
        reasons=tuple(_reason(denial) for denial in decision.denials),
        retry=retry_sentence(decision.retry_at) if decision.retry_at else "",
        retry_at=decision.retry_at,
    )


def retry_sentence(retry_at: datetime) -> str:
    """When to try again, in the zone the instant is given in."""
    return f"Try again on {retry_at:%A} {retry_at.day} {retry_at:%B} at {retry_at:%H:%M} (their time)."


def _reason(denial: Denial) -> Reason:
    return Reason(say=denial.say, advice=denial.advice, cite=denial.source, rule_id=denial.rule_id)
