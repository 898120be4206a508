"""Help in one tap: a ticket with the case, its last decision and its last call attached."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from calling.models import Call
from compliance.models import Refusal
from core import clock
from core.errors import DomainError, NotFound
from marketplace.models import Case, SupportTicket
from marketplace.selectors.cases import held_case
from marketplace.services.support import TOPICS, open_ticket, reply
from marketplace.states import TICKET_CLOSED
from web.access import CollectorRequest, collector_required, no_store, sent_from
from web.collector.board_form import language_name
from web.formtools import add_refusal, bound


class TicketForm(forms.Form):
    topic = forms.ChoiceField(
        label=gettext_lazy("What is it about?"), choices=list(TOPICS.items()), widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what this is about")},
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("What happened?"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
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
    is_sent = request.method == "POST"
    about, topic = request.GET.get("case", ""), request.GET.get("topic", "")
    initial = {"key": uuid.uuid4().hex, "case": about, "topic": topic if topic in TOPICS else ""}
    form = bound(TicketForm, request.POST if is_sent else None, initial=initial)
    status = 400 if is_sent else 200
    case = _case_of(request, request.POST.get("case", "") if is_sent else about)
    if is_sent and form.is_valid():
        values = form.cleaned_data
        try:
            # One tap is enough: without words of his own, the topic's stand for them.
            ticket = open_ticket(
                user=request.collector.user, case=case, topic=values["topic"],
                text=values["text"].strip() or str(TOPICS[values["topic"]]),
                actor=request.collector.actor, at=clock.now(), context=_context(case),
                idem_key=f"{request.collector.ref}:{values['key']}",
            )  # fmt: skip
        except DomainError as refusal:
            add_refusal(form, refusal)
            status = refusal.http_status
        else:
            return redirect("collector:ticket", ref=ticket.ref)
    tickets = SupportTicket.objects.filter(opened_by=request.collector.user).order_by("-pk")[:20]
    context = {"form": form, "case": case, "tickets": tickets, "topics": TOPICS, "section": ""}
    return no_store(render(request, "collector/help.html", context, status=status))


def _ticket(request: CollectorRequest, ref: str) -> SupportTicket:
    rows = (
        SupportTicket.objects.filter(opened_by=request.collector.user)
        .select_related("case")
        .prefetch_related("messages")
    )
    ticket = rows.filter(ref=ref).first()
    if ticket is None:
        raise NotFound()
    return ticket


class ReplyForm(forms.Form):
    """More words on an open ticket."""

    text = forms.CharField(
        label=gettext_lazy("Add something"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Write what you want to add")},
    )  # fmt: skip


def _ticket_page(request: CollectorRequest, found: SupportTicket, form: ReplyForm, status: int = 200) -> HttpResponse:
    context = {
        "ticket": found, "form": form, "topic": TOPICS.get(found.topic, found.topic), "section": "",
        "is_open": found.state != TICKET_CLOSED, "market_zone": clock.MARKET_ZONE,
    }  # fmt: skip
    return no_store(render(request, "collector/ticket.html", context, status=status))


@require_GET
@collector_required
def ticket(request: CollectorRequest, ref: str) -> HttpResponse:
    """One ticket's thread."""
    return _ticket_page(request, _ticket(request, ref), ReplyForm())


@collector_required
@sent_from("collector:ticket", "ref")
def ticket_reply(request: CollectorRequest, ref: str) -> HttpResponse:
    """Ask again on an open ticket. The same words twice in a row are one message."""
    found, user = _ticket(request, ref), request.collector.user
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _ticket_page(request, found, form, status=400)
    text = form.cleaned_data["text"]
    last = found.messages.order_by("-pk").first()
    if last is None or last.author_id != user.pk or last.text != text:
        try:
            reply(ticket=found, author=user, text=text, actor=request.collector.actor, at=clock.now())
        except DomainError as refusal:
            add_refusal(form, refusal)
            return _ticket_page(request, found, form, status=refusal.http_status)
    return redirect("collector:ticket", ref=ref)


@require_GET
@collector_required
def settings_page(request: CollectorRequest) -> HttpResponse:
    """Who one is here: alias, tier, licences and their ends, and the account's own pages."""
    at = clock.now()
    held = request.collector.qualifications.filter(revoked_at__isnull=True).order_by("kind", "jurisdiction")
    context = {
        "collector": request.collector, "section": "", "language": language_name(request.collector.user.language),
        "qualifications": [{"row": row, "is_current": row.valid_from <= at < row.valid_to} for row in held],
    }  # fmt: skip
    return no_store(render(request, "collector/settings.html", context))
