"""Monthly snapshots and the state of the dashboards, for staff."""

from __future__ import annotations

from django.contrib import admin

from core.admin import ReadOnly
from insight.models import ProgressRow, Snapshot, SnapshotRow


@admin.register(ProgressRow)
class ProgressRowAdmin(ReadOnly[ProgressRow]):
    list_display = ["programme", "org", "version", "dirty_since", "refreshed_at"]
    list_select_related = ["programme", "org"]


@admin.register(Snapshot)
class SnapshotAdmin(ReadOnly[Snapshot]):
    list_display = ["month", "taken_at", "cases"]
    ordering = ["-month"]


@admin.register(SnapshotRow)
class SnapshotRowAdmin(ReadOnly[SnapshotRow]):
    list_display = ["snapshot", "case", "programme", "state", "balance_minor", "currency", "days_past_due"]
    list_filter = ["state"]
    list_select_related = ["snapshot", "case", "programme"]
    ordering = ["-id"]
