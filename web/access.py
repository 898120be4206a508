"""Who may open a page: one decorator an audience. Visibility of rows is written in selectors, never here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import can
from accounts.models import Collector, CreditorOrg, Membership
from core.errors import NotAllowed, NotFound
from marketplace.models import Case
from web.unsent import give_back, typed

View = Callable[..., HttpResponseBase]
DEBTOR_SESSION = timedelta(minutes=30)
_DEBTOR_KEY = "debtor_case"
_ORG_KEY = "org"


class OtherAudience(NotAllowed):
    """Somebody signed in opened a page of another audience; there is nobody to ask for that right."""

    code = "other_audience"
    sentence = _(
        "This page is for somebody else. Go to your own start page, or sign in with the account it is meant for."
    )


class CollectorRequest(HttpRequest):
    """A request whose sender is a collector (vetted or not: services decide what he may do)."""

    collector: Collector


class CreditorRequest(HttpRequest):
    """A request from a member of a creditor organisation with the right the page asked for."""

    membership: Membership
    org: CreditorOrg


class DebtorRequest(HttpRequest):
    """A request from a debtor who gave the second fact in this session."""

    case: Case


def _to_login(request: HttpRequest) -> HttpResponse:
    """Sign in first; a GET comes back to the same page, a press to the page that held its form.

    A form with something typed in it is given back: its session ended while it was written.
    """
    if typed(request):
        return give_back(request, sign_in=True)
    target = request.get_full_path() if request.method == "GET" else request.headers.get("referer", "/")
    own = f"{request.scheme}://{request.get_host()}"
    return HttpResponseRedirect(f"/accounts/login/?next={quote(target.removeprefix(own), safe='/?=&')}")


def signed_in(view: View) -> View:
    """For anybody who has an account; others sign in first."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs) if request.user.is_authenticated else _to_login(request)

    return inner


def collector_required(view: View) -> View:
    """Only for collectors; anybody else signed in gets 403, anybody not signed in the sign-in page."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _to_login(request)
        collector = Collector.objects.filter(user=request.user).select_related("user").first()
        if collector is None:
            raise OtherAudience()
        cast(CollectorRequest, request).collector = collector
        return view(request, *args, **kwargs)

    return inner


def creditor_required(right: str = "view") -> Callable[[View], View]:
    """Only for members of a creditor organisation whose role has `right`."""

    def outer(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _to_login(request)
            memberships = list(Membership.objects.filter(user=request.user).select_related("org").order_by("pk"))
            if not memberships:
                raise OtherAudience()
            wanted = request.session.get(_ORG_KEY)
            membership = next((one for one in memberships if one.org_id == wanted), memberships[0])
            if not can(membership, right):
                raise NotAllowed()
            typed = cast(CreditorRequest, request)
            typed.membership, typed.org = membership, membership.org
            return view(request, *args, **kwargs)

        return inner

    return outer


def sent_from(page: str, *names: str) -> Callable[[View], View]:
    """A view that only takes what a form of another page sends: opened by its address, it leads to that page.

    Somebody who signs in again, goes back or reloads lands on such an address.

    Args: page the URL name of the form's page, names the URL arguments it shares with this view.
    """

    def outer(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "POST":
                return view(request, *args, **kwargs)
            if request.method in ("GET", "HEAD"):
                return redirect(page, *(kwargs[name] for name in names))
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

        return inner

    return outer


def open_debtor_session(request: HttpRequest, case: Case) -> None:
    """Remember that this browser gave the second fact of `case`; real time, not the market clock, ends it."""
    request.session.cycle_key()
    request.session[_DEBTOR_KEY] = {"case": case.pk, "until": (timezone.now() + DEBTOR_SESSION).isoformat()}


def close_debtor_session(request: HttpRequest) -> None:
    request.session.pop(_DEBTOR_KEY, None)


def debtor_session(view: View) -> View:
    """Only for a debtor who gave the second fact less than half an hour ago; otherwise the neutral closed page."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        held = request.session.get(_DEBTOR_KEY)
        if not held or held["until"] < timezone.now().isoformat():
            close_debtor_session(request)
            return give_back(request, sign_in=True) if typed(request) else redirect("debtor:ended")
        case = Case.objects.select_related("org", "programme", "debtor", "debt").filter(pk=held["case"]).first()
        if case is None:
            raise NotFound()
        cast(DebtorRequest, request).case = case
        return view(request, *args, **kwargs)

    return inner


def demo_only(view: View) -> View:
    """A page that exists only in the demo."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.EVENHAND_DEMO:
            raise NotFound()
        return view(request, *args, **kwargs)

    return inner


def no_store(response: HttpResponse) -> HttpResponse:
    """Personal pages are not kept by any cache, the browser's back cache included."""
    response.headers["Cache-Control"] = "no-store"
    return response
