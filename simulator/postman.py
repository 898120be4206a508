"""Delivers signed webhooks, and loses, repeats and delays the callbacks among them when told to."""

from __future__ import annotations

import asyncio
import random
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from simulator.clock import Clock
from simulator.options import Options
from simulator.signing import sign

TIMEOUT_S = 15


class WebhookError(Exception):
    """The application did not answer with a success; the text is its status or the kind of failure."""


class Postman:
    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self._chance = random.Random(options.seed)  # noqa: S311  faults must repeat, not surprise
        self._pool = ThreadPoolExecutor(64, thread_name_prefix="webhook")
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
        self._tasks: set[asyncio.Task[None]] = set()
        self._last: dict[str, asyncio.Task[None]] = {}

    async def ask(self, url: str, params: dict[str, str]) -> str:
        """Post ``params`` to ``url`` and return the answer's text, trying twice. Raises ``WebhookError``."""
        try:
            return await self._post(url, params)
        except WebhookError:
            return await self._post(url, params)

    def tell(self, url: str, params: dict[str, str]) -> None:
        """Send a status callback and forget it. Without a delay those of one call keep their order."""
        faults = self.options.faults
        if self._chance.random() < faults.drop:
            return
        for _ in range(2 if self._chance.random() < faults.dup else 1):
            late = self._chance.random() * faults.delay
            before = None if faults.delay else self._last.get(params["CallSid"])
            self._last[params["CallSid"]] = self._spawn(self._deliver(url, params, late, before))

    def close(self) -> None:
        """Send nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _deliver(self, url: str, params: dict[str, str], late: float, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait([before])
        if late:
            await self.clock.sleep(late)
        for left in range(_retries(url), -1, -1):
            try:
                await self._post(url, params)
                return
            except WebhookError:
                if left:
                    await self.clock.sleep(0.5)

    async def _post(self, url: str, params: dict[str, str]) -> str:
        with self.clock.busy():
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._send, url, params)

    def _send(self, url: str, params: dict[str, str]) -> str:
        url = urllib.parse.urldefrag(url).url
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(self.options.token, url, params),
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
            "User-Agent": "TwilioProxy/1.1",
        }
        if not url.startswith(("http://", "https://")):
            raise WebhookError("not a web address")
        request = urllib.request.Request(url, urllib.parse.urlencode(params).encode(), headers)  # noqa: S310
        try:
            with self._open(request, timeout=TIMEOUT_S) as answer:
                body: bytes = answer.read()
                return body.decode()
        except urllib.error.HTTPError as error:
            with error:
                raise WebhookError(str(error.code)) from None
        except (OSError, ValueError) as error:
            raise WebhookError(type(error).__name__) from None


def _retries(url: str) -> int:
    """The number of further tries a fragment such as ``#rc=3`` asks for; one without it."""
    wanted = urllib.parse.parse_qs(urllib.parse.urldefrag(url).fragment).get("rc", ["1"])[0]
    return min(int(wanted), 5) if wanted.isdigit() else 1
