"""Task messages as files in a folder, for a machine without Redis.

Kombu has such a transport, but its readers can take a file that is still being written, which ends the worker, and it
moves messages through the machine's shared folder for temporary files. Here a message appears by a rename, is taken by
a rename, and never leaves its folder. A message taken by a worker that dies is lost: the outbox sends it again.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual


class Channel(virtual.Channel):
    """One queue is one folder: `waiting` messages in the order of their names, `draft` and `taken` beside them."""

    supports_fanout = False

    def _folder(self, queue: str, part: str = "waiting") -> Path:
        options: dict[str, Any] = self.connection.client.transport_options  # type: ignore[union-attr, assignment]
        folder = Path(options["folder"]) / queue / part
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def _put(self, queue: str, message: dict[str, Any], **kwargs: Any) -> None:
        del kwargs
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}"
        draft = self._folder(queue, "draft") / name
        draft.write_text(json.dumps(message))
        draft.rename(self._folder(queue) / name)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        del timeout
        for name in sorted(os.listdir(self._folder(queue))):
            taken = self._folder(queue, "taken") / name
            try:
                (self._folder(queue) / name).rename(taken)
            except FileNotFoundError:
                continue  # another worker was first
            message: dict[str, Any] = json.loads(taken.read_text())
            taken.unlink()
            return message
        raise Empty

    def _size(self, queue: str) -> int:
        return len(os.listdir(self._folder(queue)))

    def _purge(self, queue: str) -> int:
        names = os.listdir(self._folder(queue))
        for name in names:
            (self._folder(queue) / name).unlink(missing_ok=True)
        return len(names)


class Transport(virtual.Transport):
    """`CELERY_BROKER_TRANSPORT = "config.broker:Transport"`, with the option `folder`."""

    Channel = Channel
    # Which queue hangs on which exchange is declared by every process before it sends or reads, so memory is enough.
    global_state = virtual.BrokerState()
    driver_type = "folder"
    driver_name = "folder"

    def __init__(self, client: Any, **kwargs: Any) -> None:
        super().__init__(client, **kwargs)
        self.state = self.global_state

    def driver_version(self) -> str:
        return "1"
