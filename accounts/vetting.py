"""What reviewers choose from: coded reasons, and how long an applicant may wait and an approval may hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

WAIT_TARGET = timedelta(days=3)
LONGEST_APPROVAL = timedelta(days=731)
ADULT_AGE = 18
OLDEST_AGE = 110

REASONS: dict[str, dict[str, Any]] = {
    "APPROVE": {
        "complete": _("Everything was checked and fits"),
        "renewed": _("Renewal, checked again"),
    },
    "ASK_MORE": {
        "names_differ": _("The names differ between documents"),
        "too_old": _("A document is too old"),
        "unreadable": _("A document cannot be read"),
        "missing": _("A document is missing"),
        "not_in_register": _("The licence number is not in the state's register"),
    },
    "REFUSE": {
        "no_licence": _("There is no licence in the states asked for"),
        "not_genuine": _("A document is not genuine"),
        "conduct": _("Earlier conduct towards people who owe money"),
        "not_eligible": _("The law does not allow the applicant to do this work"),
    },
}
OTHER_REASON = "other"


def reason_words(code: str) -> Any:
    """A coded reason in words; the code itself when it is not known any more."""
    if code == OTHER_REASON:
        return _("Another reason, written below")
    return next((words[code] for words in REASONS.values() if code in words), code)


def is_reason(decision: str, code: str) -> bool:
    """Whether the coded reason belongs to the decision."""
    return code in REASONS.get(decision, {}) or (decision in REASONS and code == OTHER_REASON)


def age_on(birth_date: date, day: date) -> int:
    """Completed years of life on a day."""
    had_birthday = (day.month, day.day) >= (birth_date.month, birth_date.day)
    return day.year - birth_date.year - (not had_birthday)
