"""A case's timeline in words, from its events alone. A creditor never reads a collector's name, nobody a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compliance.models.hold import REASONS
from core.models import Event
from core.money import to_major
from marketplace.models import Case, Note
from marketplace.models.case import CLOSE_CODES
from marketplace.outcomes import ACTIONS, RESULTS

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: icon and tone of the component, the sentence, who (in role words), when, what was written, evidence."""

    icon: str
    tone: str
    title: str
    who: str
    at: datetime
    quote: str
    evidence: str
    name: str


def _amount(data: Data) -> str:
    currency = str(data.get("currency", "USD"))
    locale = {"zh-hans": "zh_CN"}.get((get_language() or "en").lower(), "en_GB")
    minor = int(data.get("amount_minor", data.get("fee_minor", 0)))
    return str(format_currency(to_major(minor, currency), currency, locale=locale))


def _day(value: object) -> str:
    if not value:
        return ""
    locale = {"zh-hans": "zh_CN"}.get((get_language() or "en").lower(), "en_GB")
    return str(format_date(date.fromisoformat(str(value)[:10]), "d MMMM", locale=locale))


def _hold(data: Data) -> str:
    return str(dict(REASONS).get(str(data.get("reason")), data.get("reason", "")))


def _close(data: Data) -> str:
    return str(dict(CLOSE_CODES).get(str(data.get("code")), data.get("code", "")))


def _outcome(data: Data) -> str:
    words = {
        "answered": _("answered"), "no_answer": _("no answer"), "busy": _("busy"), "voicemail": _("voicemail"),
        "dropped": _("line dropped"), "not_in_service": _("number not in service"),
        "wrong_person": _("wrong person"),
    }  # fmt: skip
    if data.get("answered_by") == "right_party":
        return _("spoke with the account holder")
    return words.get(str(data.get("outcome")), str(data.get("outcome", "")))


def _recall(data: Data) -> str:
    return _("Recall announced, final on %(day)s") % {"day": _day(data.get("final"))}


def _note(data: Data) -> str:
    action, result = ACTIONS.get(str(data.get("action"))), RESULTS.get(str(data.get("result")))
    return _("%(action)s: %(result)s") % {"action": action or "", "result": result.label if result else ""}


# event name: icon, tone, the sentence
WORDS: dict[str, tuple[str, str, Callable[[Data], str]]] = {
    "case.placed": ("import", "", lambda d: _("Placed")),
    "case.noticed": ("letter", "", lambda d: _("Notice sent")),
    "case.listed": ("list", "", lambda d: _("Listed for collectors")),
    "case.listing_refused": ("alert", "warn", lambda d: _("Not listed yet")),
    "case.paused": ("pause", "info", lambda d: _("Work paused")),
    "case.resumed": ("play", "", lambda d: _("Work resumed")),
    "case.claimed": ("account", "brand", lambda d: _("A case worker took the case")),
    "claim.ended": ("account", "", lambda d: _("The case worker's time on the case ended")),
    "case.arranged": ("promise", "ok", lambda d: _("A plan was agreed")),
    "case.arrangement_broken": ("promise", "warn", lambda d: _("The plan was not kept")),
    "case.clearing": ("paid", "ok", lambda d: _("Paid in full, waiting for the money to clear")),
    "case.closed": ("check", "", lambda d: _("Closed: %(why)s") % {"why": _close(d)}),
    "case.reopened": ("back", "warn", lambda d: _("Opened again: a payment was taken back")),
    "case.recall_noticed": ("back", "", _recall),
    "case.recall_cancelled": ("back", "", lambda d: _("Recall cancelled")),
    "case.recalled": ("back", "", lambda d: _("Recalled")),
    "note.added": ("note", "", _note),
    "promise.made": (
        "promise", "accent",
        lambda d: _("Promised %(amount)s for %(day)s") % {"amount": _amount(d), "day": _day(d.get("due"))},
    ),
    "promise.kept": ("promise", "ok", lambda d: _("Promise kept")),
    "promise.broken": ("promise", "warn", lambda d: _("Promise not kept")),
    "promise.suspended": ("promise", "info", lambda d: _("Promise on hold")),
    "promise.resumed": ("promise", "", lambda d: _("Promise stands again")),
    "promise.cancelled": ("promise", "", lambda d: _("Promise cancelled")),
    "promise.rescheduled": ("promise", "", lambda d: _("Promise moved to another day")),
    "contact.permitted": ("check", "brand", lambda d: _("A call was allowed")),
    "contact.refused": ("refuse", "warn", lambda d: _("A call was not allowed (%(rule)s)") % {"rule": d["rule"]}),
    "contact.attempted": ("call", "brand", lambda d: _("Call placed")),
    "contact.outcome": ("call", "", lambda d: _("Call: %(outcome)s") % {"outcome": _outcome(d)}),
    "call.bridged": ("call", "brand", lambda d: _("Both sides connected on a recorded line")),
    "call.result": ("note", "", lambda d: _("Result of the call recorded")),
    "hold.opened": ("pause", "info", lambda d: _("Contact paused: %(why)s") % {"why": _hold(d)}),
    "hold.closed": ("play", "", lambda d: _("Pause lifted: %(why)s") % {"why": _hold(d)}),
    "dispute.opened": ("dispute", "info", lambda d: _("The account holder says it is wrong")),
    "dispute.answered": ("dispute", "", lambda d: _("The creditor answered the dispute")),
    "stop.received": ("pause", "info", lambda d: _("The account holder asked us to stop contact")),
    "paid.stated": ("paid", "info", lambda d: _("The debtor says %(amount)s was paid") % {"amount": _amount(d)}),
    "payment.reported": ("paid", "ok", lambda d: _("Payment of %(amount)s reported") % {"amount": _amount(d)}),
    "payment.cleared": ("paid", "ok", lambda d: _("Payment of %(amount)s cleared") % {"amount": _amount(d)}),
    "payment.reversed": ("back", "warn", lambda d: _("Payment of %(amount)s taken back") % {"amount": _amount(d)}),
    "commission.booked": ("money", "", lambda d: _("Commission of %(amount)s booked") % {"amount": _amount(d)}),
    "notice.viewed": ("document", "", lambda d: _("The account holder read the notice")),
    "ticket.opened": ("help", "", lambda d: _("Help was asked for")),
}  # fmt: skip

# Not for the creditor: how we talk to our own people.
_COLLECTOR_ONLY = frozenset({"ticket.opened", "call.requested", "call.ended"})
_CREDITOR_ONLY = frozenset({"commission.booked"})


def words_of(name: str, data: Data) -> tuple[str, str, str]:
    """Icon, tone and sentence of an event; an event without words of its own is told by its name."""
    icon, tone, say = WORDS.get(name, ("document", "", lambda d: name.replace(".", ": ").replace("_", " ")))
    return icon, tone, say(data)


def role_words(actor: str) -> str:
    """Who acted, as a role: never a name, a reference or a number."""
    kind = actor.split(":")[0]
    return {
        "collector": _("Case worker"), "debtor": _("Account holder"), "user": _("Creditor or Evenhand staff"),
        "api": _("Creditor's system"),
    }.get(kind, _("Evenhand"))  # fmt: skip


def timeline(case: Case, *, viewer: str, limit: int = 100) -> list[Entry]:
    """The newest events of a case in words, for "creditor" or "collector". The caller has checked who may see the case."""
    hidden = _COLLECTOR_ONLY if viewer == "creditor" else _CREDITOR_ONLY
    events = Event.objects.filter(stream=case.stream, name__in=WORDS.keys()).exclude(name__in=hidden)
    notes = dict(Note.objects.filter(case=case).values_list("pk", "text"))
    found = []
    for event in events.order_by("-number")[:limit]:
        icon, tone, title = words_of(event.name, event.data)
        quote = notes.get(event.data.get("note"), "") if event.name == "note.added" else ""
        found.append(
            Entry(
                icon=icon, tone=tone, title=title, who=role_words(event.actor), at=event.at, quote=quote,
                evidence=bytes(event.hash).hex()[:10], name=event.name,
            )
        )  # fmt: skip
    return found
