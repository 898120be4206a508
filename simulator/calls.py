"""A call leg, and the log of what happened."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from simulator.phones import Phone

API = "2010-04-01"
_DIGITS = re.compile(r"\+?\d(?:[\s().\-]{0,2}\d){6,}")


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a leg was asked for with; times in seconds."""

    url: str = ""
    twiml: str = ""
    callback: str = ""
    callback_events: frozenset[str] = frozenset({"completed"})
    ring_s: float = 60.0
    max_s: float = 14_400.0


@dataclass(slots=True, eq=False)
class Call:
    """One leg. Times are of the simulated clock, ``created_wall`` of the real one."""

    to: str = field(repr=False)
    from_: str = field(repr=False)
    direction: str
    phone: Phone = field(repr=False)
    created: float
    terms: Terms
    parent: Call | None = field(default=None, repr=False)
    sid: str = field(default_factory=lambda: new_id("CA"))
    status: str = "queued"
    sip_code: int = 0
    created_wall: float = field(default_factory=time.time)
    answered_at: float | None = None
    bridged_at: float | None = None
    ended_at: float | None = None
    sequence: int = 0
    stage: str = ""
    stage_no: int = 0
    redirect: tuple[str, str] | None = None
    has_left: bool = False
    """Whether this leg was led out of the dial that rang it, and no longer ends with it."""
    heard: list[str] = field(default_factory=list)
    pressed_so_far: str = ""
    keys: list[str] = field(default_factory=list)
    pressed: asyncio.Event = field(default_factory=asyncio.Event)
    picked_up: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    interrupted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the call ends or is redirected: whatever the script is doing stops."""

    def enter(self, stage: str) -> None:
        """Go to the next stage; an automatic person's plan for an earlier one is void from now on."""
        self.stage = stage
        self.stage_no += 1

    def press(self, key: str) -> None:
        self.keys.append(key)
        self.pressed_so_far += key
        self.pressed.set()

    def take_key(self) -> str:
        key = self.keys.pop(0)
        if not self.keys:
            self.pressed.clear()
        return key

    def forget_keys(self) -> None:
        self.keys.clear()
        self.pressed.clear()

    def duration(self, now: float) -> int:
        """Whole seconds since the answer, 0 when there was none."""
        if self.answered_at is None:
            return 0
        return round((now if self.ended_at is None else self.ended_at) - self.answered_at)

    def params(self, account: str) -> dict[str, str]:
        """What every webhook about this leg says."""
        said = {
            "CallSid": self.sid,
            "AccountSid": account,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "Direction": self.direction,
            "ApiVersion": API,
        }
        if self.parent:
            said["ParentCallSid"] = self.parent.sid
        return said

    def resource(self, account: str, now: float) -> dict[str, Any]:
        """This leg as the REST API shows it."""
        return {
            "sid": self.sid,
            "account_sid": account,
            "parent_call_sid": self.parent.sid if self.parent else None,
            "to": self.to,
            "from": self.from_,
            # The REST API has no "initiated": until it rings, a call is queued.
            "status": "queued" if self.status == "initiated" else self.status,
            "direction": self.direction,
            "duration": str(self.duration(now)) if self.ended_at is not None else None,
            "date_created": formatdate(self.created_wall),
            "uri": f"/{API}/Accounts/{account}/Calls/{self.sid}.json",
            "api_version": API,
        }


class Log:
    """What was done, verb by verb, without a number."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=20_000)

    def add(self, now: float, call: Call, verb: str, detail: str = "") -> None:
        self._entries.append(
            {
                "at": round(now, 3),
                "call": call.sid,
                "parent": call.parent.sid if call.parent else "",
                "side": call.phone.side.value,
                "direction": call.direction,
                "verb": verb,
                "detail": _DIGITS.sub("…", detail),
            }
        )

    def entries(self, sid: str = "") -> list[dict[str, Any]]:
        """All entries in order, or those of one call and of the legs dialled from it."""
        return [entry for entry in self._entries if not sid or sid in (entry["call"], entry["parent"])]
