"""What the simulator can be told on its command line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEFAULT_ACCOUNT = "AC" + "0" * 32
DEFAULT_TOKEN = "simulated-token"  # noqa: S105  nothing is behind it


@dataclass(slots=True)
class Faults:
    """What goes wrong: shares between 0 and 1, ``delay`` in seconds, ``throttle`` the number of creates to refuse."""

    drop: float = 0.0
    dup: float = 0.0
    delay: float = 0.0
    throttle: int = 0


@dataclass(slots=True)
class Options:
    """All settings of one run; times in simulated seconds but for ``tick`` and ``stall``, which are real ones."""

    port: int = 8090
    account: str = DEFAULT_ACCOUNT
    token: str = field(default=DEFAULT_TOKEN, repr=False)
    faults: Faults = field(default_factory=Faults)
    seed: int = 1
    tick: float = 1.0
    manual_clock: bool = False
    talk: float = 30.0
    stall: float = 30.0
    by_hand: bool = False
    numbers: frozenset[str] = frozenset()
    voice_url: str = ""
    app_url: str = ""

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Options:
        """The options in a parsed command line."""
        return cls(
            port=given["port"],
            account=given["account"],
            token=given["token"],
            faults=Faults(given["drop"], given["dup"], given["delay"], given["throttle"]),
            seed=given["seed"],
            tick=given["tick"],
            manual_clock=given["manual_clock"],
            talk=given["talk"],
            stall=given["stall"],
            by_hand=given["by_hand"],
            numbers=frozenset(filter(None, given["numbers"].split(","))),
            voice_url=given["voice_url"],
            app_url=given["app_url"],
        )


def add_arguments(parser: ArgumentParser, account: str = "", token: str = "") -> None:
    """The flags, with ``account`` and ``token`` as defaults where they are set."""
    parser.add_argument("--port", type=int, default=8090, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--account", default=account or DEFAULT_ACCOUNT, help="account id that callers must give")
    parser.add_argument("--token", default=token or DEFAULT_TOKEN, help="secret of the account; signs the webhooks")
    parser.add_argument("--drop", type=float, default=0.0, help="share of status callbacks that are lost")
    parser.add_argument("--dup", type=float, default=0.0, help="share of status callbacks that are sent twice")
    parser.add_argument("--delay", type=float, default=0.0, help="status callbacks come up to this many seconds late")
    parser.add_argument("--throttle", type=int, default=0, help="answer 429 to the first so many new calls")
    parser.add_argument("--seed", type=int, default=1, help="seed of the faults")
    parser.add_argument("--tick", type=float, default=1.0, help="real seconds that one simulated second takes")
    parser.add_argument("--manual-clock", action="store_true", help="time moves only by POST /clock/advance")
    parser.add_argument("--talk", type=float, default=30.0, help="seconds an automatic person talks before hanging up")
    parser.add_argument(
        "--stall", type=float, default=30.0, help="real seconds without an answer for numbers ending in 09"
    )
    parser.add_argument("--by-hand", action="store_true", help="phones wait to be played by hand on the page")
    parser.add_argument("--numbers", default="", help="comma-separated numbers the account may call from; empty: any")
    parser.add_argument("--voice-url", default="", help="address that is asked when a phone dials us")
    parser.add_argument("--app-url", default="", help="address of the application, linked from the page")
