"""One case in its holder's hands: the facts that decide, its timeline, and what may be done."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from calling.selectors import call_without_result
from compliance.gate import preview
from compliance.services.claiming import release_case
from compliance.services.notes import add_note
from core import clock
from core.errors import DomainError
from core.money import Money
from insight.selectors.timeline import timeline
from marketplace.local import local_day, zones_of
from marketplace.outcomes import ACTIONS, PAIRS, RESULTS
from marketplace.selectors.cases import HeldCase, held_case
from marketplace.services.claims import RELEASE_REASONS
from marketplace.services.promises import make_promise
from payments.commission import Plan
from payments.selectors.rates import share_of
from web.access import CollectorRequest, collector_required, no_store
from web.formatting import amount
from web.forms import DatePartsField, MoneyField


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
        "local_now": at.astimezone(zone), "facts": _facts(held), "entries": timeline(held.case, viewer="collector"),
        "owed": call_without_result(request.collector), "call_key": uuid.uuid4().hex, "section": "today",
    }  # fmt: skip
    return no_store(render(request, "collector/case.html", context))


def _facts(held: HeldCase) -> list[dict[str, Any]]:
    debt = held.case.debt

    def money(minor: int) -> str:
        return amount(Money(minor, debt.currency))

    earned, rate, share = share_of(
        plan=Plan.from_json(held.claim.terms),
        claim=held.claim,
        base_minor=debt.principal_due_minor + debt.interest_due_minor,
    )
    note = _("%(rate)s %% of principal and interest, %(share)s %% of that is yours") % {
        "rate": rate // 100, "share": share // 100,
    }  # fmt: skip
    return [
        {"label": _("Principal"), "value": money(debt.principal_due_minor)},
        {"label": _("Interest"), "value": money(debt.interest_due_minor)},
        {"label": _("Fees"), "value": money(debt.fees_due_minor)},
        {
            "label": _("You earn if all of it is paid"), "value": money(earned), "note": note, "total": True,
            "tone": "accent",
        },
    ]  # fmt: skip


class NoteForm(forms.Form):
    """What was done, how it ended, and what was said."""

    pair = forms.ChoiceField(label=gettext_lazy("What did you do, and how did it end?"))
    text = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Write what was said. Leave out opinions about the person, and numbers."),
    )  # fmt: skip
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pairs = [
            (f"{action}/{result}", f"{ACTIONS[action]}: {RESULTS[result].label}")
            for action in ("CHECK", "INBOUND", "LETTER", "EMAIL")
            for result in sorted(PAIRS[action])
        ]
        field = self.fields["pair"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = pairs


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def note(request: CollectorRequest, ref: str) -> HttpResponse:
    """Write a note. A text that may not stand comes back with what to leave out."""
    at = clock.now()
    held = held_case(collector=request.collector, ref=ref, at=at)
    form = NoteForm(request.POST or None, initial={"key": uuid.uuid4().hex})
    status = 200
    if request.method == "POST" and form.is_valid():
        action, result = form.cleaned_data["pair"].split("/")
        try:
            add_note(
                claim=held.claim, action=action, result=result, text=form.cleaned_data["text"], at=at,
                actor=request.collector.actor, idem_key=f"{request.collector.ref}:{form.cleaned_data['key']}",
            )  # fmt: skip
        except DomainError as refusal:
            form.add_error("text", refusal.message)
            status = refusal.http_status
        else:
            messages.success(request, _("The note is on file."))
            return redirect("collector:case", ref=ref)
    context = {"form": form, "held": held, "case": held.case, "section": "today", "title": _("Write a note")}
    return no_store(render(request, "collector/form.html", context, status=status))


class PromiseForm(forms.Form):
    """A promise made outside a call, for example when the debtor wrote."""

    amount = MoneyField(label=gettext_lazy("How much was promised?"))
    due_date = DatePartsField(label=gettext_lazy("By which day?"))


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def promise(request: CollectorRequest, ref: str) -> HttpResponse:
    """Put a promise on file."""
    at = clock.now()
    held = held_case(collector=request.collector, ref=ref, at=at)
    today = local_day(held.case.debtor, at)
    form = PromiseForm(request.POST or None, initial={"due_date": today + timedelta(days=7)})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            make_promise(
                case=held.case, claim=held.claim, amount_minor=form.cleaned_data["amount"], channel="message", at=at,
                due_date=form.cleaned_data["due_date"], actor=request.collector.actor,
            )  # fmt: skip
        except DomainError as refusal:
            field = getattr(refusal, "field", "amount")
            form.add_error(field if field in form.fields else "amount", refusal.message)
            status = refusal.http_status
        else:
            messages.success(request, _("The promise is on file."))
            return redirect("collector:case", ref=ref)
    context = {"form": form, "held": held, "case": held.case, "section": "today", "title": _("A promise to pay")}
    return no_store(render(request, "collector/form.html", context, status=status))


class ReleaseForm(forms.Form):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why do you give it back?"), widget=forms.RadioSelect, choices=list(RELEASE_REASONS.items()),
        error_messages={"required": gettext_lazy("Choose a reason")},
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@collector_required
def release(request: CollectorRequest, ref: str) -> HttpResponse:
    """Give the case back to the board."""
    at = clock.now()
    held = held_case(collector=request.collector, ref=ref, at=at)
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        release_case(claim=held.claim, reason=form.cleaned_data["reason"], actor=request.collector.actor, at=at)
        messages.success(request, _("The case is back on the board. What you earned on it stays yours."))
        return redirect(reverse("collector:today"))
    context = {"form": form, "held": held, "case": held.case, "section": "today", "title": _("Give the case back")}
    return no_store(render(request, "collector/form.html", context))
