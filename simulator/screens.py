"""What the owner of each phone sees and hears, and nothing else."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field

from simulator.calls import Call
from simulator.exchange import Exchange
from simulator.phones import Phone

_US = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")
_CAPTIONS = 3


@dataclass(frozen=True, slots=True)
class Screen:
    """``status``: idle, ringing, calling, connected, talking or ended. ``shows`` is the number on the display: of the
    caller, or the number that was dialled. ``seconds`` since the answer, or since both sides talk."""

    id: str
    side: str
    by_hand: bool
    status: str = "idle"
    shows: str = ""
    heard: list[str] = field(default_factory=list)
    pressed: str = ""
    seconds: int = 0
    ended: str = ""
    can: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def spaced(number: str) -> str:
    """A number as a phone displays it."""
    parts = _US.fullmatch(number)
    return f"+1 {parts[1]} {parts[2]} {parts[3]}" if parts else number


def screen(phone: Phone, exchange: Exchange) -> Screen:
    """The display of ``phone`` at this moment."""
    call = exchange.active_call(phone) or exchange.last_call(phone)
    # Nothing has reached the phone while a call is only being set up.
    if call is None or (call.direction != "inbound" and call.stage == ""):
        return Screen(phone.id, phone.side.value, phone.by_hand, can=["dial"])
    if call.ended.is_set() and not call.heard and call.stage_no < 2:
        return Screen(phone.id, phone.side.value, phone.by_hand, can=["dial"])
    status = _status(call)
    since = call.bridged_at if call.bridged_at is not None else call.answered_at
    until = exchange.clock.now() if call.ended_at is None else call.ended_at
    return Screen(
        id=phone.id,
        side=phone.side.value,
        by_hand=phone.by_hand,
        status=status,
        shows=spaced(call.to if call.direction == "inbound" else call.from_),
        heard=call.heard[-_CAPTIONS:],
        pressed=call.pressed_so_far,
        seconds=int(until - since) if since is not None else 0,
        ended=call.status if status == "ended" else "",
        can=_can(status),
    )


def _status(call: Call) -> str:
    if call.ended.is_set():
        return "ended"
    if call.bridged_at is not None:
        return "talking"
    if call.answered_at is not None:
        return "connected"
    return "calling" if call.direction == "inbound" else "ringing"


def _can(status: str) -> list[str]:
    match status:
        case "ringing":
            return ["answer", "hangup"]
        case "connected" | "talking":
            return ["press", "hangup"]
        case "calling":
            return ["hangup"]
    return ["dial"]
