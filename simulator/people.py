"""The automatic people: what somebody does who holds a phone nobody plays by hand."""

from __future__ import annotations

from collections.abc import Callable

from simulator.calls import Call
from simulator.exchange import Exchange
from simulator.phones import Behaviour

PICKS_UP_AFTER_S = 1.5
THINKS_S = 0.6
VOICEMAIL_S = 60.0


async def react(exchange: Exchange, call: Call) -> None:
    """Do what the holder of ``call``'s phone does at its present stage, unless somebody else acts first."""
    plan = _plan(exchange, call)
    if plan is None:
        return
    delay, act = plan
    stage_no = call.stage_no
    await exchange.clock.wait(delay, call.ended)
    if not (call.ended.is_set() or call.phone.by_hand or call.stage_no != stage_no):
        act()


def _plan(exchange: Exchange, call: Call) -> tuple[float, Callable[[], None]] | None:
    who = Behaviour.of(call.phone.number)
    match call.stage:
        case "ringing" if who is not Behaviour.NO_ANSWER:
            return PICKS_UP_AFTER_S, call.picked_up.set
        case "hearing" if who is Behaviour.HANGS_UP_IN_WHISPER:
            return THINKS_S, lambda: exchange.hang_up(call)
        case "choosing" if who not in (Behaviour.VOICEMAIL, Behaviour.HANGS_UP_IN_WHISPER):
            return THINKS_S, lambda: exchange.press(call, "9" if who is Behaviour.PRESSES_9 else "1")
        case "talking" if who is Behaviour.VOICEMAIL:
            return VOICEMAIL_S, lambda: exchange.hang_up(call)
        # The caller waits for the other side to finish, so that one person ends the call.
        case "talking" if call.parent:
            return exchange.options.talk, lambda: exchange.hang_up(call)
    return None
