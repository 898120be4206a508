"""Reading the file itself: its encoding, separator, heading row and columns, before any row is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from django.utils.translation import gettext as _

from marketplace.placement.encodings import Encoding, candidates
from marketplace.placement.headings import meaning_of, names_third_party
from marketplace.placement.tabular import (
    LINES_BEFORE_HEADING,
    BrokenTableError,
    Layout,
    Record,
    find_layout,
    is_blank,
    records,
)

SEPARATOR_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}

# First bytes of files that are often sent instead of a CSV.
_ZIPPED_SHEET = b"PK\x03\x04"
_OLD_SHEET = b"\xd0\xcf\x11\xe0"

# At least one column of each group must be there; without it no row could be accepted.
_NEEDED: tuple[tuple[str, ...], ...] = (
    ("account_ref",),
    ("debtor_name",),
    ("state", "country"),
    ("balance", "principal"),
    ("days_past_due", "delinquency_date"),
)


class Refusal(NamedTuple):
    """Why the whole file was turned away; `column` is the heading at fault, as the creditor wrote it."""

    code: str
    message: str
    column: str = ""


@dataclass(frozen=True)
class Reading:
    """What was found in a file. `columns` maps a meaning to its place in a row, counted from 0."""

    data: bytes = field(repr=False)
    filename: str
    encoding: str = ""
    codec: str = "utf-8"
    separator: str = ""
    headings: tuple[str, ...] = ()
    heading_line: int = 0
    columns: dict[str, int] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    skipped_lines: tuple[tuple[int, str], ...] = ()
    row_count: int = 0
    refused: Refusal | None = None

    @property
    def width(self) -> int:
        """Cells a row must have."""
        return len(self.headings)

    def rows(self) -> Iterator[Record]:
        """Each data row that is not blank, with the line it begins on. May be called again: the file is parsed anew."""
        if self.refused is not None:
            return
        for line, cells in records(self.data, self.codec, self.separator):
            if line > self.heading_line and not is_blank(cells):
                yield line, cells


def read_file(data: bytes, *, filename: str) -> Reading:
    """Read a delimited text file and say what is in it, or in `refused` why it cannot be taken.

    Refused are: an empty or unreadable file, a spreadsheet, no heading row in the first 21 lines, a third party's
    column, two columns for one meaning, a needed column that is missing, an open quotation mark, no rows.
    """
    refusal = _refuse_bytes(data)
    if refusal is not None:
        return Reading(data, filename, refused=refusal)
    best = _best_layout(data)
    if best is None:
        return Reading(data, filename, refused=_no_heading() if candidates(data) else _unreadable())
    encoding, layout = best
    columns, ignored, refusal = _assign(layout.headings)
    reading = Reading(
        data=data,
        filename=filename,
        encoding=encoding.label,
        codec=encoding.codec,
        separator=layout.separator,
        headings=layout.headings,
        heading_line=layout.heading_line,
        columns=columns,
        ignored=ignored,
        skipped_lines=layout.skipped,
        refused=refusal,
    )
    return reading if refusal is not None else _counted(reading)


def _refuse_bytes(data: bytes) -> Refusal | None:
    if not data.strip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"):
        return Refusal("empty_file", _("The file is empty."))
    if data.startswith((_ZIPPED_SHEET, _OLD_SHEET)):
        return Refusal(
            "spreadsheet",
            _("This is a spreadsheet. Save it as “CSV UTF-8” in your spreadsheet program and send that file."),
        )
    return None


def _best_layout(data: bytes) -> tuple[Encoding, Layout] | None:
    best: tuple[Encoding, Layout] | None = None
    for encoding in candidates(data):
        layout = find_layout(data, encoding.codec)
        if layout is not None and (best is None or layout.known > best[1].known):
            best = (encoding, layout)
    return best


def _unreadable() -> Refusal:
    return Refusal("unreadable", _("The file is not text in any encoding we know. Save it as CSV in UTF-8."))


def _no_heading() -> Refusal:
    message = _(
        "No heading row was found in the first %(lines)d lines. The columns must be named and separated by a comma, "
        "a semicolon or a tab."
    )
    return Refusal("no_heading", message % {"lines": LINES_BEFORE_HEADING + 1})


def _assign(headings: tuple[str, ...]) -> tuple[dict[str, int], tuple[str, ...], Refusal | None]:
    """Give each heading its meaning; the refusal names the first heading that forbids taking the file."""
    columns: dict[str, int] = {}
    ignored: list[str] = []
    for place, heading in enumerate(headings):
        if names_third_party(heading):
            return {}, (), _third_party(heading)
        meaning = meaning_of(heading)
        if meaning is None:
            ignored.append(heading.strip() or _("column %(number)d (no heading)") % {"number": place + 1})
        elif meaning in columns:
            return {}, (), _two_columns(headings[columns[meaning]], heading)
        else:
            columns[meaning] = place
    for group in _NEEDED:
        if not any(meaning in columns for meaning in group):
            return columns, tuple(ignored), _missing(group)
    return columns, tuple(ignored), None


def _third_party(heading: str) -> Refusal:
    message = _(
        "The column “%(column)s” is about somebody other than the debtor. Nothing was read: "
        "remove the column and send the file again."
    )
    return Refusal("third_party_column", message % {"column": heading.strip()}, heading.strip())


def _two_columns(first: str, second: str) -> Refusal:
    message = _("The columns “%(first)s” and “%(second)s” mean the same thing. Keep one of them.")
    return Refusal("two_columns", message % {"first": first.strip(), "second": second.strip()}, second.strip())


def _missing(group: tuple[str, ...]) -> Refusal:
    names = " / ".join(group)
    return Refusal("missing_column", _("The file has no column for: %(names)s.") % {"names": names}, group[0])


def _counted(reading: Reading) -> Reading:
    """The same reading with its number of rows, or refused when there are none or a quotation mark is left open."""
    try:
        count = sum(1 for _row in reading.rows())
    except BrokenTableError as broken:
        message = _(
            "From line %(line)d on the file cannot be cut into rows: a quotation mark is opened and never closed."
        )
        refusal = Refusal("open_quotation", message % {"line": broken.line})
        return replace(reading, refused=refusal)
    if count == 0:
        return replace(reading, refused=Refusal("no_rows", _("The file has a heading row and no rows under it.")))
    return replace(reading, row_count=count)
