from __future__ import annotations

from celery import shared_task

from core import events


@shared_task(name="core.tasks.sweep_outbox", ignore_result=True)
def sweep_outbox() -> None:
    """Run every delivery that waits; called after each commit and by the schedule."""
    events.run_pending()
