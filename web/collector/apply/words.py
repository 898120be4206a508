"""The words of the application pages: its six parts and the code of conduct."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Application
from accounts.selectors import parts_given

# part, URL name, icon, words
_PARTS: list[tuple[str, str, str, Any]] = [
    ("contact", "collector:apply_contact", "phone", _("Name on calls and phone")),
    ("identity", "collector:apply_identity", "identity", _("Who you are")),
    ("address", "collector:apply_address", "navigate", _("Where you live")),
    ("licences", "collector:apply_licences", "document", _("States and licences")),
    ("documents", "collector:apply_documents", "upload", _("Documents")),
    ("code", "collector:apply_code", "rules", _("Code of conduct")),
]

CODE = [
    (
        _("Hours and numbers of calls"),
        _("You call through the platform only. It refuses a call at a wrong hour, one too many, or to a wrong number, "
          "and tells you why. You do not look for another way."),
    ),
    (
        _("How you speak"),
        _("Say who you are. No threats, no insults, no pretending, no hurry that is not real. Nobody is told to borrow "
          "or sell something in order to pay."),
    ),
    (
        _("Who may know"),
        _("You speak about a debt with the person who owes it, and with nobody else. Not with family, employer or "
          "neighbours, not on a machine."),
    ),
    (
        _("When they say no"),
        _("Somebody disputes the debt, asks you to stop, has a lawyer or is in trouble: you record it at once, and "
          "contact pauses."),
    ),
    (
        _("Money"),
        _("You never take money. People pay the creditor by the creditor's own ways."),
    ),
    (
        _("What is kept"),
        _("Calls, results and notes are kept as evidence. Breaking this code ends your work here."),
    ),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the task list."""

    key: str
    url: str
    icon: str
    title: Any
    is_done: bool


def parts_of(application: Application | None) -> list[Part]:
    """The six parts with what is done; none of them before the application exists."""
    given = parts_given(application) if application else {}
    return [Part(key, reverse(name), icon, title, given.get(key, False)) for key, name, icon, title in _PARTS]
