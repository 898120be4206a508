from __future__ import annotations

from celery import shared_task

from compliance.services.disputes import sweep_unanswered
from core import clock


@shared_task(name="compliance.tasks.sweep_due", ignore_result=True)
def sweep_due() -> None:
    """Close the disputes that nobody answered in time."""
    sweep_unanswered(at=clock.now())
