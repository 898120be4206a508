"""Judging the rows of a file: each gets one verdict, a code that leads, and its values in normal form."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from django.utils.translation import gettext as _

from marketplace.placement import codes
from marketplace.placement.dates import years_after
from marketplace.placement.fields import RowReader
from marketplace.placement.findings import Findings
from marketplace.placement.flags import BANKRUPT, DECEASED, DISPUTED
from marketplace.placement.reading import Reading
from marketplace.placement.rows import NormalisedRow, Problem, ProgrammeDefaults, Verdict
from marketplace.placement.seen import SeenRefs
from marketplace.placement.styles import ColumnStyles

__all__ = ["ColumnStyles", "count_codes", "judge_rows"]

# Beyond this many years since delinquency a debt without a statute date is looked at by a person first.
YEARS_WITHOUT_STATUTE = 6
# A row that lost a separator has its phone number in another column, whose reason would quote it in clear.
_PHONE_LIKE = re.compile(r"\+?\d(?:[\s()./_·•‐‑‒–—−\-]{0,3}\d){9,}")
# A cell may hold a whole letter; its reason says enough with the beginning and the end.
_LONGEST_REASON, _KEPT_END = 400, 150


def judge_rows(
    reading: Reading, *, defaults: ProgrammeDefaults, as_of: date, styles: ColumnStyles | None = None
) -> Iterator[Verdict]:
    """One verdict for each row of a reading that was not refused, in the order of the file.

    Ages, dates and statutes are judged as of `as_of`. A row that is wrong is rejected before anything else is asked of
    it; then comes a reference the file has held before, then what must not be collected. Whether a case with the
    reference exists already is for the database to say. `styles` spares the first pass when it was made before.
    """
    proved = styles if styles is not None else ColumnStyles.prove(reading, as_of=as_of)
    reader = RowReader(reading, defaults=defaults, as_of=as_of, styles=proved)
    seen = SeenRefs()
    has_itemization = "itemization_date" in reading.columns
    for line, cells in reading.rows():
        if len(cells) != reading.width:
            yield _rejected(line, cells, [_wrong_cell_count(len(cells), reading.width)])
            continue
        fields, found = reader.read(cells)
        if fields is None:
            yield _rejected(line, cells, found.problems)
            continue
        earlier = seen.first_line(fields.account_ref, line)
        if earlier is not None:
            yield _duplicate(line, cells, fields, earlier)
            continue
        code = _screen(fields, as_of)
        if code is not None:
            yield _screened(line, cells, fields, code)
        else:
            yield _accepted(line, cells, fields, found, has_itemization)


def count_codes(verdicts: Iterable[Verdict]) -> Counter[str]:
    """How many rows each code is true of; a row with several counts under each of them."""
    found: Counter[str] = Counter()
    for verdict in verdicts:
        found.update(verdict.codes)
    return found


def _screen(fields: NormalisedRow, as_of: date) -> str | None:
    if BANKRUPT in fields.flags:
        return codes.BANKRUPT
    if DECEASED in fields.flags:
        return codes.DECEASED
    last_day = fields.statute_date or years_after(fields.delinquency_date, YEARS_WITHOUT_STATUTE)
    return codes.TIME_BARRED if last_day < as_of else None


def _accepted(line: int, cells: list[str], fields: NormalisedRow, findings: Findings, has_itemization: bool) -> Verdict:
    notes, remarks = findings.notes, tuple(findings.remarks)
    if DISPUTED in fields.flags:
        notes.add(codes.OK_DISPUTED)
    if not notes:
        return Verdict(line, codes.ACCEPTED, codes.OK, "", "", fields, (codes.OK,), cells, (), remarks)
    found = tuple(code for code in codes.ACCEPTED_CODES if code in notes)
    if found == (codes.OK_NO_ITEMIZATION,) and not has_itemization:
        # A file without the column says it once for all its rows; each of them is otherwise in order.
        found = (codes.OK, codes.OK_NO_ITEMIZATION)
    lead = found[0]
    reason = _(codes.ACCEPTED_CODES[found[-1] if lead == codes.OK else lead])
    return Verdict(line, codes.ACCEPTED, lead, "", reason, fields, found, cells, (), remarks)


def _screened(line: int, cells: list[str], fields: NormalisedRow, code: str) -> Verdict:
    column = "flags" if code != codes.TIME_BARRED else "statute_date" if fields.statute_date else "delinquency_date"
    return Verdict(line, codes.SCREENED, code, column, _(codes.SCREENED_CODES[code]), fields, (code,), cells)


def _duplicate(line: int, cells: list[str], fields: NormalisedRow, earlier: int) -> Verdict:
    reason = _("The same account stands on line %(line)d.") % {"line": earlier}
    code = codes.DUPLICATE_IN_FILE
    return Verdict(line, codes.DUPLICATE, code, "account_ref", reason, fields, (code,), cells, duplicate_line=earlier)


def _rejected(line: int, cells: list[str], problems: list[Problem]) -> Verdict:
    problems = [problem._replace(reason=_told(problem.reason)) for problem in problems]
    first = problems[0]
    found = tuple(dict.fromkeys(problem.code for problem in problems))
    return Verdict(line, codes.REJECTED, first.code, first.field, first.reason, None, found, cells, tuple(problems))


def _told(reason: str) -> str:
    """The reason without what looks like a phone number, and not longer than a few lines."""
    masked = _PHONE_LIKE.sub("…", reason)
    if len(masked) <= _LONGEST_REASON:
        return masked
    return f"{masked[: _LONGEST_REASON - _KEPT_END]}…{masked[-_KEPT_END:]}"


def _wrong_cell_count(found: int, wanted: int) -> Problem:
    reason = _(
        "The row has %(found)d cells and the heading %(wanted)d: a separator is missing, or one stands in a text."
    )
    return Problem("wrong_cell_count", "", reason % {"found": found, "wanted": wanted})
