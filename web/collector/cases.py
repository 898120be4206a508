"""One case in its holder's hands: the facts that decide, its timeline, and what may be done."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from calling.errors import ResultMissing
from calling.selectors import call_without_result
from compliance.gate import preview
from compliance.hours import call_hours
from compliance.services.claiming import release_case
from compliance.services.notes import add_note
from core import clock
from core.errors import DomainError
from core.money import Money
from insight.selectors.timeline import timeline
from marketplace.errors import PromiseStands
from marketplace.local import local_day, zones_of
from marketplace.models import Promise
from marketplace.selectors.cases import HeldCase, held_case
from marketplace.services.promises import make_promise
from marketplace.states import ACTIVE
from payments.commission import Plan
from payments.selectors.rates import share_of
from web.access import CollectorRequest, collector_required, no_store
from web.collector.case_forms import NoteForm, PromiseForm, ReleaseForm
from web.formatting import amount
from web.formtools import add_refusal, bound


@require_GET
@collector_required
def case(request: CollectorRequest, ref: str) -> HttpResponse:
    """The case page: a reason for "no" stands above the amount."""
    at = clock.now()
    held = held_case(collector=request.collector, ref=ref, at=at)
    gate = preview(cases=[held.case], at=at)[held.case.pk]
    zone = zones_of(held.case.debtor)[0]
    context = {
        "held": held, "case": held.case, "debt": held.case.debt, "gate": gate, "zone": zone,
        "local_now": at.astimezone(zone), "hours": call_hours(held.case), "facts": _facts(held),
        "entries": timeline(held.case, viewer="collector"), "owed": call_without_result(request.collector),
        "call_key": uuid.uuid4().hex, "help_key": uuid.uuid4().hex, "section": "today",
    }  # fmt: skip
    return no_store(render(request, "collector/case.html", context))


def _facts(held: HeldCase) -> list[dict[str, Any]]:
    """What is owed in its parts, and what all of it would earn by the terms frozen on the claim."""
    debt = held.case.debt
    base = debt.principal_due_minor + debt.interest_due_minor
    earned, rate, share = share_of(plan=Plan.from_json(held.claim.terms), claim=held.claim, base_minor=base)
    note = _("%(rate)s %% of principal and interest, %(share)s %% of that is yours") % {
        "rate": f"{rate / 100:g}", "share": f"{share / 100:g}",
    }  # fmt: skip
    parts = [
        (_("Principal"), debt.principal_due_minor),
        (_("Interest"), debt.interest_due_minor),
        (_("Fees"), debt.fees_due_minor),
    ]
    facts: list[dict[str, Any]] = [
        {"label": label, "value": amount(Money(minor, debt.currency))} for label, minor in parts
    ]
    value = amount(Money(earned, debt.currency))
    total = {"label": _("You earn if all of it is paid"), "value": value, "note": note, "total": True, "tone": "accent"}
    return [*facts, total]


def _form_page(
    request: CollectorRequest, held: HeldCase, form: forms.Form, *, title: str, status: int, **more: Any
) -> HttpResponse:
    context = {"form": form, "held": held, "case": held.case, "section": "today", "title": title, **more}
    return no_store(render(request, "collector/form.html", context, status=status))


def _refused(form: forms.Form, refusal: DomainError, fields: dict[str, str]) -> int:
    """Show a refusal at its field, with everything typed still there; returns its status."""
    add_refusal(form, refusal, fields)
    return refusal.http_status


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def note(request: CollectorRequest, ref: str) -> HttpResponse:
    """Write a note. A text that may not stand comes back with what to leave out."""
    at, is_sent = clock.now(), request.method == "POST"
    held = held_case(collector=request.collector, ref=ref, at=at)
    form = bound(NoteForm, request.POST if is_sent else None, initial={"key": uuid.uuid4().hex})
    status = 400 if is_sent else 200
    if is_sent and form.is_valid():
        action, result = form.action_and_result()
        try:
            add_note(
                claim=held.claim, action=action, result=result, text=form.cleaned_data["text"], at=at,
                actor=request.collector.actor, idem_key=f"{request.collector.ref}:{form.cleaned_data['key']}",
            )  # fmt: skip
        except DomainError as refusal:
            status = _refused(form, refusal, {"result": "pair"})
        else:
            messages.success(request, _("The note is on file."))
            return redirect("collector:case", ref=ref)
    return _form_page(request, held, form, title=_("Write a note"), status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def promise(request: CollectorRequest, ref: str) -> HttpResponse:
    """Put a promise on file. A second tap finds the first one.

    While a call waits for its result the promise belongs to that result: its page asks for both in one.
    """
    at, is_sent = clock.now(), request.method == "POST"
    held = held_case(collector=request.collector, ref=ref, at=at)
    owed = call_without_result(request.collector)
    if owed is not None and (owed.case_id != held.case.pk or owed.bridged_at is None):
        owed = None
    if owed is not None and not is_sent:
        return redirect(f"{reverse('collector:wrap', args=[ref, owed.ref])}?result=PROMISE")
    form = bound(
        PromiseForm, request.POST if is_sent else None, today=local_day(held.case.debtor, at), currency=held.currency,
        initial={"due": "7"},
    )  # fmt: skip
    status = 400 if is_sent else 200
    if owed is not None:
        form.add_error(None, ResultMissing(call=owed.ref, case=ref).message)
        status = 409
    if is_sent and form.is_valid():
        wanted = {"amount_minor": form.cleaned_data["amount"], "due_date": form.due_date()}
        try:
            make_promise(
                case=held.case, claim=held.claim, channel="message", at=at, actor=request.collector.actor, **wanted
            )
        except DomainError as refusal:
            if not (isinstance(refusal, PromiseStands) and _stands(held, wanted)):
                status = _refused(form, refusal, {"due_date": "due", "": _FIELDS.get(refusal.code, "")})
                return _form_page(request, held, form, title=_("A promise to pay"), status=status)
        messages.success(request, _("The promise is on file."))
        return redirect("collector:case", ref=ref)
    return _form_page(request, held, form, title=_("A promise to pay"), status=status)


_FIELDS = {"amount_above_balance": "amount"}


def _stands(held: HeldCase, wanted: dict[str, Any]) -> bool:
    """Whether this very promise is on file already."""
    return Promise.objects.filter(case=held.case, claim=held.claim, state=ACTIVE, **wanted).exists()


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def release(request: CollectorRequest, ref: str) -> HttpResponse:
    """Give the case back to the board."""
    at, is_sent = clock.now(), request.method == "POST"
    held = held_case(collector=request.collector, ref=ref, at=at)
    form = bound(ReleaseForm, request.POST if is_sent else None)
    if is_sent and form.is_valid():
        release_case(claim=held.claim, reason=form.cleaned_data["reason"], actor=request.collector.actor, at=at)
        messages.success(request, _("The case is back on the board. What you earned on it stays yours."))
        return redirect("collector:today")
    return _form_page(
        request, held, form, title=_("Give the case back"), status=400 if is_sent else 200, button=_("Give it back"),
        lead=_("It returns to the board at once, and somebody else may claim it."),
    )  # fmt: skip
