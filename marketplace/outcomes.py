"""What was done and how it ended: the action and result codes of a note, their allowed pairs, and what each means.

A *touch* is the right party reached, or a message delivered. Attribution and the wrap-up sheet read this table and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _


class Class(StrEnum):
    """How a result counts: money or a promise, a person reached, or nobody."""

    SUCCESS = "Success"
    REACH = "Reach"
    FAIL = "Fail"


@dataclass(frozen=True, slots=True)
class Result:
    """One result code. `is_right_party` says that the debtor himself was reached."""

    code: str
    label: Any
    outcome: Class
    is_right_party: bool = False


ACTIONS: dict[str, Any] = {
    "CALL": _("Call"),
    "INBOUND": _("They called"),
    "EMAIL": _("E-mail"),
    "LETTER": _("Letter"),
    "VISIT": _("Visit"),
    "CHECK": _("Checked the file"),
}

_TABLE = (
    Result("PROMISE", _("Promise to pay"), Class.SUCCESS, True),
    Result("SAYS_PAID", _("Says it is paid"), Class.REACH, True),
    Result("WILL_NOT", _("Will not pay"), Class.REACH, True),
    Result("TALKED", _("Talked, nothing agreed"), Class.REACH, True),
    Result("CALL_BACK", _("Asked for another time"), Class.REACH, True),
    Result("DISPUTES", _("Says it is wrong"), Class.REACH, True),
    Result("HARDSHIP", _("In difficulty"), Class.REACH, True),
    Result("STOP", _("Asked us to stop"), Class.REACH, True),
    Result("LAWYER", _("Has a lawyer"), Class.REACH, True),
    Result("BANKRUPT", _("Bankrupt"), Class.REACH, True),
    Result("DECEASED", _("Has died"), Class.REACH),
    Result("THIRD_PARTY", _("Somebody else answered"), Class.REACH),
    Result("WRONG_PERSON", _("Wrong person"), Class.FAIL),
    Result("NO_ANSWER", _("No answer"), Class.FAIL),
    Result("VOICEMAIL", _("Voicemail"), Class.FAIL),
    Result("DROPPED", _("Line dropped"), Class.FAIL),
    Result("ENDED_EARLY", _("I ended it before anybody answered"), Class.FAIL),
    Result("BUSY", _("Busy"), Class.FAIL),
    Result("NOT_IN_SERVICE", _("Number not in service"), Class.FAIL),
    Result("DELIVERED", _("Delivered"), Class.REACH),
    Result("BOUNCED", _("Came back"), Class.FAIL),
    Result("FOUND", _("Found something"), Class.SUCCESS),
    Result("NOTHING", _("Nothing new"), Class.FAIL),
)
RESULTS: dict[str, Result] = {result.code: result for result in _TABLE}

_PERSON = frozenset(r.code for r in _TABLE if r.is_right_party) | {"DECEASED", "THIRD_PARTY", "WRONG_PERSON"}
PAIRS: dict[str, frozenset[str]] = {
    "CALL": _PERSON | {"NO_ANSWER", "VOICEMAIL", "DROPPED", "ENDED_EARLY", "BUSY", "NOT_IN_SERVICE"},
    "INBOUND": _PERSON | {"DROPPED"},
    "EMAIL": frozenset({"DELIVERED", "BOUNCED"}),
    "LETTER": frozenset({"DELIVERED", "BOUNCED"}),
    "VISIT": _PERSON | {"NO_ANSWER"},
    "CHECK": frozenset({"FOUND", "NOTHING"}),
}

# The eight tiles of the wrap-up sheet; the rest stand behind "More".
WRAP_UP: tuple[str, ...] = (
    "PROMISE", "SAYS_PAID", "NO_ANSWER", "WRONG_PERSON", "DISPUTES", "HARDSHIP", "WILL_NOT", "STOP",
)  # fmt: skip
WRAP_UP_MORE: tuple[str, ...] = tuple(r.code for r in _TABLE if r.code in PAIRS["CALL"] and r.code not in WRAP_UP)

# Results that protect the debtor at once; the collector cannot undo them.
PROTECTIVE: frozenset[str] = frozenset(
    {"WRONG_PERSON", "DISPUTES", "HARDSHIP", "STOP", "LAWYER", "BANKRUPT", "DECEASED", "SAYS_PAID"}
)


def is_allowed(action: str, result: str) -> bool:
    """Whether the pair exists."""
    return result in PAIRS.get(action, frozenset())


def is_right_party(result: str) -> bool:
    """Whether the debtor himself was reached. An unknown code reached nobody."""
    return result in RESULTS and RESULTS[result].is_right_party


def is_touch(action: str, result: str) -> bool:
    """Whether the pair is a touch: the right party reached, or a message delivered."""
    return is_allowed(action, result) and (is_right_party(result) or result == "DELIVERED")
