"""A creditor's beginning and what stays of it: the organisation, programmes and their terms."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.access import can, membership_for
from accounts.errors import OtherRole
from accounts.models import User
from accounts.services.organisations import create_org
from core import clock
from core.errors import BadInput, NotAllowed, NotFound
from marketplace.models import Claim, Programme
from payments.services.terms import FeePreview, change_programme, open_programme, preview_fee
from web.access import CreditorRequest, creditor_required, no_store, signed_in
from web.context import url_or_blank
from web.creditor.start.forms import OrgForm
from web.creditor.start.programme_form import FIELDS, ProgrammeForm
from web.formtools import bound, tried

FORM = require_http_methods(["GET", "HEAD", "POST"])


def _actor(request: HttpRequest) -> str:
    return f"user:{request.user.pk}"


@FORM
@signed_in
def start(request: HttpRequest) -> HttpResponse:
    """Found the organisation; whoever belongs to one goes on to its programmes."""
    user = cast(User, request.user)
    if membership_for(user):
        return redirect(url_or_blank("creditor:programmes") or "creditor:programme_new")
    if user.is_staff or hasattr(user, "collector"):
        raise OtherRole()
    form = bound(OrgForm, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        if tried(form, lambda: create_org(user=user, actor=_actor(request), at=clock.now(), **values)):
            messages.success(request, _("Your organisation is open. Next, the terms of your first programme."))
            return redirect("creditor:programme_new")
    return no_store(render(request, "creditor/start.html", {"form": form, "steps": _steps(0)}))


def _steps(current: int) -> list[dict[str, Any]]:
    words = [_("Organisation"), _("Programme"), _("Cases")]
    return [{"label": word, "is_done": i < current, "is_current": i == current} for i, word in enumerate(words)]


def _preview(form: ProgrammeForm) -> FeePreview | None:
    """What the terms on the page would charge; None, with the reason at its field, when they charge nothing."""
    if form.is_bound:
        plan, age, amount = form.plan, form.cleaned_data.get("preview_age"), form.cleaned_data.get("preview_amount")
    else:
        plan, age, amount = form.base, form.initial["preview_age"], form.initial["preview_amount"]
    if plan is None or age is None or amount is None:
        return None
    try:
        return preview_fee(plan=plan, age_days=age, amount_minor=amount, at=clock.now())
    except BadInput as error:
        if form.is_bound:
            form.add_error("preview_age", error.message)
        return None


def _read(request: HttpRequest, programme: Programme | None) -> tuple[ProgrammeForm, FeePreview | None, bool]:
    """The form as sent, its preview, and whether it is to be saved."""
    form = ProgrammeForm(request.POST if request.method == "POST" else None, programme=programme)
    is_whole = form.is_valid()
    preview = _preview(form)
    if "preview" in request.POST:
        for name in set(form.errors) - set(form.terms_errors()):
            del form.errors[name]  # nobody asked yet about the rest of the page
    return form, preview, is_whole and "preview" not in request.POST


def _answer(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    if request.htmx and "preview" in request.POST:  # type: ignore[attr-defined]
        template = "creditor/programme_preview.html"
    return no_store(render(request, template, context))


@FORM
@creditor_required("publish")
def programme_new(request: CreditorRequest) -> HttpResponse:
    """Make a programme."""
    form, preview, is_whole = _read(request, None)
    if is_whole and form.plan:
        plan, values = form.plan, form.values
        made = tried(
            form,
            lambda: open_programme(org=request.org, values=values, plan=plan, actor=_actor(request), at=clock.now()),
            FIELDS,
        )
        if made:
            messages.success(request, _("%(name)s is open. Pay in your float, then place cases.") % {"name": made.name})
            return redirect("creditor:programme_settings", slug=made.slug)
    context = {
        "form": form, "preview": preview, "currency": form.currency, "steps": _steps(1), "may_change": True,
        "section": "programmes",
        "is_first": not request.org.programmes.exists(),
    }  # fmt: skip
    return _answer(request, "creditor/programme_settings.html", context)


@FORM
@creditor_required()
def programme_settings(request: CreditorRequest, slug: str) -> HttpResponse:
    """Read a programme's rules and terms, and change them for work taken from now on."""
    programme = Programme.objects.filter(org=request.org, slug=slug).first()
    if programme is None:
        raise NotFound()
    may_change = can(request.membership, "publish")
    if request.method == "POST" and not may_change:
        raise NotAllowed()
    form, preview, is_whole = _read(request, programme)
    if is_whole and form.plan:
        plan, values, version = form.plan, form.values, form.cleaned_data["version"]
        saved = tried(
            form,
            lambda: change_programme(
                programme=programme, values=values, plan=plan, version=version, actor=_actor(request), at=clock.now()
            ),
            FIELDS,
        )
        if saved:
            messages.success(request, _saved_words(saved, was=programme.terms_version))
            return redirect("creditor:programme_settings", slug=slug)
    context = {
        "form": form, "preview": preview, "currency": programme.currency, "programme": programme,
        "may_change": may_change, "live": _live_claims(programme), "section": "programmes",
        "programme_url": url_or_blank("creditor:programmes"),
    }  # fmt: skip
    return _answer(request, "creditor/programme_settings.html", context)


def _live_claims(programme: Programme) -> int:
    return Claim.objects.filter(case__programme=programme, ended_at__isnull=True).count()


def _saved_words(programme: Programme, *, was: int) -> str:
    if programme.terms_version == was:
        return _("Saved.")
    live = _live_claims(programme)
    return ngettext(
        "Saved. The new terms count for work taken from now on; %(n)d case in work keeps the terms it was taken on.",
        "Saved. The new terms count for work taken from now on; %(n)d cases in work keep the terms they were taken on.",
        live,
    ) % {"n": live}
