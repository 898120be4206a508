"""The port every voice provider is spoken to through, and the values that cross it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from calling.flows import Flow
from calling.fold import Observation

Vault = Callable[[str], str]
"""Turns a leg or mask token into an E.164 number. Given by the dialler for one call; raises ``KeyError`` otherwise."""

WebhookKind = Literal["flow", "digits", "status", "dial", "recording", "inbound"]


class ProviderError(Exception):
    """The provider could not be asked, or gave an answer we cannot use. ``code`` never holds a number."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """A call to place. ``leg`` and ``mask`` are tokens; paths are ours; times in seconds."""

    leg: str
    mask: str
    flow_path: str
    status_path: str
    ring_s: int = 30
    max_s: int = 3600


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the call and calls it ``sid``."""

    sid: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider certainly did not take the call: nothing rang. ``code`` is the provider's or ours."""

    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether a phone rings: never try again, find out (``list_legs``, or wait for a callback)."""

    code: str = "unknown"


Placed = Accepted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One thing a webhook said about one leg.

    ``kind`` is ``status``, ``flow``, ``digits``, ``dial``, ``bridge``, ``recording`` or ``inbound``; ``state`` a state
    of ``calling.fold``, or empty when the webhook says nothing about it. ``caller`` and ``called`` are set on
    ``inbound`` alone and are never shown by ``repr``.
    """

    provider: str
    leg_sid: str
    kind: str
    state: str = ""
    seq: int = -1
    parent_sid: str = ""
    duration_s: int = 0
    digits: str = ""
    code: str = ""
    recording_sid: str = ""
    caller: str = field(default="", repr=False)
    called: str = field(default="", repr=False)

    @property
    def key(self) -> str:
        """The same for every delivery of the same fact, so that a database can refuse the second one."""
        said = (self.state, self.digits, self.code, self.recording_sid)
        parts = (self.provider, self.leg_sid, self.kind, *said, str(self.seq))
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    def observation(self, leg: str = "") -> Observation | None:
        """This event for the fold, under the name ``leg`` (the provider's id by default); ``None`` without a state."""
        return Observation(leg or self.leg_sid, self.state, self.seq, self.duration_s) if self.state else None


@dataclass(frozen=True, slots=True)
class LegFacts:
    """A leg as the provider's own records have it. Numbers are for matching by keyed hash, never shown by ``repr``."""

    sid: str
    state: str
    parent_sid: str = ""
    direction: str = ""
    duration_s: int = 0
    created_at: datetime | None = None
    called: str = field(default="", repr=False)
    caller: str = field(default="", repr=False)

    def observation(self, leg: str = "") -> Observation:
        """This record for the fold, under the name ``leg`` (the provider's id by default)."""
        return Observation(leg or self.sid, self.state, -1, self.duration_s)


class VoicePort(Protocol):
    """What the dialler needs of a provider. No method logs, returns in text or raises a phone number."""

    name: str

    def place_call(self, call: PlaceCall, vault: Vault) -> Placed:
        """Ask for a call. Never raises for a provider's answer and never asks twice except when told to slow down."""
        ...

    def end_call(self, sid: str) -> None:
        """Hang up; an ended or unknown leg is no error. Raises ``ProviderError`` when the provider cannot be asked."""
        ...

    def announce(self, sid: str, flow: Flow, vault: Vault) -> None:
        """Break into a running leg with ``flow``. Raises ``ProviderError``."""
        ...

    def render(self, flow: Flow, vault: Vault) -> tuple[bytes, str]:
        """``flow`` in the provider's language, with its media type: the one place where tokens become numbers."""
        ...

    def verify(self, path: str, params: Mapping[str, str], signature: str | None) -> bool:
        """Whether the provider signed this webhook.

        ``path`` as received, with its query; ``params`` all of them, the whole QueryDict; a missing header is ``None``.
        """
        ...

    def parse(self, params: Mapping[str, str], kind: WebhookKind) -> list[CallEvent]:
        """What a verified webhook of ``kind`` says; an unreadable one says nothing (an empty list)."""
        ...

    def fetch_leg(self, sid: str) -> LegFacts | None:
        """The provider's record of a leg, ``None`` when it has none. Raises ``ProviderError``."""
        ...

    def list_legs(self, since: datetime) -> list[LegFacts]:
        """All legs since ``since``, aware and of *real* time: a provider knows no market clock.

        Raises ``ProviderError``.
        """
        ...
