"""A collector's application: the list of its parts, a page for each, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import states
from accounts.access import licensed_regions
from accounts.errors import ApplicationClosed, ApplicationIncomplete, OtherRole
from accounts.models import Application, User
from accounts.selectors import application_of, current_vetting, last_review, phone_ending, read_address
from accounts.services import applications as service
from accounts.services.applications import OPEN_STATES
from accounts.vetting import WAIT_TARGET, reason_words
from core import clock
from core.errors import DomainError
from web.access import View, no_store, sent_from, signed_in
from web.collector.apply.forms import (
    STATE_NAMES,
    AddressForm,
    CodeForm,
    ContactForm,
    DocumentForm,
    IdentityForm,
    LicencesForm,
)
from web.collector.apply.words import CODE, parts_of
from web.formtools import bound, tried

Section = Callable[..., HttpResponse]
FORM = require_http_methods(["GET", "HEAD", "POST"])


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _own_application(request: HttpRequest) -> Application | None:
    """The visitor's application; somebody who plays another part here has none and cannot begin one."""
    application = application_of(_user(request))
    if application is None and (_user(request).is_staff or _user(request).memberships.exists()):
        raise OtherRole()
    return application


def part_of_application(view: Section) -> View:
    """For an applicant who may still change it: others go to the page that says where it stands."""

    @wraps(view)
    @signed_in
    def inner(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        application = _own_application(request)
        if application is None:
            return redirect("collector:apply_contact")
        if application.state not in OPEN_STATES:
            return redirect("collector:apply")
        try:
            return no_store(view(request, application, **kwargs))
        except ApplicationClosed:  # sent in another tab a moment ago
            return redirect("collector:apply")

    return inner


def _saved(request: HttpRequest) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("collector:apply")


@require_safe
@signed_in
def overview(request: HttpRequest) -> HttpResponse:
    """The six parts while they can be changed; afterwards where the application stands."""
    application, at = _own_application(request), clock.now()
    state = application.state if application else states.DRAFT
    parts = parts_of(application)
    context: dict[str, Any] = {
        "application": application, "state": state, "parts": parts, "total": len(parts),
        "done": sum(part.is_done for part in parts),
        "review": None,
    }  # fmt: skip
    if application is not None:
        context |= _standing(application, at)
    template = "collector/apply/list.html" if state in OPEN_STATES else "collector/apply/standing.html"
    return no_store(render(request, template, context))


def _standing(application: Application, at: datetime) -> dict[str, Any]:
    vetting, review = current_vetting(application.collector, at), last_review(application)
    regions = sorted(STATE_NAMES.get(region, region) for region in licensed_regions(application.collector, at))
    asked = [STATE_NAMES.get(one["region"], one["region"]) for one in application.licences]
    return {
        "review": review,
        "reason": reason_words(review.reason_code) if review else "",
        "vetting": vetting,
        "zone": clock.MARKET_ZONE,
        "regions": ", ".join(regions),
        "asked": ", ".join(asked),
        "documents": application.documents.count(),
        "answer_by": application.submitted_at + WAIT_TARGET if application.submitted_at else None,
    }


@FORM
@signed_in
def contact(request: HttpRequest) -> HttpResponse:
    """The first part; saving it makes the application."""
    application = _own_application(request)
    if application is not None and application.state not in OPEN_STATES:
        return redirect("collector:apply")
    ending = phone_ending(application.collector) if application else ""
    initial = {"alias": application.collector.alias} if application else {}
    form = bound(ContactForm, request.POST if request.method == "POST" else None, kept_ending=ending, initial=initial)
    if form.is_bound and form.is_valid():
        alias, phone, at = form.cleaned_data["alias"], form.cleaned_data["phone"], clock.now()

        def save() -> bool:
            if application is None:
                service.start_application(user=_user(request), alias=alias, phone_e164=phone, at=at)
            else:
                service.change_contact(application=application, alias=alias, phone_e164=phone or None, at=at)
            return True

        if tried(form, save):
            return _saved(request)
    return no_store(render(request, "collector/apply/contact.html", {"form": form}))


def _simple(request: HttpRequest, application: Application, form: Any, *, template: str) -> HttpResponse:
    """A page whose form's fields are the service's arguments."""
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        if tried(form, lambda: service.save_application(application=application, at=clock.now(), **values)):
            return _saved(request)
    return render(request, template, {"form": form, "application": application})


@FORM
@part_of_application
def identity(request: HttpRequest, application: Application) -> HttpResponse:
    """Legal name, date of birth, a few words."""
    initial = {
        "legal_name": application.legal_name, "birth_date": application.birth_date, "statement": application.statement,
    }  # fmt: skip
    form = bound(IdentityForm, request.POST if request.method == "POST" else None, initial=initial)
    return _simple(request, application, form, template="collector/apply/identity.html")


@FORM
@part_of_application
def address(request: HttpRequest, application: Application) -> HttpResponse:
    """Where the applicant lives."""
    initial = {"address": read_address(application)}
    form = bound(AddressForm, request.POST if request.method == "POST" else None, initial=initial)
    return _simple(request, application, form, template="collector/apply/address.html")


@FORM
@part_of_application
def licences(request: HttpRequest, application: Application) -> HttpResponse:
    """States and licence numbers; the button for more rows keeps what was typed."""
    if request.method != "POST":
        form = LicencesForm(held=application.licences)
    elif "more" in request.POST:
        form = LicencesForm(request.POST, held=application.licences, more=3)
        form.full_clean()
        form.errors.clear()  # nobody asked yet whether it is right
    else:
        form = LicencesForm(request.POST, held=application.licences)
        if form.is_valid():
            claims = form.cleaned_data["claims"]
            saved = tried(
                form, lambda: service.save_application(application=application, licences=claims, at=clock.now())
            )
            if saved:
                return _saved(request)
    return render(request, "collector/apply/licences.html", {"form": form})


@FORM
@part_of_application
def documents(request: HttpRequest, application: Application) -> HttpResponse:
    """What was uploaded, and the form for one more."""
    regions = [licence["region"] for licence in application.licences]
    form = bound(
        DocumentForm, request.POST if request.method == "POST" else None, request.FILES or None, regions=regions
    )
    if form.is_bound and form.is_valid():
        values = form.cleaned_data
        file = values["file"]
        kept = tried(
            form,
            lambda: service.add_document(
                application=application, kind=values["kind"], region=values["region"], filename=file.name,
                body=file.read(), at=clock.now(),
            ),
        )  # fmt: skip
        if kept:
            messages.success(request, _("%(name)s is stored.") % {"name": kept.filename})
            return redirect("collector:apply_documents")
    last = last_review(application)
    rows = [
        {
            "document": document,
            "state": STATE_NAMES.get(document.region, document.region),
            "is_removable": last is None or document.uploaded_at > last.at,
        }
        for document in application.documents.defer("body_sealed").order_by("uploaded_at", "pk")
    ]
    return render(request, "collector/apply/documents.html", {"form": form, "rows": rows, "regions": regions})


@sent_from("collector:apply_documents")
@part_of_application
def remove_document(request: HttpRequest, application: Application, document_id: int) -> HttpResponse:
    """Take one document back."""
    service.remove_document(application=application, document_id=document_id, at=clock.now())
    messages.success(request, _("The document is removed."))
    return redirect("collector:apply_documents")


@FORM
@part_of_application
def code(request: HttpRequest, application: Application) -> HttpResponse:
    """Read and accept the code of conduct."""
    initial = {"accepts": bool(application.conduct_code_accepted_at)}
    form = bound(CodeForm, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        service.save_application(application=application, accepts_code=True, at=clock.now())
        return _saved(request)
    return render(request, "collector/apply/code.html", {"form": form, "code": CODE})


@signed_in
@sent_from("collector:apply")
def submit(request: HttpRequest) -> HttpResponse:
    """Hand it in. Sent twice, the second finds it handed in."""
    application = _own_application(request)
    if application is None:
        return redirect("collector:apply_contact")
    try:
        service.submit_application(application=application, at=clock.now())
    except ApplicationIncomplete as error:
        messages.error(request, error.message)
    except ApplicationClosed:
        pass
    return redirect("collector:apply")


@signed_in
@sent_from("collector:apply")
def renew(request: HttpRequest) -> HttpResponse:
    """Open an approved application again."""
    application = _own_application(request)
    if application is not None:
        try:
            service.renew_application(application=application, at=clock.now())
        except DomainError as error:
            if application_of(_user(request)).state not in OPEN_STATES:  # type: ignore[union-attr]
                messages.error(request, error.message)
    return redirect("collector:apply")
