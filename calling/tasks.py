from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from calling import reconcile
from calling.errors import PhoneUnreachable
from core import clock


@shared_task(name="calling.tasks.reconcile_calls", ignore_result=True)
def reconcile_calls() -> None:
    """Ask about the legs that have been silent too long."""
    reconcile.reconcile_calls(at=clock.now())


@shared_task(name="calling.tasks.audit_legs", ignore_result=True)
def audit_legs() -> None:
    """Look for legs at the provider that nobody here decided on, over the last day."""
    with suppress(PhoneUnreachable):  # the next run looks at the same day again
        reconcile.audit_legs(since=timezone.now() - timedelta(days=1), at=clock.now())
