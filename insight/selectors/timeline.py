"""A case's timeline in words, from its events alone. A creditor never reads a collector's name, nobody a number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Membership
from compliance.models import Refusal
from core.models import Event
from insight.words import WORDS, role_words, words_of
from marketplace.models import Case, Note

# Not for the creditor: how we talk to our own people.
_COLLECTOR_ONLY = frozenset({"ticket.opened", "call.requested", "call.ended"})
_CREDITOR_ONLY = frozenset({"commission.booked"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: icon and tone of the component, the sentence, who (in role words), when, what was written, evidence.

    `detail` says more in our words, such as why a call was not allowed.
    """

    icon: str
    tone: str
    title: str
    who: str
    at: datetime
    quote: str
    evidence: str
    name: str
    detail: str = ""


def timeline(case: Case, *, viewer: str, limit: int = 100) -> list[Entry]:
    """The newest events of a case in words, for "creditor" or "collector". The caller has checked who may see the case.

    Four queries, whatever the number of events.
    """
    hidden = _COLLECTOR_ONLY if viewer == "creditor" else _CREDITOR_ONLY
    wanted = Event.objects.filter(stream=case.stream, name__in=WORDS.keys()).exclude(name__in=hidden)
    events = list(wanted.order_by("-number")[:limit])
    notes = dict(Note.objects.filter(case=case).values_list("pk", "text"))
    refused = _refusals(case, events)
    members = {f"user:{pk}" for pk in Membership.objects.filter(org=case.org_id).values_list("user_id", flat=True)}
    found = []
    for event in events:
        icon, tone, title = words_of(event.name, event.data)
        quote = notes.get(event.data.get("note"), "") if event.name == "note.added" else ""
        found.append(
            Entry(
                icon=icon, tone=tone, title=title, who=role_words(event.actor, members), at=event.at, quote=quote,
                evidence=bytes(event.hash).hex()[:10], name=event.name,
                detail=refused.get(event.data.get("refusal"), ""),
            )
        )  # fmt: skip
    return found


def _refusals(case: Case, events: list[Event]) -> dict[Any, str]:
    """Why each refused contact was refused, by the refusal's reference."""
    refs = [event.data.get("refusal") for event in events if event.name == "contact.refused"]
    if not refs:
        return {}
    rows = Refusal.objects.filter(case=case, ref__in=refs)
    return {row.ref: " ".join(one["say"] for one in row.denials if one["rule"] == row.rule) for row in rows}
