"""Help in one tap: a ticket with the case, its last decision and its last call attached."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from calling.models import Call
from compliance.models import Refusal
from core import clock
from core.errors import DomainError, NotFound
from marketplace.models import Case, SupportTicket
from marketplace.selectors.cases import held_case
from marketplace.services.support import TOPICS, open_ticket, reply
from web.access import CollectorRequest, collector_required, no_store


class TicketForm(forms.Form):
    topic = forms.ChoiceField(
        label=gettext_lazy("What is it about?"), choices=list(TOPICS.items()), widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what this is about")},
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("What happened?"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write what happened, in a few words")},
    )  # fmt: skip
    case = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)


def _case_of(request: CollectorRequest, ref: str) -> Case | None:
    return held_case(collector=request.collector, ref=ref, at=clock.now()).case if ref else None


def _context(case: Case | None) -> dict[str, Any]:
    """References of the last decision and call, never what they hold."""
    if case is None:
        return {}
    refusal = Refusal.objects.filter(case=case).order_by("-pk").first()
    call = Call.objects.filter(case=case).order_by("-pk").first()
    return {
        "decision": refusal.ref if refusal else "", "rule": refusal.rule if refusal else "",
        "call": call.ref if call else "",
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def help_page(request: CollectorRequest) -> HttpResponse:
    """The form, and the tickets so far. `?case=` attaches a case that the collector holds."""
    initial = {"key": uuid.uuid4().hex, "case": request.GET.get("case", "")}
    form = TicketForm(request.POST or None, initial=initial)
    status = 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        case = _case_of(request, values["case"])
        try:
            ticket = open_ticket(
                user=request.collector.user, case=case, topic=values["topic"], text=values["text"],
                actor=request.collector.actor, at=clock.now(), context=_context(case),
                idem_key=f"{request.collector.ref}:{values['key']}",
            )  # fmt: skip
        except DomainError as refusal:
            form.add_error("text", refusal.message)
            status = refusal.http_status
        else:
            return redirect("collector:ticket", ref=ticket.ref)
    case = _case_of(request, request.GET.get("case", "")) if request.method != "POST" else None
    tickets = SupportTicket.objects.filter(opened_by=request.collector.user).order_by("-pk")[:20]
    context = {"form": form, "case": case, "tickets": tickets, "section": ""}
    return no_store(render(request, "collector/help.html", context, status=status))


def _ticket(request: CollectorRequest, ref: str) -> SupportTicket:
    rows = SupportTicket.objects.filter(opened_by=request.collector.user).prefetch_related("messages__author")
    ticket = rows.filter(ref=ref).first()
    if ticket is None:
        raise NotFound()
    return ticket


@require_GET
@collector_required
def ticket(request: CollectorRequest, ref: str) -> HttpResponse:
    """One ticket's thread."""
    return no_store(render(request, "collector/ticket.html", {"ticket": _ticket(request, ref), "section": ""}))


@require_POST
@collector_required
def ticket_reply(request: CollectorRequest, ref: str) -> HttpResponse:
    """Ask again on an open ticket."""
    found = _ticket(request, ref)
    reply(ticket=found, author=request.collector.user, text=request.POST.get("text", ""), actor=request.collector.actor,
          at=clock.now())  # fmt: skip
    return redirect("collector:ticket", ref=ref)


@require_GET
@collector_required
def settings_page(request: CollectorRequest) -> HttpResponse:
    """Who one is here: alias, tier, licences and their ends, and the account's own pages."""
    qualifications = request.collector.qualifications.filter(revoked_at__isnull=True).order_by("kind", "jurisdiction")
    context = {"collector": request.collector, "qualifications": qualifications, "at": clock.now(), "section": ""}
    return no_store(render(request, "collector/settings.html", context))
