"""The market for staff: programmes, cases and the work on them to read, and support to answer."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import clock
from core.admin import ReadOnly
from core.errors import NotAllowed, NotFound
from marketplace import states
from marketplace.models import Batch, Case, Claim, Note, Programme, Promise, Recall, SupportTicket, Task
from marketplace.services.support import TOPICS, reply


@admin.register(Programme)
class ProgrammeAdmin(ReadOnly[Programme]):
    list_display = ["name", "org", "slug", "country", "currency", "funding_cover", "terms_version", "created_at"]
    list_filter = ["country", "funding_cover"]
    list_select_related = ["org"]
    search_fields = ["name", "slug", "org__name"]


@admin.register(Batch)
class BatchAdmin(ReadOnly[Batch]):
    list_display = ["ref", "programme", "filename", "state", "rows", "as_of", "created_by", "created_at"]
    list_filter = ["state"]
    list_select_related = ["programme"]
    search_fields = ["=ref", "filename"]


@admin.register(Case)
class CaseAdmin(ReadOnly[Case]):
    """Cases by reference; a debtor is named by the creditor's key, and the private link is not shown."""

    list_display = ["ref", "org", "programme", "state", "placed_minor", "placed_at", "close_code", "not_listed_reason"]
    list_filter = ["state", "close_code"]
    list_select_related = ["org", "programme"]
    search_fields = ["=ref", "=debt__account_ref"]
    ordering = ["-id"]


@admin.register(Recall)
class RecallAdmin(ReadOnly[Recall]):
    list_display = ["case", "kind", "notice_at", "final_date", "cancelled_at", "finished_at"]
    list_filter = ["kind"]
    list_select_related = ["case"]
    ordering = ["-id"]


@admin.register(Task)
class TaskAdmin(ReadOnly[Task]):
    list_display = ["ref", "case", "kind", "state", "pause_reason", "region", "area", "amount_band", "listed_at"]
    list_filter = ["state", "pause_reason", "region"]
    list_select_related = ["case"]
    search_fields = ["=ref", "=case__ref"]
    ordering = ["-id"]
    exclude = ["board_text"]


@admin.register(Claim)
class ClaimAdmin(ReadOnly[Claim]):
    list_display = ["ref", "case", "collector", "state", "accepted_at", "lease_until", "ended_at", "end_reason"]
    list_filter = ["state"]
    list_select_related = ["case", "collector"]
    search_fields = ["=ref", "=case__ref", "=collector__ref"]
    ordering = ["-id"]


@admin.register(Note)
class NoteAdmin(ReadOnly[Note]):
    list_display = ["id", "case", "actor", "action", "result", "at"]
    list_filter = ["action", "result"]
    list_select_related = ["case"]
    search_fields = ["=case__ref", "=actor"]
    ordering = ["-id"]


@admin.register(Promise)
class PromiseAdmin(ReadOnly[Promise]):
    list_display = ["ref", "case", "amount_minor", "currency", "due_date", "state", "channel", "made_by", "made_at"]
    list_filter = ["state"]
    list_select_related = ["case"]
    search_fields = ["=ref", "=case__ref"]
    ordering = ["-id"]


class AnswerForm(forms.Form):
    """One answer to somebody who asked for help."""

    text = forms.CharField(
        label=gettext_lazy("Your answer"), max_length=4000, widget=forms.Textarea({"rows": 6}),
        error_messages={"required": gettext_lazy("Write your answer first.")},
    )  # fmt: skip


@admin.register(SupportTicket)
class SupportTicketAdmin(ReadOnly[SupportTicket]):
    """Requests for help, and the page on which staff answers one."""

    list_display = ["answer_link", "topic", "state", "opened_by", "case", "opened_at", "closed_at"]
    list_display_links = None
    list_filter = ["state", "topic"]
    list_select_related = ["opened_by", "case"]
    search_fields = ["=ref", "=case__ref", "opened_by__email"]
    ordering = ["-id"]

    @admin.display(description=gettext_lazy("ticket"), ordering="ref")
    def answer_link(self, ticket: SupportTicket) -> SafeString:
        return format_html('<a href="{}">{}</a>', _answer_url(ticket.pk), ticket.ref)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.answer)
        return [path("<int:ticket_id>/answer/", view, name="marketplace_supportticket_answer"), *super().get_urls()]

    def answer(self, request: HttpRequest, ticket_id: int) -> HttpResponse:
        """The talk so far with what was attached, and the form that answers it."""
        if not self.has_view_permission(request):
            raise NotAllowed()
        ticket = SupportTicket.objects.select_related("opened_by", "case").filter(pk=ticket_id).first()
        if ticket is None:
            raise NotFound()
        may_answer = request.user.has_perm("marketplace.add_supportmessage")
        form = AnswerForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if not may_answer:
                raise NotAllowed()
            if form.is_valid():
                author = cast(User, request.user)
                words = form.cleaned_data["text"]
                reply(ticket=ticket, author=author, text=words, actor=f"user:{author.pk}", at=clock.now())
                messages.success(request, _("Your answer is sent."))
                return HttpResponseRedirect(_answer_url(ticket.pk))
        is_open = ticket.state != states.TICKET_CLOSED
        return self.act_page(
            request, title=_("Ticket %(ref)s") % {"ref": ticket.ref}, facts=_ticket_facts(ticket),
            list_url=reverse("admin:marketplace_supportticket_changelist"), zone=clock.MARKET_ZONE,
            talk=list(ticket.messages.select_related("author")), form=form if is_open and may_answer else None,
            button=_("Send the answer"),
            why_not=_("This ticket is closed.") if not is_open else _("Your rights let you read tickets."),
        )  # fmt: skip


def _answer_url(ticket_id: int) -> str:
    return reverse("admin:marketplace_supportticket_answer", args=[ticket_id])


def _ticket_facts(ticket: SupportTicket) -> list[tuple[str, object]]:
    return [
        (_("From"), ticket.opened_by), (_("About"), TOPICS.get(ticket.topic, ticket.topic)),
        (_("Case"), ticket.case), (_("State"), ticket.get_state_display()),
        *((key.capitalize(), value) for key, value in ticket.context.items() if value),
    ]  # fmt: skip
