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


def programmes(*, org: CreditorOrg) -> list[Dashboard]:
    """Every programme of an organisation with its figures."""
    rows = {row.pk: row for row in ProgressRow.objects.filter(org=org)}
    return [_board(one, rows.get(one.pk)) for one in Programme.objects.filter(org=org).order_by("name")]


def dashboard(*, org: CreditorOrg, slug: str, at: datetime) -> Dashboard:
    """One programme's figures, worked out now when there are none yet. Raises NotFound for another creditor's."""
    programme = Programme.objects.filter(org=org, slug=slug).first()
    if programme is None:
        raise NotFound()
    row = ProgressRow.objects.filter(pk=programme.pk).first()
    if row is None or row.refreshed_at is None:
        progress.mark(programme.pk)
        progress.refresh(programme_id=programme.pk, at=at)
        row = ProgressRow.objects.get(pk=programme.pk)
    return _board(programme, row)


def version_of(*, org: CreditorOrg, slug: str) -> int | None:
    """The version a poll compares with: one indexed read, scoped to the viewer's organisation."""
    rows = ProgressRow.objects.filter(org=org, programme__slug=slug)
    return rows.values_list("version", flat=True).first()


def _board(programme: Programme, row: ProgressRow | None) -> Dashboard:
    if row is None:
        return Dashboard(programme=programme, version=0, as_of=None, data={})
    return Dashboard(programme=programme, version=row.version, as_of=row.refreshed_at, data=row.data)
