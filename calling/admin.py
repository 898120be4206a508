"""Calls for staff: when they ran and how they ended, and what the provider did that nothing explains. No numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from calling.models import Call, CallEvent, Incident, Leg
from core.admin import ReadOnly


class Legs(admin.TabularInline[Leg, Call]):
    model = Leg
    fields = ["role", "sid", "state", "duration_s", "digits", "flow_fetched_at", "terminal_at"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        del request, obj
        return False


@admin.register(Call)
class CallAdmin(ReadOnly[Call]):
    list_display = ["ref", "case", "collector", "requested_at", "bridged_at", "ended_at", "ended_as", "result_at"]
    list_filter = ["ended_as"]
    list_select_related = ["case", "collector"]
    search_fields = ["=ref", "=case__ref", "=collector__ref"]
    ordering = ["-id"]
    fields = [
        "ref", "case", "claim", "collector", "direction", "permit", "requested_at", "bridged_at", "ended_at",
        "ended_as", "result_at",
    ]  # fmt: skip
    inlines = [Legs]


@admin.register(CallEvent)
class CallEventAdmin(ReadOnly[CallEvent]):
    list_display = ["id", "call_ref", "role", "kind", "state", "seq", "duration_s", "at"]
    list_filter = ["kind", "state"]
    list_select_related = ["leg__call"]
    search_fields = ["=leg__call__ref", "=leg__sid"]
    ordering = ["-id"]
    fields = ["call_ref", "role", "kind", "state", "seq", "duration_s", "detail", "at"]
    readonly_fields = ["call_ref", "role"]

    @admin.display
    def call_ref(self, event: CallEvent) -> str:
        return event.leg.call.ref

    @admin.display
    def role(self, event: CallEvent) -> str:
        return event.leg.role


@admin.register(Incident)
class IncidentAdmin(ReadOnly[Incident]):
    list_display = ["kind", "provider_ref", "call_ref", "at", "closed_at"]
    list_filter = ["kind", ("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["=provider_ref", "=call_ref"]
    ordering = ["-id"]
