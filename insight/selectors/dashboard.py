from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import CreditorOrg
from core.errors import NotFound
from insight.models import ProgressRow
from insight.services import progress
from marketplace.models import Programme


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A programme's figures as last worked out, and their version for the poll."""

    programme: Programme
    version: int
    as_of: datetime | None
    data: dict[str, Any]


def programmes(*, org: CreditorOrg, at: datetime) -> list[Dashboard]:
    """Every programme of an organisation with its figures."""
    rows = {row.pk: row for row in ProgressRow.objects.filter(org=org, refreshed_at__isnull=False)}
    found = Programme.objects.filter(org=org).order_by("name")
    return [_board(one, rows.get(one.pk) or _first_row(one, at)) for one in found]


def dashboard(*, org: CreditorOrg, slug: str, at: datetime) -> Dashboard:
    """One programme's figures, worked out now when there are none yet. Raises NotFound for another creditor's."""
    programme = Programme.objects.filter(org=org, slug=slug).first()
    if programme is None:
        raise NotFound()
    row = ProgressRow.objects.filter(pk=programme.pk, refreshed_at__isnull=False).first()
    return _board(programme, row or _first_row(programme, at))


def _first_row(programme: Programme, at: datetime) -> ProgressRow:
    progress.mark(programme.pk)
    progress.refresh(programme_id=programme.pk, at=at)
    return ProgressRow.objects.get(pk=programme.pk)


def version_of(*, org: CreditorOrg, slug: str) -> int | None:
    """The version a poll compares with: one indexed read, scoped to the viewer's organisation."""
    rows = ProgressRow.objects.filter(org=org, programme__slug=slug)
    return rows.values_list("version", flat=True).first()


def _board(programme: Programme, row: ProgressRow) -> Dashboard:
    return Dashboard(programme=programme, version=row.version, as_of=row.refreshed_at, data=row.data)
