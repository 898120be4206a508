"""What is found out about one row while its cells are read."""

from __future__ import annotations

from django.utils.translation import gettext as _

from marketplace.placement.rows import Problem


class Findings:
    """Problems that reject the row, notes (codes of accepted rows) and remarks on values that were not kept."""

    __slots__ = ("notes", "problems", "remarks")

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: set[str] = set()
        self.remarks: list[str] = []

    def refuse(self, code: str, column: str, reason: str) -> None:
        """Reject the row for what stands in `column`."""
        self.problems.append(Problem(code, column, reason))

    def not_kept(self, column: str) -> None:
        """Say that an optional value was dropped because it cannot be right."""
        self.remarks.append(_("The value of “%(column)s” was not kept: it cannot be right.") % {"column": column})
