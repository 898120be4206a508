"""The exchange: rings phones, keeps the legs, tells the application what happens to them."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections import defaultdict
from collections.abc import Callable, Coroutine
from email.utils import formatdate
from typing import Any

from simulator.calls import Call, Log, Terms
from simulator.clock import Clock
from simulator.options import Options
from simulator.phones import Behaviour, Directory, Phone, Side
from simulator.postman import Postman

SETUP_S = 0.4
QUEUE_S = 90.0
SIP_BUSY, SIP_NO_ANSWER, SIP_UNAVAILABLE, SIP_UNWANTED = 486, 480, 503, 607


Job = Callable[["Exchange", Call], Coroutine[Any, Any, None]]


class Exchange:
    """All state of one run. Everything here happens on one event loop, so nothing needs a lock.

    ``converse`` runs an answered call's documents, ``react`` plays the person who holds the phone.
    """

    def __init__(self, options: Options, converse: Job, react: Job) -> None:
        self.options = options
        self._converse = converse
        self._react = react
        self.clock = Clock(options.tick, options.manual_clock)
        self.postman = Postman(options, self.clock)
        self.directory = Directory(options.by_hand)
        self.calls: dict[str, Call] = {}
        self._on_phone: defaultdict[str, list[Call]] = defaultdict(list)
        self.recordings: dict[str, dict[str, Any]] = {}
        self.log = Log()
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            traceback.print_exception(problem, file=sys.stderr)

    def note(self, call: Call, verb: str, detail: str = "") -> None:
        self.log.add(self.clock.now(), call, verb, detail)

    # Legs

    def place(self, to: str, from_: str, terms: Terms) -> Call:
        """A call the application asked for, to its first party."""
        phone = self.directory.phone(to, Side.COLLECTOR)
        call = self._add(Call(to, from_, "outbound-api", phone, self.clock.now(), terms))
        self.spawn(self._run_outbound(call))
        return call

    def dial(self, parent: Call, to: str, from_: str, terms: Terms) -> Call:
        """A leg dialled from a running call: the person on the other side of it."""
        phone = self.directory.phone(to, parent.phone.side.other())
        call = self._add(Call(to, from_, "outbound-dial", phone, self.clock.now(), terms, parent))
        self.spawn(self.ring(call))
        return call

    def dial_in(self, phone: Phone, to: str, withheld: bool) -> Call:
        """A call somebody makes from ``phone`` to a number of the application's."""
        from_ = "anonymous" if withheld else phone.number
        call = self._add(Call(to, from_, "inbound", phone, self.clock.now(), Terms(url=self.options.voice_url)))
        self.spawn(self._run_inbound(call))
        return call

    def _add(self, call: Call) -> Call:
        self.calls[call.sid] = call
        self._on_phone[call.phone.id].append(call)
        return call

    def last_call(self, phone: Phone) -> Call | None:
        calls = self._on_phone[phone.id]
        return calls[-1] if calls else None

    def active_call(self, phone: Phone) -> Call | None:
        """The call ``phone`` rings or talks in now; the newest, when an automatic phone has several."""
        return next((call for call in reversed(self._on_phone[phone.id]) if not call.ended.is_set()), None)

    async def _run_outbound(self, call: Call) -> None:
        await self.ring(call)
        if call.answered.is_set():
            await self._run_script(call)

    async def _run_inbound(self, call: Call) -> None:
        call.status = "ringing"
        await self.clock.wait(SETUP_S, call.ended)
        if not call.ended.is_set():
            self._answer(call)
            await self._run_script(call)

    async def _run_script(self, call: Call) -> None:
        self.spawn(self._limit(call))
        await self._converse(self, call)
        self.finish(call, "completed")

    async def _limit(self, call: Call) -> None:
        if not await self.clock.wait(call.terms.max_s, call.ended):
            self.finish(call, "completed")

    async def ring(self, call: Call) -> None:
        """Ring until answered or over; afterwards either ``answered`` or ``ended`` is set."""
        who = Behaviour.of(call.phone.number)
        if who is Behaviour.QUEUED and await self.clock.wait(QUEUE_S, call.ended):
            return
        self._progress(call, "initiated")
        if await self.clock.wait(SETUP_S, call.ended):
            return
        obstacle = self._obstacle(call, who)
        if obstacle:
            self.finish(call, *obstacle)
            return
        self._progress(call, "ringing")
        self.note(call, "Ring")
        self.enter(call, "ringing")
        if not await self.clock.wait(call.terms.ring_s, call.picked_up, call.ended):
            self.finish(call, "no-answer", SIP_NO_ANSWER)
        elif not call.ended.is_set():
            self._answer(call)

    def _obstacle(self, call: Call, who: Behaviour) -> tuple[str, int] | None:
        """Why the phone cannot even ring: a status and a SIP code."""
        if who is Behaviour.FAILS:
            return "failed", SIP_UNAVAILABLE
        if who is Behaviour.CARRIER_BLOCK:
            return "failed", SIP_UNWANTED
        if not call.phone.by_hand:
            return ("busy", SIP_BUSY) if who is Behaviour.BUSY else None
        # A person has one pair of hands; an automatic phone takes as many calls as a load test makes.
        calls = self._on_phone[call.phone.id]
        others = (other for other in calls if other is not call and not other.ended.is_set())
        return ("busy", SIP_BUSY) if any(others) else None

    def _answer(self, call: Call) -> None:
        call.answered_at = self.clock.now()
        self._progress(call, "in-progress", event="answered")
        self.note(call, "Answer")
        call.enter("connected")
        call.answered.set()

    def finish(self, call: Call, status: str, sip_code: int = 0) -> None:
        """End a leg with ``status``; a leg that has ended stays as it is."""
        if call.ended.is_set():
            return
        call.ended_at = self.clock.now()
        call.sip_code = sip_code
        call.enter("ended")
        call.ended.set()
        call.interrupted.set()
        self.note(call, "End", status)
        self._progress(call, status, event="completed")

    def _progress(self, call: Call, status: str, event: str = "") -> None:
        call.status = status
        event = event or status
        if not call.terms.callback or event not in call.terms.callback_events:
            return
        said = call.params(self.options.account)
        said |= {
            "SequenceNumber": str(call.sequence),
            "Timestamp": formatdate(usegmt=False),
            "CallbackSource": "call-progress-events",
        }
        call.sequence += 1
        if event == "completed":
            said["CallDuration"] = str(call.duration(self.clock.now()))
        if call.sip_code:
            said["SipResponseCode"] = str(call.sip_code)
        self.postman.tell(call.terms.callback, said)

    def redirect(self, call: Call, kind: str, value: str) -> None:
        """Lead a running leg to another document: ``kind`` is ``twiml`` or ``url``."""
        call.redirect = (kind, value)
        alone = call.parent is not None and call.stage == "talking"
        if alone:
            # Its whisper is over, so no script is left on this leg that would follow.
            call.has_left = True
            call.bridged_at = None
            call.enter("connected")
            self.spawn(self._run_script(call))
        call.interrupted.set()

    # What people do

    def enter(self, call: Call, stage: str) -> None:
        """Bring ``call`` to ``stage`` and let the person who holds the phone react to it."""
        call.enter(stage)
        self.spawn(self._react(self, call))

    def press(self, call: Call, key: str) -> None:
        self.note(call, "Press", key)
        call.press(key)

    def hang_up(self, call: Call) -> None:
        """The person hangs up, refuses a ringing call or gives up one that is not answered yet."""
        self.note(call, "HangUp")
        refused = call.status == "ringing" and call.direction != "inbound"
        self.finish(call, "completed" if call.answered.is_set() else "busy" if refused else "canceled")

    def play_by_hand(self, phones: list[Phone]) -> None:
        """Let automatic people take over where ``phones`` are no longer played by hand."""
        for phone in phones:
            call = self.active_call(phone)
            if call and not phone.by_hand:
                self.spawn(self._react(self, call))
