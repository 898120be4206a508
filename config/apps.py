from __future__ import annotations

from django.apps import AppConfig


class WiringConfig(AppConfig):
    """Makes the configured Celery application the current one in every process, so that a task can be sent from any."""

    name = "config"

    def ready(self) -> None:
        from config import celery

        celery.app.set_default()
