"""The kernel: errors, events, money, clock, ids, crypto, machines and triggers. A closed list."""

from __future__ import annotations

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    default_auto_field = "django.db.models.BigAutoField"
