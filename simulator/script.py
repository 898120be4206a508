"""The TwiML interpreter: runs the documents the application answers with."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import urljoin

from simulator.calls import API, Call, Terms, new_id
from simulator.exchange import Exchange
from simulator.phones import Behaviour
from simulator.postman import WebhookError

WORDS_PER_SECOND = 3.0
LONGEST_SPEECH_S = 7.0
PLAYED_S = 2.0
ENDED_BY_ERROR = "An application error has occurred. Goodbye."


async def converse(exchange: Exchange, call: Call) -> None:
    """Run the documents of an answered ``call``; one that is being redirected starts with where it is led."""
    script = Script(exchange, call)
    if call.redirect:
        document: str | None = "<Response/>"
    else:
        document = call.terms.twiml or await script.fetch(call.terms.url)
    await script.run(document, call.terms.url)


@dataclass(slots=True)
class Goto:
    """Leave this document for another one, which came from ``base``."""

    document: str | None
    base: str


class Script:
    """Runs documents on one leg until they end, the leg ends, or somebody redirects it."""

    def __init__(self, exchange: Exchange, call: Call) -> None:
        self.exchange = exchange
        self.clock = exchange.clock
        self.call = call
        self._listening = False
        self.verbs: dict[str, Callable[[ET.Element, str], Awaitable[Goto | None]]] = {
            "Say": self._say,
            "Play": self._play,
            "Pause": self._pause,
            "Gather": self._gather,
            "Dial": self._dial,
            "Hangup": self._hangup,
            "Redirect": self._redirect,
        }

    async def run(self, document: str | None, base: str) -> None:
        """Run ``document``, and all it leads to; ends the leg only when told to hang up or when a document is bad."""
        while document is not None and not self.call.ended.is_set():
            follow = await self._document(document, base)
            if self.call.redirect and not self.call.ended.is_set():
                self.call.interrupted.clear()
                kind, value = self.call.redirect
                self.call.redirect = None
                follow = Goto(value, base) if kind == "twiml" else Goto(await self.fetch(value), value)
            document, base = (follow.document, follow.base) if follow else (None, base)

    async def fetch(self, url: str, **extra: str) -> str | None:
        """The document at ``url``; ``None``, and the leg ends, when there is none."""
        said = self.call.params(self.exchange.options.account) | extra
        try:
            return await self.exchange.postman.ask(url, said)
        except WebhookError as problem:
            self._fail(f"webhook: {problem}")
            return None

    def _fail(self, why: str) -> None:
        self.exchange.note(self.call, "Error", why)
        self.call.heard.append(ENDED_BY_ERROR)
        self.exchange.finish(self.call, "completed")

    async def _document(self, document: str, base: str) -> Goto | None:
        try:
            verbs = list(ET.fromstring(document))  # noqa: S314  documents come from the application under test
        except ET.ParseError:
            if document.strip():
                self._fail("not a document")
            return None
        for element in verbs:
            verb = self.verbs.get(element.tag)
            if verb is None:
                self._fail(f"unknown verb {element.tag}")
                return None
            follow = await verb(element, base)
            if follow or self.call.interrupted.is_set():
                return follow
        return None

    # Verbs

    async def _say(self, element: ET.Element, _base: str) -> None:
        await self._speak(element)

    async def _speak(self, element: ET.Element) -> None:
        text = " ".join((element.text or "").split())
        self.exchange.note(self.call, "Say", text)
        self.call.heard.append(text)
        length = min(len(text.split()) / WORDS_PER_SECOND, LONGEST_SPEECH_S)
        await self._hear(length)

    async def _hear(self, seconds: float) -> None:
        """Let ``seconds`` of sound pass; inside a Gather the first key cuts it short."""
        keys = (self.call.pressed,) if self._listening else ()
        await self.clock.wait(seconds, self.call.interrupted, *keys)

    async def _play(self, element: ET.Element, _base: str) -> None:
        self.exchange.note(self.call, "Play", (element.text or "").rsplit("/", 1)[-1])
        await self._hear(PLAYED_S)

    async def _pause(self, element: ET.Element, _base: str) -> None:
        self.exchange.note(self.call, "Pause")
        await self.clock.wait(float(element.get("length", "1")), self.call.interrupted)

    async def _hangup(self, _element: ET.Element, _base: str) -> None:
        self.exchange.note(self.call, "Hangup")
        self.exchange.finish(self.call, "completed")

    async def _redirect(self, element: ET.Element, base: str) -> Goto:
        url = urljoin(base, (element.text or "").strip())
        self.exchange.note(self.call, "Redirect")
        return Goto(await self.fetch(url), url)

    async def _gather(self, element: ET.Element, base: str) -> Goto | None:
        call = self.call
        self.exchange.note(call, "Gather")
        call.forget_keys()
        self.exchange.enter(call, "hearing")
        self._listening = True
        for part in element:
            if not call.pressed.is_set() and not call.interrupted.is_set():
                await self.verbs[part.tag](part, base)
        self._listening = False
        self.exchange.enter(call, "choosing")
        digits = await self._collect(element)
        if call.interrupted.is_set():
            return None
        call.enter("connected")
        if not digits and element.get("actionOnEmptyResult") != "true":
            return None
        url = urljoin(base, element.get("action", base))
        return Goto(await self.fetch(url, Digits=digits), url)

    async def _collect(self, element: ET.Element) -> str:
        wanted = int(element.get("numDigits", "0"))
        timeout = float(element.get("timeout", "5"))
        digits = ""
        while not wanted or len(digits) < wanted:
            if not await self.clock.wait(timeout, self.call.interrupted, self.call.pressed):
                break
            if self.call.interrupted.is_set():
                return ""
            key = self.call.take_key()
            if key == element.get("finishOnKey", "#"):
                break
            digits += key
        return digits

    async def _dial(self, element: ET.Element, base: str) -> Goto | None:
        call = self.call
        noun = element.find("Number")
        target = element if noun is None else noun
        # Left alone, a provider shows the caller: the true number of whoever rang in, or was rung first.
        shown = element.get("callerId") or (call.from_ if call.direction == "inbound" else call.to)
        own = self.exchange.options.numbers
        if own and shown not in own:
            self._fail("caller id is not a number of the account")
            return None
        callback = target.get("statusCallback")
        self.exchange.note(call, "Dial")
        child = self.exchange.dial(
            call,
            (target.text or "").strip(),
            shown,
            Terms(
                callback=urljoin(base, callback) if callback else "",
                callback_events=frozenset(target.get("statusCallbackEvent", "completed").split()),
                ring_s=float(element.get("timeout", "30")),
            ),
        )
        await self.clock.wait(None, call.interrupted, child.answered, child.ended)
        if child.answered.is_set() and not call.interrupted.is_set():
            await Bridge(self, child).join(element, target, base)
        if not child.has_left:
            self.exchange.finish(child, "completed" if child.answered.is_set() else "canceled")
        return await self._after_dial(element, base, child)

    async def _after_dial(self, element: ET.Element, base: str, child: Call) -> Goto | None:
        action = element.get("action")
        if not action:
            return None
        said = {
            "DialCallSid": child.sid,
            "DialCallStatus": "completed" if child.status == "in-progress" else child.status,
            "DialCallDuration": str(child.duration(self.clock.now())),
            "DialBridged": "true" if child.bridged_at is not None else "false",
        }
        url = urljoin(base, action)
        if self.call.interrupted.is_set():
            self.exchange.spawn(self._report(url, said))
            return None
        return Goto(await self.fetch(url, **said), url)

    async def _report(self, url: str, said: dict[str, str]) -> None:
        """Tell the end of a dial although the caller is gone or elsewhere: the answer is not run."""
        with suppress(WebhookError):
            await self.exchange.postman.ask(url, self.call.params(self.exchange.options.account) | said)


class Bridge:
    """The called side of a dial: the whisper it hears alone, then the conversation."""

    def __init__(self, script: Script, child: Call) -> None:
        self.exchange = script.exchange
        self.clock = script.clock
        self.parent = script.call
        self.child = child

    async def join(self, dial: ET.Element, target: ET.Element, base: str) -> None:
        """Whisper, then talk until one side goes or the time is up."""
        whisper = target.get("url")
        if whisper:
            await self._whisper(urljoin(base, whisper))
        if self.child.interrupted.is_set() or self.parent.interrupted.is_set():
            return
        now = self.clock.now()
        for leg in (self.parent, self.child):
            leg.bridged_at = now
            self.exchange.note(leg, "Bridge")
            self.exchange.enter(leg, "talking")
        limit = float(dial.get("timeLimit", "14400"))
        await self.clock.wait(limit, self.parent.interrupted, self.child.interrupted)
        if dial.get("record", "").startswith("record-from-answer"):
            self._record(dial, base, self.clock.now() - now)

    async def _whisper(self, url: str) -> None:
        self.exchange.note(self.child, "Whisper")
        script = Script(self.exchange, self.child)
        self.exchange.spawn(self._leave_with_parent())
        await script.run(await script.fetch(url), url)

    async def _leave_with_parent(self) -> None:
        await self.clock.wait(None, self.parent.interrupted, self.child.ended)
        if not self.child.has_left:
            self.exchange.finish(self.child, "completed")

    def _record(self, dial: ET.Element, base: str, seconds: float) -> None:
        account = self.exchange.options.account
        sid = new_id("RE")
        lost = Behaviour.of(self.child.phone.number) is Behaviour.RECORDING_LOST
        kept: dict[str, Any] = {"sid": sid, "call_sid": self.parent.sid, "account_sid": account}
        kept |= {"duration": str(round(seconds)), "channels": 2, "status": "completed", "source": "DialVerb"}
        if not lost:
            self.exchange.recordings[sid] = kept | {"date_created": formatdate()}
        callback = dial.get("recordingStatusCallback")
        if callback:
            said = {
                "RecordingSid": sid,
                "RecordingStatus": "completed",
                "RecordingDuration": str(round(seconds)),
                "RecordingChannels": "2",
                "RecordingUrl": f"{self.exchange.options.base_url}/{API}/Accounts/{account}/Recordings/{sid}",
                "CallSid": self.parent.sid,
                "AccountSid": account,
            }
            self.exchange.postman.tell(urljoin(base, callback), said)
