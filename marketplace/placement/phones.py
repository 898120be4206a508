"""Phone numbers of a file: E.164 text and the zones a number may ring in, fast enough not to slow a placement.

In North America the first six digits decide both whether a number can exist and where it rings, so the numbering
library is asked once for each six digits and not once for each row.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import timezone as phone_timezone

from marketplace.placement.zones import is_zone

# A number of no place, such as a toll-free one, comes back with every zone of its continent: that is no evidence.
_MOST_ZONES = 12
_NORTH_AMERICA = re.compile(r"(?:\+?1[-. ]?)?\(?([2-9]\d\d)\)?[-. ]?(\d{3})[-. ]?(\d{4})")
# Area codes of no place (toll-free, personal, premium) have rules on later digits too and are looked up whole.
_NO_PLACE = re.compile(r"[5-9](\d)\1|9[05]0|52\d")
_NORTH_AMERICAN_PLAN = frozenset({"US", "CA", "PR", "GU", "VI", "AS", "MP"})


class Phone(NamedTuple):
    """A number in E.164 form, None when there is none, and its candidate zones: none when it belongs to no place."""

    e164: str | None
    zones: tuple[str, ...]


def parse_phone(text: str, *, country: str) -> Phone | None:
    """The number written in `text`, or None when no such number can exist.

    `country` (alpha-2) is assumed when the number does not begin with +. An extension is refused: a line behind a
    switchboard is not the debtor's own.
    """
    match = _NORTH_AMERICA.fullmatch(text)
    if match is not None and (country in _NORTH_AMERICAN_PLAN or text.startswith("+1")):
        area, exchange, line = match.groups()
        if not _NO_PLACE.fullmatch(area):
            zones = _exchange_zones(area + exchange)
            return None if zones is None else Phone(f"+1{area}{exchange}{line}", zones)
    return _look_up(text, country)


@lru_cache(maxsize=65536)
def _exchange_zones(prefix: str) -> tuple[str, ...] | None:
    """Zones of the numbers that begin with +1 and these six digits; None when there are none such."""
    number = phonenumbers.PhoneNumber(country_code=1, national_number=int(prefix + "0100"))
    return _zones(number) if phonenumbers.is_valid_number(number) else None


@lru_cache(maxsize=65536)
def _look_up(text: str, country: str) -> Phone | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return Phone(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), _zones(number))


def _zones(number: phonenumbers.PhoneNumber) -> tuple[str, ...]:
    found = tuple(phone_timezone.time_zones_for_number(number))
    return tuple(filter(is_zone, found)) if len(found) <= _MOST_ZONES else ()
