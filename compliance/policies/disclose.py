"""Does the content of a message say what it must, and nothing that it must not?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compliance.policies.decide import ALLOW, DENY, NO_RULE
from compliance.policies.facts import CONSUMER
from compliance.policies.packs import Pack

LATER = "later"


@dataclass(frozen=True)
class Message:
    """`kind`: initial, later or lcm (limited-content voicemail); `content`: codes of its parts; `target`: for whom."""

    kind: str
    content: tuple[str, ...]
    target: str = CONSUMER


@dataclass(frozen=True)
class MessageVerdict:
    """`decision` allow or deny; `rule` the id that decided; `parts` the missing or forbidden parts."""

    decision: str
    rule: str
    parts: tuple[str, ...] = ()


def check_message(message: Message, packs: Iterable[Pack]) -> MessageVerdict:
    """Put a message to every content rule that names its kind; a kind that no rule names counts as a later message."""
    rules = [rule for pack in packs for rule in pack.rules if rule.params.get("messages")]
    named = {kind for rule in rules for kind in rule.params["messages"]}
    kind = message.kind if message.kind in named else LATER
    success = NO_RULE
    for rule in (rule for rule in rules if kind in rule.params["messages"]):
        wrong = _wrong_parts(rule.params, message)
        if wrong:
            return MessageVerdict(DENY, rule.id, tuple(wrong))
        if rule.params.get("names_success"):
            success = rule.id
    return MessageVerdict(ALLOW, success)


def _wrong_parts(params: Mapping[str, Any], message: Message) -> Sequence[str]:
    required = params.get("required", params.get("says", ()))
    missing = [part for part in required if part not in message.content]
    allowed = params.get("allowed")
    extra = [part for part in message.content if allowed is not None and part not in allowed]
    meant_for = params.get("for_targets")
    stranger = [message.target] if meant_for is not None and message.target not in meant_for else []
    return missing + extra + stranger
