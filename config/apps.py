from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class WiringConfig(AppConfig):
    """Makes the configured Celery application the current one in every process, so that a task can be sent from any."""

    name = "config"

    def ready(self) -> None:
        from config import celery

        celery.app.set_default()


class EvenhandAdminConfig(AdminConfig):
    """Django's administration with our site in place of its own."""

    default_site = "config.admin.EvenhandAdminSite"
