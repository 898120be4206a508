"""HTTP around the exchange: the REST dialect, the phones' own addresses, the page."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from concurrent.futures import CancelledError
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

from simulator.calls import API
from simulator.desk import Desk
from simulator.exchange import Exchange
from simulator.options import Options
from simulator.people import react
from simulator.rest import Answer, Request, Rest
from simulator.script import converse

ASSETS = Path(__file__).with_name("assets")
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; form-action 'self'"
)
LARGEST_BODY = 1 << 20


class PortTakenError(Exception):
    """The port is in use; the text says what to do."""


class App:
    """Answers requests on the exchange's event loop."""

    def __init__(self, exchange: Exchange) -> None:
        self.rest = Rest(exchange)
        self.desk = Desk(exchange)

    async def handle(self, request: Request) -> Answer:
        if request.path.startswith(f"/{API}/"):
            return self.rest.handle(request)
        if request.path.startswith("/assets/"):
            return _asset(request.path)
        return await self.desk.handle(request)


def _asset(path: str) -> Answer:
    found = next((file for file in ASSETS.iterdir() if file.name == path.removeprefix("/assets/")), None)
    if found is None or found.suffix not in TYPES:
        return Answer({"error": "not found"}, 404)
    return Answer(found.read_bytes(), content_type=TYPES[found.suffix])


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, app: App, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.app = app
        self.loop = loop


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Silent: a request line is nobody's business here."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        split = urlsplit(self.path)
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LARGEST_BODY))
        request = Request(
            method=self.command,
            path=unquote(split.path),
            query=parse_qs(split.query, keep_blank_values=True),
            form=self._form(body),
            headers={name.title(): value for name, value in self.headers.items()},
        )
        try:
            answer = self._answer(request)
        except CancelledError:
            self.close_connection = True
            return
        if answer.stall is not None:
            time.sleep(answer.stall)
            self.close_connection = True
            return
        self._send(answer)

    def _answer(self, request: Request) -> Answer:
        origin = self.headers.get("Origin")
        if request.method != "GET" and origin and urlsplit(origin).netloc != self.headers.get("Host"):
            return Answer({"error": "another site may not press these buttons"}, 403)
        return asyncio.run_coroutine_threadsafe(self.server.app.handle(request), self.server.loop).result()

    def _form(self, body: bytes) -> dict[str, list[str]]:
        if self.headers.get("Content-Type", "").startswith("application/json"):
            given = json.loads(body or b"{}")
            return {name: [str(value)] for name, value in given.items()} if isinstance(given, dict) else {}
        return parse_qs(body.decode(), keep_blank_values=True)

    def _send(self, answer: Answer) -> None:
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        headers = {
            "Content-Type": answer.content_type,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }
        for name, value in (headers | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def serve(options: Options) -> None:
    """Run until SIGINT or SIGTERM. Raises ``PortTakenError``."""
    asyncio.run(_serve(options))


async def _serve(options: Options) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for sort in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sort, stop.set)
    exchange = Exchange(options, converse, react)
    try:
        server = Server(options.port, App(exchange), loop)
    except OSError:
        raise PortTakenError(
            f"Port {options.port} is in use. Stop what uses it, or give another one with --port."
        ) from None
    options.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"Phone simulator on {options.base_url}\n")
    sys.stdout.flush()
    await stop.wait()
    server.shutdown()
    exchange.postman.close()
