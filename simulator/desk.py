"""Addresses of the phones and of the run itself: JSON for tests, forms for the page."""

from __future__ import annotations

import re

from simulator.exchange import Exchange
from simulator.page import page, panels
from simulator.phones import Phone, Side
from simulator.rest import Answer, Request
from simulator.screens import screen

_PHONE = re.compile(r"/phones/(p[0-9a-f]{12})(?:/(answer|hangup|press|mode|dial))?")
_SIDE = re.compile(r"/sides/(collector|debtor)/mode")
_YES = {"1", "true", "True", "on", "yes"}


class Desk:
    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def handle(self, request: Request) -> Answer:
        """Answer one request that is not the provider's API."""
        if request.method == "GET":
            return self._read(request)
        if request.path == "/clock/advance":
            return await self._advance(request)
        if request.path == "/faults":
            return self._faults(request)
        if request.path == "/phones/find":
            return self._find(request)
        side = _SIDE.fullmatch(request.path)
        if side:
            phones = self.exchange.directory.play_by_hand(Side(side[1]), request.value("by_hand") in _YES)
            self.exchange.play_by_hand(phones)
            return self._after(request, {"side": side[1], "by_hand": request.value("by_hand") in _YES})
        return self._phone(request)

    def _read(self, request: Request) -> Answer:
        match request.path:
            case "/":
                return Answer(page(self.exchange).encode(), content_type="text/html; charset=utf-8")
            case "/panels":
                return Answer(panels(self.exchange).encode(), content_type="text/html; charset=utf-8")
            case "/state.json":
                return Answer(self._state())
            case "/log.json":
                return Answer(self.exchange.log.entries(request.value("call")))
            case "/health":
                return Answer({"ok": True})
        found = _PHONE.fullmatch(request.path)
        phone = self.exchange.directory.by_id(found[1]) if found and not found[2] else None
        return Answer(self._screen(phone)) if phone else Answer({"error": "not found"}, 404)

    def _state(self) -> dict[str, object]:
        directory = self.exchange.directory
        phones = [self._screen(phone) for side in Side for phone in directory.on(side)]
        by_hand = {side.value: chosen for side, chosen in directory.by_hand.items()}
        return {"now": round(self.exchange.clock.now(), 3), "by_hand": by_hand, "phones": phones}

    def _screen(self, phone: Phone) -> dict[str, object]:
        return screen(phone, self.exchange).as_json()

    async def _advance(self, request: Request) -> Answer:
        if not self.exchange.clock.manual:
            return Answer({"error": "the clock runs by itself; start with --manual-clock"}, 409)
        await self.exchange.clock.advance(float(request.value("seconds", "0")))
        return Answer({"now": self.exchange.clock.now()})

    def _faults(self, request: Request) -> Answer:
        faults = self.exchange.options.faults
        for name in ("drop", "dup", "delay"):
            setattr(faults, name, float(request.value(name, str(getattr(faults, name)))))
        faults.throttle = int(request.value("throttle", str(faults.throttle)))
        return Answer({"drop": faults.drop, "dup": faults.dup, "delay": faults.delay, "throttle": faults.throttle})

    def _find(self, request: Request) -> Answer:
        side = Side(request.value("side") or Side.COLLECTOR)
        return Answer(self._screen(self.exchange.directory.phone(request.value("number"), side)))

    def _phone(self, request: Request) -> Answer:
        found = _PHONE.fullmatch(request.path)
        phone = self.exchange.directory.by_id(found[1]) if found else None
        if not found or not phone:
            return Answer({"error": "not found"}, 404)
        problem = self._do(phone, found[2] or "", request)
        if problem and "text/html" not in request.headers.get("Accept", ""):
            return Answer({"error": problem}, 409)
        return self._after(request, self._screen(phone))

    def _do(self, phone: Phone, action: str, request: Request) -> str:
        """Let the owner of ``phone`` act; the text says why it was not possible."""
        call = self.exchange.active_call(phone)
        if action == "mode":
            phone.by_hand = request.value("by_hand") in _YES
            self.exchange.play_by_hand([phone])
            return ""
        if action == "dial":
            return self._dial(phone, request)
        if call is None:
            return "there is no call on this phone"
        can = screen(phone, self.exchange).can
        if action not in can:
            return f"cannot {action} now"
        if action == "answer":
            call.picked_up.set()
        elif action == "hangup":
            self.exchange.hang_up(call)
        elif not re.fullmatch(r"[0-9*#]{1,20}", request.value("key")):
            return "not a key"
        else:
            for key in request.value("key"):
                self.exchange.press(call, key)
        return ""

    def _dial(self, phone: Phone, request: Request) -> str:
        """Ring the number ``to``, or the one this phone was last called from."""
        last = self.exchange.last_call(phone)
        back = (last.to if last.direction == "inbound" else last.from_) if last else ""
        to = request.value("to") or back
        if not self.exchange.options.voice_url:
            return "nobody answers: start with --voice-url"
        if self.exchange.active_call(phone) or not to:
            return "this phone cannot dial now"
        self.exchange.dial_in(phone, to, request.value("withheld") in _YES)
        return ""

    def _after(self, request: Request, shown: dict[str, object]) -> Answer:
        if "text/html" in request.headers.get("Accept", ""):
            return Answer(b"", 303, headers={"Location": "/"})
        return Answer(shown)
