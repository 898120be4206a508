"""Simulated time: as fast as told, or standing still until somebody moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Seconds since the start. With ``manual`` it moves only by ``advance``, which waits for work to settle."""

    def __init__(self, tick: float = 1.0, manual: bool = False) -> None:
        self.tick = tick
        self.manual = manual
        self._started = time.monotonic()
        self._now = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._busy = 0

    def now(self) -> float:
        return self._now if self.manual else (time.monotonic() - self._started) / self.tick

    async def sleep(self, seconds: float) -> None:
        if not self.manual:
            await asyncio.sleep(seconds * self.tick)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    async def wait(self, seconds: float | None, *events: asyncio.Event) -> bool:
        """Wait until one of ``events`` is set, at most ``seconds`` (``None``: for ever). Whether one is."""
        if any(event.is_set() for event in events):
            return True
        tasks: list[asyncio.Task[object]] = [asyncio.ensure_future(event.wait()) for event in events]
        if seconds is not None:
            tasks.append(asyncio.ensure_future(self.sleep(seconds)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        return any(event.is_set() for event in events)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Mark a real exchange with the outside, during which simulated time must stand still."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    async def advance(self, seconds: float) -> None:
        """Move a manual clock on, stopping at each moment at which something is due."""
        target = self._now + seconds
        await self._settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, future = heapq.heappop(self._sleepers)
            if future.done():
                continue
            self._now = max(self._now, due)
            future.set_result(None)
            await self._settle()
        self._now = target

    async def _settle(self) -> None:
        quiet = 0
        while quiet < 25:
            await asyncio.sleep(0.002 if self._busy else 0)
            quiet = 0 if self._busy else quiet + 1
