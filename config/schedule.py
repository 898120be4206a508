"""What runs by itself, and how often in seconds. Each task sweeps rows that are due, so a missed run loses nothing."""

from __future__ import annotations

from typing import Any

_SECONDS = {
    "core.tasks.sweep_outbox": 2.0,
    "insight.tasks.refresh_dirty": 1.0,
    "insight.tasks.take_month": 3600.0,
    "calling.tasks.reconcile_calls": 15.0,
    "calling.tasks.audit_legs": 300.0,
    "compliance.tasks.sweep_due": 60.0,
    "marketplace.tasks.sweep_due": 60.0,
    "payments.tasks.settle_due": 15.0,
    "payments.tasks.handle_psp_events": 5.0,
    "payments.tasks.deliver_fake_webhooks": 2.0,
}

# A message that nobody took in time is dropped: the next run does its work.
BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    name: {"task": name, "schedule": seconds, "options": {"expires": max(seconds, 10.0)}}
    for name, seconds in _SECONDS.items()
}
