"""What a call should do, said without naming a provider or a phone number.

A flow names people and masks by opaque tokens; only a provider adapter's ``render`` turns a token into a number.
Steps that come back to us (``then``, ``whisper``, ``on_end`` …) are paths of our own site, which the adapter completes
with the public address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_PROMPTS_FILE: Final = Path(__file__).with_name("prompts.json")
# Seven digits are the shortest number somebody could dial; separators may stand between them.
_DIALLABLE: Final = re.compile(r"(?<!\w)\+?\d(?:[\s().\-]{0,2}\d){6,}(?!\w)")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{8,128}")
_PATH: Final = re.compile(r"/[A-Za-z0-9_\-./]*(?:\?[A-Za-z0-9_\-.=&]*)?")
_NUMBER_LIKE: Final = re.compile(r"[\d\s()._+\-]*")
_KEYS: Final = re.compile(r"[0-9*#]+")
_DEFAULT_LANG: Final = "en"


class FlowError(ValueError):
    """A flow that must not exist: it holds a number, lacks a mask, or has a value out of range. A programming error."""


def contains_number(text: str) -> bool:
    """Whether ``text`` holds something that could be dialled (seven or more digits, separators allowed)."""
    return _DIALLABLE.search(text) is not None


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise FlowError(problem)


def _require_words(text: str, what: str) -> None:
    _require(bool(text), f"{what} is empty")
    _require(not contains_number(text), f"{what} holds a number")


def _require_token(token: str, what: str) -> None:
    _require(_TOKEN.fullmatch(token) is not None, f"{what} must be an opaque token")
    _require(_NUMBER_LIKE.fullmatch(token) is None, f"{what} holds a number")


def _require_path(path: str, what: str) -> None:
    _require(_PATH.fullmatch(path) is not None and not path.startswith("//"), f"{what} must be a path of ours")
    parts = re.split(r"[/?&=]", path)
    _require(not any(len(part) >= 7 and _NUMBER_LIKE.fullmatch(part) for part in parts), f"{what} holds a number")


@dataclass(frozen=True, slots=True)
class Say:
    """Speak the prompt ``text_key`` of prompts.json in ``lang``; ``values`` fills its placeholders."""

    text_key: str
    lang: str = _DEFAULT_LANG
    values: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        _require_words(self.text(), f"prompt {self.text_key}")

    def text(self) -> str:
        """The words to speak. Raises ``FlowError`` for an unknown key or a missing placeholder."""
        return prompt(self.text_key, self.lang, **dict(self.values))


@dataclass(frozen=True, slots=True)
class Play:
    """Play a recorded asset, given as a path below our public address."""

    asset: str

    def __post_init__(self) -> None:
        _require_path(self.asset, "asset")


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence for ``seconds``."""

    seconds: int

    def __post_init__(self) -> None:
        _require(0 < self.seconds <= 60, "a pause lasts 1 to 60 seconds")


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Gather:
    """Speak ``prompt`` and wait ``timeout_s`` seconds after it for ``digits`` keys, then fetch the path ``then``.

    Without a key the flow goes on with the verb behind this one.
    """

    prompt: tuple[Say | Play | Pause, ...]
    digits: int
    timeout_s: int
    then: str

    def __post_init__(self) -> None:
        _require(all(isinstance(part, Say | Play | Pause) for part in self.prompt), "a prompt can only speak")
        _require(1 <= self.digits <= 20, "1 to 20 keys can be gathered")
        _require(0 < self.timeout_s <= 60, "keys are awaited for 1 to 60 seconds")
        _require_path(self.then, "then")


@dataclass(frozen=True, slots=True)
class Connect:
    """Ring ``leg``, showing it ``mask``, play it the flow at ``whisper``, then join it to the present caller.

    ``leg`` and ``mask`` are tokens. There is no default for ``mask`` and none for ``whisper``: a provider that is not
    told what to show shows the caller, and a person who is not told of the recording has not agreed to it.
    ``ring_s`` and ``max_s`` are seconds; ``on_end``, ``on_status`` and ``on_recording`` are paths called back.
    """

    leg: str
    mask: str
    ring_s: int
    max_s: int
    record: bool
    whisper: str
    on_end: str
    on_status: str
    on_recording: str = ""

    def __post_init__(self) -> None:
        _require_token(self.leg, "leg")
        _require_token(self.mask, "mask")
        _require(self.leg != self.mask, "leg and mask are the same token")
        _require(5 <= self.ring_s <= 120, "a phone rings 5 to 120 seconds")
        _require(0 < self.max_s <= 14_400, "a call lasts at most 4 hours")
        for name in ("whisper", "on_end", "on_status"):
            _require_path(getattr(self, name), name)
        _require(bool(self.on_recording) or not self.record, "a recorded call needs on_recording")
        if self.on_recording:
            _require_path(self.on_recording, "on_recording")


Verb = Say | Play | Pause | Gather | Connect | Hangup


@dataclass(frozen=True, slots=True)
class Flow:
    """Verbs in the order in which they run; when the last one ends, so does the call (or the whisper)."""

    verbs: tuple[Verb, ...] = ()

    def __post_init__(self) -> None:
        _require(all(isinstance(verb, Verb) for verb in self.verbs), "not a verb")

    def __iter__(self) -> Iterator[Verb]:
        return iter(self.verbs)


def flow(*verbs: Verb) -> Flow:
    """``verbs`` as a flow."""
    return Flow(tuple(verbs))


@cache
def prompts() -> dict[str, dict[str, str]]:
    """All prompts: key → language → words."""
    loaded: dict[str, dict[str, str]] = json.loads(_PROMPTS_FILE.read_text(encoding="utf-8"))
    return loaded


def prompt(key: str, lang: str = _DEFAULT_LANG, **values: str) -> str:
    """The words of prompt ``key`` in ``lang`` (English when it is not translated), placeholders filled.

    Raises ``FlowError`` for an unknown key or a missing placeholder.
    """
    try:
        words = prompts()[key]
        return words.get(lang, words[_DEFAULT_LANG]).format(**values)
    except KeyError as missing:
        raise FlowError(f"no prompt or value {missing}") from None


def digits_only(keys: str) -> str:
    """``keys`` when they are phone keys (0-9, * and #), else the empty string: they come from outside."""
    return keys if _KEYS.fullmatch(keys) else ""
