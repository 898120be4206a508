"""The REST dialect: creating, reading, listing and changing calls; reading and deleting recordings."""

from __future__ import annotations

import base64
import hmac
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulator.calls import API, Call, Terms
from simulator.exchange import Exchange
from simulator.phones import Behaviour

_ROUTE = re.compile(rf"/{API}/Accounts/(AC\w{{32}})/(Calls|Recordings)(?:/(\w{{34}}))?(?:\.(json|wav|mp3))?")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
_OVER = 21220


@dataclass(slots=True)
class Request:
    """An HTTP request as the simulator's handlers see it; ``query`` and ``form`` keep every value."""

    method: str
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    form: dict[str, list[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str, default: str = "") -> str:
        return self.form.get(name, self.query.get(name, [default]))[-1]


@dataclass(slots=True)
class Answer:
    """An HTTP answer; ``stall`` real seconds before the connection is cut instead."""

    body: Any = None
    status: int = 200
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stall: float | None = None


def _error(status: int, code: int, message: str) -> Answer:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer({"code": code, "message": message, "more_info": more, "status": status}, status)


class Rest:
    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.options = exchange.options

    def handle(self, request: Request) -> Answer:
        """Answer one request below ``/2010-04-01/``."""
        route = _ROUTE.fullmatch(request.path)
        if not self._known(request.headers.get("Authorization", "")):
            return _error(401, 20003, "Authenticate")
        if not route or route[1] != self.options.account:
            return _error(404, 20404, "The requested resource was not found")
        kind, sid, suffix = route[2], route[3], route[4]
        if kind == "Recordings":
            return self._recording(request.method, sid or "", suffix or "json")
        if sid is None:
            return self._create(request) if request.method == "POST" else self._list(request)
        call = self.exchange.calls.get(sid)
        if call is None:
            return _error(404, 20404, "The requested resource was not found")
        return self._change(call, request) if request.method == "POST" else Answer(self._shown(call))

    def _known(self, authorization: str) -> bool:
        pair = f"{self.options.account}:{self.options.token}".encode()
        return hmac.compare_digest(authorization.encode(), b"Basic " + base64.b64encode(pair))

    def _shown(self, call: Call) -> dict[str, Any]:
        return call.resource(self.options.account, self.exchange.clock.now())

    def _create(self, request: Request) -> Answer:
        to, from_ = request.value("To"), request.value("From")
        if self.options.faults.throttle > 0:
            self.options.faults.throttle -= 1
            return _error(429, 20429, "Too many requests")
        if not _E164.fullmatch(to):
            return _error(400, 21211, f"Invalid 'To' phone number: {to}")
        if not _E164.fullmatch(from_) or (self.options.numbers and from_ not in self.options.numbers):
            return _error(400, 21212, f"Invalid 'From' phone number: {from_}")
        if not (request.value("Url") or request.value("Twiml")):
            return _error(400, 21205, "Url is not a valid URL")
        call = self.exchange.place(
            to,
            from_,
            Terms(
                url=request.value("Url"),
                twiml=request.value("Twiml"),
                callback=request.value("StatusCallback"),
                callback_events=frozenset(request.form.get("StatusCallbackEvent", ["completed"])),
                ring_s=float(request.value("Timeout", "60")),
                max_s=float(request.value("TimeLimit", "14400")),
            ),
        )
        answer = Answer(self._shown(call), 201)
        if Behaviour.of(to) is Behaviour.CREATE_TIMES_OUT:
            answer.stall = self.options.stall
        return answer

    def _change(self, call: Call, request: Request) -> Answer:
        if call.ended.is_set():
            return _error(400, _OVER, "Call is not in-progress. Cannot redirect.")
        status = request.value("Status")
        if status == "completed":
            self.exchange.finish(call, "completed" if call.answered.is_set() else "canceled")
        elif status == "canceled":
            if not call.answered.is_set():
                self.exchange.finish(call, "canceled")
        elif request.value("Twiml"):
            self.exchange.redirect(call, "twiml", request.value("Twiml"))
        elif request.value("Url"):
            self.exchange.redirect(call, "url", request.value("Url"))
        return Answer(self._shown(call))

    def _list(self, request: Request) -> Answer:
        calls = [call for call in self.exchange.calls.values() if self._wanted(call, request)]
        calls.reverse()
        size = max(1, min(int(request.value("PageSize", "50")), 1000))
        page = int(request.value("Page", "0"))
        shown = [self._shown(call) for call in calls[page * size : (page + 1) * size]]
        path = f"/{API}/Accounts/{self.options.account}/Calls.json"
        following = None
        if len(calls) > (page + 1) * size:
            kept = "".join(f"&{name}={value}" for name in ("Status", "StartTime>") if (value := request.value(name)))
            following = f"{path}?PageSize={size}&Page={page + 1}{kept}".replace(">", "%3E")
        uri = f"{path}?PageSize={size}&Page={page}"
        ends = {
            "first_page_uri": f"{path}?PageSize={size}&Page=0",
            "next_page_uri": following,
            "previous_page_uri": None,
        }
        return Answer({"calls": shown, "page": page, "page_size": size, "uri": uri, **ends})

    def _wanted(self, call: Call, request: Request) -> bool:
        status, parent, since = (request.value(name) for name in ("Status", "ParentCallSid", "StartTime>"))
        if status and self._shown(call)["status"] != status:
            return False
        if parent and not (call.parent and call.parent.sid == parent):
            return False
        return not since or call.created_wall >= datetime.fromisoformat(since).replace(tzinfo=UTC).timestamp()

    def _recording(self, method: str, sid: str, suffix: str) -> Answer:
        kept = self.exchange.recordings.get(sid)
        if kept is None:
            return _error(404, 20404, "The requested resource was not found")
        if method == "DELETE":
            del self.exchange.recordings[sid]
            return Answer(b"", 204)
        if suffix == "wav":
            return Answer(silence(int(kept["duration"])), content_type="audio/x-wav")
        return Answer(kept)


def silence(seconds: int) -> bytes:
    """A two-channel µ-law WAV of ``seconds`` of silence, 8,000 samples a second."""
    rate, channels = 8000, 2
    data = b"\xff" * (rate * channels * seconds)
    header = struct.pack("<HHIIHHH", 7, channels, rate, rate * channels, channels, 8, 0)
    chunks = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
