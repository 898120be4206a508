"""What happened, in words: one sentence an event. Nobody's name, reference or number is ever part of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from compliance.models.hold import REASONS
from core.money import to_major
from marketplace.models.case import CLOSE_CODES
from marketplace.outcomes import ACTIONS, RESULTS

Data = Mapping[str, Any]

# Dates as in "3 November", amounts as in "$1,204.50": the same as everywhere else on the pages.
_LOCALES = {"en": ("en", "en_GB"), "zh": ("zh_CN", "zh_CN")}


def _locales() -> tuple[str, str]:
    return _LOCALES.get((get_language() or "en").split("-")[0], _LOCALES["en"])


def _amount(data: Data) -> str:
    currency = str(data.get("currency", "USD"))
    minor = next((int(data[key]) for key in ("reversed_minor", "amount_minor", "fee_minor") if key in data), 0)
    return str(format_currency(to_major(minor, currency), currency, locale=_locales()[0])).replace("-", "\u2212")


def _day(value: object) -> str:
    if not value:
        return ""
    return str(format_date(date.fromisoformat(str(value)[:10]), "d MMMM", locale=_locales()[1]))


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
    "case.placed": ("import", "", lambda _d: _("Placed")),
    "case.noticed": ("letter", "", lambda _d: _("Notice sent")),
    "case.listed": ("list", "", lambda _d: _("Listed for collectors")),
    "case.listing_refused": ("alert", "warn", lambda _d: _("Not listed yet")),
    "case.paused": ("pause", "info", lambda _d: _("Work paused")),
    "case.resumed": ("play", "", lambda _d: _("Work resumed")),
    "case.claimed": ("account", "brand", lambda _d: _("A case worker took the case")),
    "claim.ended": ("account", "", lambda _d: _("The case worker's time on the case ended")),
    "case.arranged": ("promise", "ok", lambda _d: _("A plan was agreed")),
    "case.arrangement_broken": ("promise", "warn", lambda _d: _("The plan was not kept")),
    "case.clearing": ("paid", "ok", lambda _d: _("Paid in full, waiting for the money to clear")),
    "case.closed": ("check", "", lambda d: _("Closed: %(why)s") % {"why": _close(d)}),
    "case.reopened": ("back", "warn", lambda _d: _("Opened again: a payment was taken back")),
    "case.recall_noticed": ("back", "", _recall),
    "case.recall_cancelled": ("back", "", lambda _d: _("Recall cancelled")),
    "case.recalled": ("back", "", lambda _d: _("Recalled")),
    "note.added": ("note", "", _note),
    "promise.made": (
        "promise", "accent",
        lambda d: _("Promised %(amount)s for %(day)s") % {"amount": _amount(d), "day": _day(d.get("due"))},
    ),
    "promise.kept": ("promise", "ok", lambda _d: _("Promise kept")),
    "promise.broken": ("promise", "warn", lambda _d: _("Promise not kept")),
    "promise.suspended": ("promise", "info", lambda _d: _("Promise on hold")),
    "promise.resumed": ("promise", "", lambda _d: _("Promise stands again")),
    "promise.cancelled": ("promise", "", lambda _d: _("Promise cancelled")),
    "promise.rescheduled": ("promise", "", lambda _d: _("Promise moved to another day")),
    "contact.permitted": ("check", "brand", lambda _d: _("A call was allowed")),
    "contact.refused": ("refuse", "warn", lambda _d: _("A call was not allowed")),
    "contact.attempted": ("call", "brand", lambda _d: _("Call placed")),
    "contact.outcome": ("call", "", lambda d: _("Call: %(outcome)s") % {"outcome": _outcome(d)}),
    "call.bridged": ("call", "brand", lambda _d: _("Both sides connected on a recorded line")),
    "call.result": ("note", "", lambda _d: _("Result of the call recorded")),
    "hold.opened": ("pause", "info", lambda d: _("Contact paused: %(why)s") % {"why": _hold(d)}),
    "hold.closed": ("play", "", lambda d: _("Pause lifted: %(why)s") % {"why": _hold(d)}),
    "dispute.opened": ("dispute", "info", lambda _d: _("The account holder says it is wrong")),
    "dispute.added_to": ("dispute", "info", lambda _d: _("The account holder added to what is wrong")),
    "dispute.answered": ("dispute", "", lambda _d: _("The creditor answered the dispute")),
    "stop.received": ("pause", "info", lambda _d: _("The account holder asked us to stop contact")),
    "paid.stated": ("paid", "info", lambda d: _("The debtor says %(amount)s was paid") % {"amount": _amount(d)}),
    "payment.reported": ("paid", "ok", lambda d: _("Payment of %(amount)s reported") % {"amount": _amount(d)}),
    "payment.cleared": ("paid", "ok", lambda d: _("Payment of %(amount)s cleared") % {"amount": _amount(d)}),
    "payment.reversed": ("back", "warn", lambda d: _("Payment of %(amount)s taken back") % {"amount": _amount(d)}),
    "commission.booked": ("money", "", lambda d: _("Commission of %(amount)s booked") % {"amount": _amount(d)}),
    "notice.viewed": ("document", "", lambda _d: _("The account holder read the notice")),
    "ticket.opened": ("help", "", lambda _d: _("Help was asked for")),
}  # fmt: skip


def words_of(name: str, data: Data) -> tuple[str, str, str]:
    """Icon, tone and sentence of an event; an event without words of its own is told by its name."""
    icon, tone, say = WORDS.get(name, ("document", "", lambda _d: name.replace(".", ": ").replace("_", " ")))
    return icon, tone, say(data)


def role_words(actor: str, members: Collection[str] = ()) -> str:
    """Who acted, as a role: never a name, a reference or a number. `members` are the creditor's own actors."""
    if actor in members:
        return _("The creditor")
    return {
        "collector": _("Case worker"), "debtor": _("Account holder"), "api": _("The creditor's system"),
    }.get(actor.split(":")[0], "Evenhand")  # fmt: skip
