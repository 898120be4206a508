from __future__ import annotations

from django.apps import AppConfig

WATCHED = (
    "batch.*", "case.*", "claim.*", "promise.*", "contact.*", "call.*", "hold.*", "dispute.*", "stop.*", "paid.*",
    "payment.*", "note.*", "notice.*", "commission.*", "topup.*", "programme.*",
)  # fmt: skip


class InsightConfig(AppConfig):
    name = "insight"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import events
        from insight.services import progress

        events.on(*WATCHED, handler="insight.progress", run=progress.touch)
