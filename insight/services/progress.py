"""The creditor's progress rows: marked when an event touches a programme, refreshed at most once a second each."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import clock
from core.models import Event
from insight.figures import figures
from insight.models import ProgressRow
from marketplace.models import Case, Programme

# Real time: how often one programme's row may be worked out again.
AT_MOST_EVERY = timedelta(seconds=1)


def touch(event: Event) -> None:
    """Event handler: mark the programmes an event concerns and refresh them, unless that was just done."""
    for programme_id in _programmes_of(event.stream):
        mark(programme_id)
        row = ProgressRow.objects.get(pk=programme_id)
        if row.refreshed_at is None or timezone.now() - row.refreshed_at >= AT_MOST_EVERY:
            refresh(programme_id=programme_id, at=clock.now())


def _programmes_of(stream: str) -> list[int]:
    """The programme of a case's stream or of its own; all of a creditor's when its wallet moves."""
    kind, _, name = stream.partition(":")
    if kind == "case":
        return list(Case.objects.filter(ref=name).values_list("programme_id", flat=True))
    if kind in {"programme", "org"} and name.isdigit():
        wanted = {"pk": name} if kind == "programme" else {"org_id": name}
        return list(Programme.objects.filter(**wanted).values_list("pk", flat=True))
    return []


def mark(programme_id: int) -> None:
    """Note that a programme's row is out of date; claims and calls never wait on it."""
    org_id = Programme.objects.values_list("org_id", flat=True).get(pk=programme_id)
    row, made = ProgressRow.objects.get_or_create(
        programme_id=programme_id, defaults={"org_id": org_id, "dirty_since": timezone.now()}
    )
    if not made and row.dirty_since is None:
        ProgressRow.objects.filter(pk=programme_id, dirty_since__isnull=True).update(dirty_since=timezone.now())


def refresh_dirty(*, at: datetime) -> int:
    """Refresh every row that is out of date; returns how many."""
    due = list(
        ProgressRow.objects.filter(dirty_since__isnull=False).order_by("dirty_since").values_list("pk", flat=True)
    )
    for programme_id in due:
        refresh(programme_id=programme_id, at=at)
    return len(due)


def refresh(*, programme_id: int, at: datetime) -> None:
    """Work out one programme's figures. The version rises only when they changed, so an unchanged poll stays a 204.

    The mark is taken away before reading: what commits meanwhile marks the row again.
    """
    with transaction.atomic():
        row = ProgressRow.objects.select_for_update().get(pk=programme_id)
        ProgressRow.objects.filter(pk=programme_id).update(dirty_since=None)
        data = figures(programme_id, at=at)
        changed = row.data != data
        ProgressRow.objects.filter(pk=programme_id).update(
            data=data, refreshed_at=timezone.now(), version=F("version") + (1 if changed else 0)
        )
