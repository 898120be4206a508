"""Phones, the sides they are on, and how the person who holds one behaves."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum


class Side(StrEnum):
    COLLECTOR = "collector"
    DEBTOR = "debtor"

    def other(self) -> Side:
        return Side.DEBTOR if self is Side.COLLECTOR else Side.COLLECTOR


class Behaviour(StrEnum):
    """What happens to a call, by the last two digits of the number it goes to; everything else is ``ACCEPTS``."""

    ACCEPTS = "01"
    BUSY = "02"
    NO_ANSWER = "03"
    FAILS = "04"
    VOICEMAIL = "05"
    HANGS_UP_IN_WHISPER = "06"
    CARRIER_BLOCK = "07"
    PRESSES_9 = "08"
    CREATE_TIMES_OUT = "09"
    RECORDING_LOST = "10"
    QUEUED = "11"

    @classmethod
    def of(cls, number: str) -> Behaviour:
        try:
            return cls(number[-2:])
        except ValueError:
            return cls.ACCEPTS


@dataclass(slots=True)
class Phone:
    """One phone. ``id`` is random, so that an address naming the phone says nothing about its number."""

    number: str = field(repr=False)
    side: Side
    id: str = field(default_factory=lambda: "p" + secrets.token_hex(6))
    by_hand: bool = False


class Directory:
    """All phones that were ever called, and who plays them."""

    def __init__(self, by_hand: bool) -> None:
        self.by_hand = dict.fromkeys(Side, by_hand)
        self._by_number: dict[str, Phone] = {}
        self._by_id: dict[str, Phone] = {}

    def phone(self, number: str, side: Side) -> Phone:
        """The phone with ``number``; a new one is put on ``side``, a known one stays where it is."""
        known = self._by_number.get(number)
        if known is None:
            known = Phone(number=number, side=side, by_hand=self.by_hand[side])
            self._by_number[number] = self._by_id[known.id] = known
        return known

    def by_id(self, phone_id: str) -> Phone | None:
        return self._by_id.get(phone_id)

    def on(self, side: Side) -> list[Phone]:
        return [phone for phone in self._by_id.values() if phone.side is side]

    def play_by_hand(self, side: Side, by_hand: bool) -> list[Phone]:
        """Set how the phones of ``side``, present and future ones, are played; returns the present ones."""
        self.by_hand[side] = by_hand
        phones = self.on(side)
        for phone in phones:
            phone.by_hand = by_hand
        return phones
