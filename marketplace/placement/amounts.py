"""Amounts of money in a file: one decimal style for a whole column, exact minor units, never a float."""

from __future__ import annotations

import re
from collections import Counter
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext as _

from core.money import exponent
from marketplace.placement.text import plain

LIMIT_MAJOR = 100_000_000
# Longer texts are no amounts, whatever stands in them.
_MOST_CHARACTERS = 40
_LIMIT_CENTS = LIMIT_MAJOR * 100


class Style(StrEnum):
    """How a column writes one thousand and a half."""

    POINT = "1,000.50"
    COMMA = "1.000,50"


class Problem(NamedTuple):
    """A refusal of one value: the code of the contract and a sentence."""

    code: str
    reason: str


# Currencies a sign may stand for. A dollar sign fits every dollar.
_DOLLARS = frozenset({"USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD"})
_SIGNS: dict[str, frozenset[str]] = {
    "$": _DOLLARS,
    "US$": frozenset({"USD"}),
    "C$": frozenset({"CAD"}),
    "CA$": frozenset({"CAD"}),
    "A$": frozenset({"AUD"}),
    "HK$": frozenset({"HKD"}),
    "NT$": frozenset({"TWD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"CNY", "JPY"}),
    "CN¥": frozenset({"CNY"}),
    "元": frozenset({"CNY"}),
    "RMB": frozenset({"CNY"}),
    "円": frozenset({"JPY"}),
    "₹": frozenset({"INR"}),
    "₩": frozenset({"KRW"}),
}

_PARTS = re.compile(
    r"(?P<bracket>\()? ?(?P<minus>-)? ?(?P<lead>[^\W\d_]{0,3}[$€£¥₹₩]?)? ?(?P<minus2>-)? ?"
    r"(?P<core>[.,]?\d[\d.,' ’]*?) ?(?P<trail>[^\W\d_]{0,3}[$€£¥₹₩]?)? ?(?P<minus3>-)? ?\)?"
)
# Digits in groups of three, in the Indian grouping, or none before the decimal mark; G stands for the thousands mark.
_GROUPED = r"(?P<whole>\d+|\d{1,3}(?:[G '’]\d{3})+|\d{1,2}(?:G\d\d)+G\d{3}|)"
_FITS = {
    Style.POINT: re.compile(_GROUPED.replace("G", ",") + r"(?:\.(?P<part>\d+))?"),
    Style.COMMA: re.compile(_GROUPED.replace("G", r"\.") + r"(?:,(?P<part>\d+))?"),
}
_NOT_DIGIT = re.compile(r"\D")
_OTHER_THAN_NUMBER = re.compile(r"[^\d.,' ’]")


def proves(value: str) -> Style | None:
    """The style a value proves by itself, or None when it could be read either way or has no separator."""
    if len(value) > _MOST_CHARACTERS:
        return None
    if value[-3:-2] == "." and value.count(".") == 1 and "," not in value:
        return Style.POINT
    if "." not in value and "," not in value and value.isascii():
        return None
    parts = _PARTS.fullmatch(plain(value))
    return None if parts is None else _proved_by(parts["core"])


def _proved_by(core: str) -> Style | None:
    points, commas = core.count("."), core.count(",")
    if points and commas:
        style = Style.POINT if core.rindex(".") > core.rindex(",") else Style.COMMA
    elif points + commas > 1:
        # Only a thousands mark is written more than once.
        style = Style.COMMA if points else Style.POINT
    elif points + commas == 1:
        before, _sep, after = core.partition("." if points else ",")
        could_be_thousands = len(after) == 3 and before.isdigit() and len(before) <= 3 and before[0] != "0"
        if could_be_thousands:
            return None
        style = Style.POINT if points else Style.COMMA
    else:
        return None
    return style if _FITS[style].fullmatch(core) else None


def settle(found: Counter[Style]) -> Style | None:
    """The style of a column from what its values prove: the one most values prove, None when there is no such one."""
    if found[Style.POINT] == found[Style.COMMA]:
        return None
    return max(found, key=lambda style: found[style])


def limit(currency: str) -> int:
    """Largest amount that is taken, in minor units of `currency`."""
    return int(LIMIT_MAJOR * 10 ** exponent(currency))


def parse(value: str, *, style: Style | None, currency: str, zero: bool = False) -> int | Problem:
    """Minor units of `currency`, or why the text is not an amount. `zero` says whether nothing at all is an amount."""
    if len(value) > _MOST_CHARACTERS:
        return _not_a_number(value)
    # What most files write is read without taking the text apart.
    if style is Style.POINT and value[-3:-2] == "." and exponent(currency) == 2:
        digits = value[:-3] + value[-2:]
        if digits.isdigit() and digits.isascii():
            minor = int(digits)
            return minor if 0 < minor <= _LIMIT_CENTS else _within(minor, places=2, zero=zero, value=value)
    parts = _PARTS.fullmatch(plain(value))
    if parts is None:
        return _not_a_number(value)
    if parts["bracket"] or parts["minus"] or parts["minus2"] or parts["minus3"]:
        return Problem("bad_amount", _("“%(value)s” is below zero. Send only what is owed.") % {"value": value})
    for sign in (parts["lead"], parts["trail"]):
        if sign and currency not in _SIGNS.get(sign.upper(), frozenset({sign.upper()})):
            return Problem(
                "bad_amount",
                _("“%(value)s” does not agree with the currency %(currency)s. Correct one of the two.")
                % {"value": value, "currency": currency},
            )
    return _minor(parts["core"], style=style, currency=currency, zero=zero, value=value)


def _minor(core: str, *, style: Style | None, currency: str, zero: bool, value: str) -> int | Problem:
    places = exponent(currency)
    read = _read(core, style, places)
    if read is None:
        if _OTHER_THAN_NUMBER.search(core):
            return _not_a_number(value)
        return Problem("ambiguous_amount", _ambiguous(value, style))
    whole, part = read
    if len(part) > places:
        message = _("“%(value)s” has more decimals than %(currency)s has: write %(places)d at most.")
        return Problem("bad_amount_precision", message % {"value": value, "currency": currency, "places": places})
    return _within(int(whole + part.ljust(places, "0")), places=places, zero=zero, value=value)


def _read(core: str, style: Style | None, places: int) -> tuple[str, str] | None:
    """Whole and decimal digits of a number, or None when it fits no proved style."""
    if style is None:
        if "." in core or "," in core:
            # A currency without decimals leaves one reading: the mark can only be one of thousands.
            match = (_FITS[Style.POINT].fullmatch(core) or _FITS[Style.COMMA].fullmatch(core)) if places == 0 else None
            return (_NOT_DIGIT.sub("", core), "") if match and len(_NOT_DIGIT.split(core)[-1]) == 3 else None
        style = Style.POINT
    match = _FITS[style].fullmatch(core)
    if match is None:
        return None
    return _NOT_DIGIT.sub("", match["whole"]) or "0", match["part"] or ""


def _within(minor: int, *, places: int, zero: bool, value: str) -> int | Problem:
    if minor > LIMIT_MAJOR * 10**places:
        return Problem(
            "amount_over_limit",
            _("“%(value)s” is over the limit of 100,000,000. Check its decimals.") % {"value": value},
        )
    if minor == 0 and not zero:
        return Problem("bad_amount", _("The amount is zero. Leave out what is not owed."))
    return minor


def _not_a_number(value: str) -> Problem:
    return Problem("bad_amount", _("“%(value)s” is not an amount. Write it like 1250.40.") % {"value": value})


def _ambiguous(value: str, style: Style | None) -> str:
    if style is None:
        message = _(
            "“%(value)s” can be read in two ways, and no other value of the column settles which. "
            "Write it like 1250.40."
        )
        return message % {"value": value}
    message = _("“%(value)s” does not fit a column that writes amounts like %(style)s. Write it in the same way.")
    return message % {"value": value, "style": style}
