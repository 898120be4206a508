"""The evidence for staff: every event and its chain, and what the other registers of the administration share."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.events import verify_stream
from core.models import Delivery, Event

_M = TypeVar("_M", bound=Model)


class ReadOnly(admin.ModelAdmin[_M]):
    """A register: rows are looked at, never added, changed or deleted here; services change them."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        del request, obj
        return False

    def act_page(self, request: HttpRequest, *, title: str, **context: Any) -> HttpResponse:
        """The page of the one act a register allows. `facts` are pairs to read, `form` and `button` the act, if any."""
        form = context.get("form")
        values = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return render(request, "admin/act.html", values, status=400 if form is not None and form.errors else 200)


@admin.register(Event)
class EventAdmin(ReadOnly[Event]):
    list_display = ["stream", "number", "name", "actor", "at", "recorded_at"]
    list_filter = ["name"]
    search_fields = ["=stream", "=actor"]
    search_help_text = gettext_lazy("A whole stream, for example case:K-000123, or a whole actor")
    ordering = ["-id"]
    fields = [
        "stream",
        "number",
        "name",
        "actor",
        "at",
        "recorded_at",
        "creditor_id",
        "data",
        "digest",
        "digest_before",
    ]
    readonly_fields = ["digest", "digest_before"]
    actions = ["verify"]

    @admin.display(description=gettext_lazy("hash"))
    def digest(self, event: Event) -> str:
        return bytes(event.hash).hex()

    @admin.display(description=gettext_lazy("hash before"))
    def digest_before(self, event: Event) -> str:
        return bytes(event.prev_hash).hex()

    @admin.action(description=gettext_lazy("Verify the streams of the chosen events"), permissions=["view"])
    def verify(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        """Recompute each stream's chain from its first event, and name the first event that does not fit."""
        streams = sorted(set(queryset.order_by().values_list("stream", flat=True)))
        broken = 0
        for stream in streams:
            number = verify_stream(stream)
            if number is not None:
                broken += 1
                words = _("%(stream)s: event %(number)d does not fit its chain. Somebody changed the database by hand.")
                messages.error(request, words % {"stream": stream, "number": number})
        if whole := len(streams) - broken:
            said = ngettext("%(n)d stream is whole.", "%(n)d streams are whole.", whole)
            messages.success(request, said % {"n": whole})


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly[Delivery]):
    list_display = ["event", "handler", "handled_at", "attempts", "next_try_at", "last_error"]
    list_filter = ["handler", ("handled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["event"]
    ordering = ["-id"]
