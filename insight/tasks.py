from __future__ import annotations

from celery import shared_task

from core import clock
from insight.services import progress, snapshots


@shared_task(name="insight.tasks.refresh_dirty", ignore_result=True)
def refresh_dirty() -> None:
    """Bring the dashboards' rows up to date."""
    progress.refresh_dirty(at=clock.now())


@shared_task(name="insight.tasks.take_month", ignore_result=True)
def take_month() -> None:
    """Take the month's snapshot when the market's month has begun."""
    snapshots.take_month(at=clock.now())
