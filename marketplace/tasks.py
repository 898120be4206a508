from __future__ import annotations

from celery import shared_task

from core import clock
from marketplace.services import sweeps


@shared_task(name="marketplace.tasks.sweep_due", ignore_result=True)
def sweep_due() -> None:
    """Move what has come due: leases, promises, recalls, listings."""
    sweeps.sweep_due(at=clock.now())
