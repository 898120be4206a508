"""The application's end of the wire, small: it answers signed webhooks with flows through the real adapter.

It stands where the dialler and the webhook views stand in the product, without a database, so that the adapter, the
flows and the fold are tried against the simulator over real HTTP.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from types import TracebackType
from typing import Self

from django.http import QueryDict

from calling.flows import Connect, Flow, Gather, Hangup, Say, flow
from calling.fold import Observation, fold
from calling.providers.base import CallEvent, LegFacts, PlaceCall, Placed, WebhookKind
from calling.providers.twilio import TwilioConfig, TwilioPort
from tests.simulator import Simulator, wait_for

MASK = "+13035550142"
KINDS: dict[str, WebhookKind] = {
    "greet": "flow", "accept": "digits", "whisper": "flow", "choice": "digits", "end": "dial",
    "status": "status", "recording": "recording", "inbound": "inbound",
}  # fmt: skip
_line = count()


def new_number(ending: str) -> str:
    """A fictional number that was not used before, with these last two digits."""
    return f"+1{200 + next(_line) % 799}55501{ending}"


@dataclass
class Plan:
    """One call to be made: tokens and what they stand for."""

    collector: str
    debtor: str
    record: bool = False
    name: str = field(default_factory=lambda: "call_" + secrets.token_urlsafe(9))

    def token(self, role: str) -> str:
        return f"{self.name}_{role}"


class Switchboard:
    def __init__(self, simulator: Simulator, timeout_s: float = 10.0) -> None:
        self.simulator = simulator
        self.server = _Server(("127.0.0.1", 0), _Webhook)
        self.server.board = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        config = TwilioConfig(simulator.account, simulator.token, self.url, simulator.url, timeout_s)
        self.port = TwilioPort(config, sleep=lambda _seconds: None)
        self.plans: dict[str, Plan] = {}
        self.numbers: dict[str, str] = {}
        self.events: list[CallEvent] = []
        self.bodies: list[tuple[str, QueryDict]] = []
        self.refused = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.port.close()

    def vault(self, token: str) -> str:
        return self.numbers[token]

    def plan(self, collector: str = "01", debtor: str = "01", record: bool = False) -> Plan:
        plan = Plan(new_number(collector), new_number(debtor), record)
        self.plans[plan.name] = plan
        self.numbers |= {
            plan.token("collector"): plan.collector,
            plan.token("debtor"): plan.debtor,
            plan.token("mask"): MASK,
        }
        return plan

    def place(self, plan: Plan, ring_s: int = 20) -> Placed:
        path = f"/voice/{plan.name}"
        order = PlaceCall(plan.token("collector"), plan.token("mask"), f"{path}/greet", f"{path}/status", ring_s)
        return self.port.place_call(order, self.vault)

    def answer(self, step: str, plan: Plan, event: CallEvent | None) -> Flow:
        """What the product answers at each step of a call."""
        path = f"/voice/{plan.name}"
        match step, event.digits if event else "":
            case "greet", _:
                return flow(Gather((Say("collector.greeting"),), 1, 8, f"{path}/accept"), Hangup())
            case "accept", "1":
                return flow(Say("collector.connecting"), self.connect(plan))
            case "whisper", _:
                return flow(Gather((Say("debtor.notice"),), 1, 8, f"{path}/choice"), Hangup())
            case "choice", "1":
                return flow(Say("debtor.accepted"))
            case "choice", "9":
                return flow(Say("debtor.stopped"), Hangup())
            case "inbound", _:
                return flow(Say("inbound.greeting"), self.connect(plan))
        return flow(Hangup())

    def connect(self, plan: Plan) -> Connect:
        path = f"/voice/{plan.name}"
        return Connect(
            leg=plan.token("debtor"),
            mask=plan.token("mask"),
            ring_s=15,
            max_s=600,
            record=plan.record,
            whisper=f"{path}/whisper",
            on_end=f"{path}/end",
            on_status=f"{path}/status",
            on_recording=f"{path}/recording" if plan.record else "",
        )

    def receive(self, path: str, body: str, signature: str | None) -> tuple[int, bytes]:
        """Handle one webhook as the product's view does: 403 for a bad signature, else a flow."""
        params = QueryDict(body)
        if not self.port.verify(path, params, signature):
            self.refused += 1
            return 403, b""
        _, _, name, step = path.split("/")
        self.bodies.append((path, params))
        events = self.port.parse(params, KINDS[step])
        self.events.extend(events)
        return 200, self.port.render(self.answer(step, self.plans[name], events[0] if events else None), self.vault)[0]

    def observations(self) -> list[Observation]:
        return [seen for event in self.events if (seen := event.observation())]

    def finished(self, sid: str) -> tuple[LegFacts, LegFacts | None]:
        """The provider's record of both legs (the second may not exist), once none of them runs any more."""

        def look() -> tuple[LegFacts, LegFacts | None] | bool:
            ended = [entry["call"] for entry in self.simulator.log(sid) if entry["verb"] == "End"]
            dials = [entry for entry in self.simulator.log(sid) if entry["verb"] == "Dial"]
            if sid not in ended or len(ended) < 1 + len(dials):
                return False
            first = self.port.fetch_leg(sid)
            assert first
            child = next((entry for entry in ended if entry != sid), None)
            return first, self.port.fetch_leg(child) if child else None

        return wait_for(look)

    def told_terminal(self, *legs: LegFacts | None) -> bool:
        """Whether webhooks alone have told the end of all ``legs``."""
        folded = fold(self.observations())
        return all(leg.sid in folded and folded[leg.sid].is_terminal for leg in legs if leg)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    board: Switchboard


class _Webhook(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, answer = self.server.board.receive(self.path, body, self.headers.get("X-Twilio-Signature"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
