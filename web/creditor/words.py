"""A case's state as its creditor reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import states
from marketplace.models import Case

# state: words, tone, icon
_STATES: dict[str, tuple[Any, str, str]] = {
    states.READY: (gettext_lazy("Waiting for its notice"), "", "letter"),
    states.NOTICED: (gettext_lazy("Notice sent, not listed"), "warn", "clock"),
    states.LISTED: (gettext_lazy("Listed for collectors"), "brand", "list"),
    states.WORKING: (gettext_lazy("With a case worker"), "brand", "account"),
    states.ARRANGED: (gettext_lazy("On a plan"), "ok", "promise"),
    states.RECALL_PENDING: (gettext_lazy("Being recalled"), "info", "back"),
    states.CLEARING: (gettext_lazy("Paid, clearing"), "ok", "paid"),
    states.CLOSED: (gettext_lazy("Closed"), "", "check"),
}
STATE_CHOICES: list[tuple[str, Any]] = [(state, words[0]) for state, words in _STATES.items()]


@dataclass(frozen=True, slots=True)
class Tag:
    """Words, tone and icon of a tag."""

    label: str
    tone: str
    icon: str


def case_tag(case: Case, *, hold: str = "") -> Tag:
    """Where a case stands. `hold` is the reason for which contact is paused, which comes before the state."""
    if hold and case.state != states.CLOSED:
        return Tag(_("Paused: %(reason)s") % {"reason": hold.lower()}, "info", "pause")
    label, tone, icon = _STATES[case.state]
    if case.state == states.CLOSED and case.close_code:
        label = _("Closed: %(reason)s") % {"reason": case.get_close_code_display().lower()}
    return Tag(str(label), tone, icon)


def percent(bps: int) -> str:
    """Basis points as a rate, 1500 is 15 %."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "\u00a0%"
