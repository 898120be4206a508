"""Small rules for text cells: what a spreadsheet has damaged, and what one would run as a formula."""

from __future__ import annotations

import re
import unicodedata

# A spreadsheet runs a cell that begins so. The wide forms are typed with Chinese and Japanese keyboards.
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_ROUNDED = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d{1,3}")
_SPACES = re.compile(r"\s+")


def is_formula(value: str) -> bool:
    """Whether a spreadsheet could run the text as a formula."""
    return value[:1] in FORMULA_STARTS or value.lstrip()[:1] in FORMULA_STARTS


def escape_for_export(value: str) -> str:
    """The text as every CSV or spreadsheet export must write it: a leading apostrophe keeps a formula from running."""
    return f"'{value}" if is_formula(value) else value


def is_rounded_number(value: str) -> bool:
    """Whether a spreadsheet has rounded an identifier, as in 1.23E+11: the lost digits cannot be had back."""
    return _ROUNDED.fullmatch(value) is not None


def plain(value: str) -> str:
    """Wide digits, signs and unusual spaces in their ordinary form, single spaces, none at the ends."""
    if value.isascii():
        return value.strip()
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", value).replace("\u2212", "-")).strip()
