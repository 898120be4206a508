"""Rows of a delimited text file, and where its table begins."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import chain, islice
from typing import NamedTuple

from marketplace.placement.headings import meaning_of, names_third_party

SEPARATORS = (",", ";", "\t")
LINES_BEFORE_HEADING = 20
_ROWS_COMPARED = 200
# Fed to the parser after the last line: it arrives as a row of its own unless a quotation mark was left open.
_END = "\ufdd0end of file\ufdd1"

Record = tuple[int, list[str]]


class BrokenTableError(Exception):
    """The text cannot be cut into rows from `line` on: a quotation mark is never closed, or a cell has no end."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class Layout(NamedTuple):
    """Where the heading row is and what stood before it."""

    separator: str
    heading_line: int
    headings: tuple[str, ...]
    skipped: tuple[tuple[int, str], ...]
    known: int
    fitting: int


def records(data: bytes, codec: str, separator: str) -> Iterator[Record]:
    """Each record with the line it begins on, counted from 1. Quoted line breaks and separators stay in their cell.

    Raises BrokenTableError when a quotation mark is never closed or a cell is too long to be one.
    """
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=codec, newline="")
    reader = csv.reader(chain(stream, (_END,)), delimiter=separator)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BrokenTableError(line) from error
        if cells and cells[-1].endswith(_END):
            if cells == [_END]:
                return
            raise BrokenTableError(line)
        yield line, cells
        line = reader.line_num + 1


def is_blank(cells: list[str]) -> bool:
    """Whether a record holds nothing but white space."""
    return not any(map(str.strip, cells))


def find_layout(data: bytes, codec: str) -> Layout | None:
    """The separator and heading row that name the most columns we know, or None when no row names two.

    Whole records are parsed with every separator, so a separator inside quotes never counts. Between equal headings
    the separator that gives more of the following rows the heading's number of cells wins.
    """
    found = [layout for layout in (_layout(data, codec, separator) for separator in SEPARATORS) if layout is not None]
    return max(found, key=lambda layout: (layout.known, layout.fitting), default=None)


def _layout(data: bytes, codec: str, separator: str) -> Layout | None:
    # What comes before a broken row is enough to tell where the table begins; the break is reported by the caller.
    head = list(islice(_until_break(data, codec, separator), LINES_BEFORE_HEADING + 1 + _ROWS_COMPARED))
    places = [place for place, (line, _) in enumerate(head) if line <= LINES_BEFORE_HEADING + 1]
    place = max(places, key=lambda place: _known(head[place][1]), default=None)
    if place is None or _known(head[place][1]) < 2:
        return None
    line, cells = head[place]
    skipped = tuple((number, separator.join(row).strip()) for number, row in head[:place] if not is_blank(row))
    rows = [row for _, row in head[place + 1 :] if not is_blank(row)]
    fitting = sum(len(row) == len(cells) for row in rows)
    return Layout(separator, line, tuple(cells), skipped, _known(cells), fitting)


def _until_break(data: bytes, codec: str, separator: str) -> Iterator[Record]:
    try:
        yield from records(data, codec, separator)
    except BrokenTableError:
        return


def _known(cells: list[str]) -> int:
    """How many different columns of ours, and columns that must not be sent, a row could be the heading of."""
    short = [cell for cell in cells if len(cell) < 80]
    meanings = {meaning_of(cell) for cell in short} - {None}
    return len(meanings) + sum(names_third_party(cell) for cell in short) if meanings else 0
