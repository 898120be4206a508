"""A creditor's people and the tokens of its systems."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import can
from accounts.models import Membership
from accounts.selectors import members_of, tokens_of
from accounts.services.organisations import change_member, create_token, invite_member, remove_member, revoke_token
from core import clock
from core.errors import DomainError
from web.access import CreditorRequest, creditor_required, no_store, sent_from
from web.creditor.start.forms import PEOPLE_ROLES, MemberForm, TokenForm
from web.formtools import tried

ROLES: dict[str, Any] = {
    Membership.Role.OWNER: gettext_lazy("everything, team and tokens included"),
    Membership.Role.OPS: gettext_lazy("places cases, changes programmes, answers disputes"),
    Membership.Role.FINANCE: gettext_lazy("pays in and reports payments"),
    Membership.Role.COMPLIANCE: gettext_lazy("answers disputes"),
    Membership.Role.VIEWER: gettext_lazy("reads everything, changes nothing"),
}


def _act(request: HttpRequest) -> dict[str, Any]:
    creditor = cast(CreditorRequest, request)
    return {"org": creditor.org, "actor": f"user:{request.user.pk}", "at": clock.now()}


def _page(
    request: HttpRequest, *, member_form: MemberForm | None = None, token_form: TokenForm | None = None,
    raw_token: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    creditor = cast(CreditorRequest, request)
    broken = next((form for form in (member_form, token_form) if form is not None and form.errors), None)
    context = {
        "members": members_of(creditor.org), "tokens": tokens_of(creditor.org), "raw_token": raw_token,
        "roles": PEOPLE_ROLES, "role_words": [(label, ROLES[value]) for value, label in PEOPLE_ROLES],
        "may_team": can(creditor.membership, "team"), "may_api": can(creditor.membership, "api"), "form": broken,
        "member_form": member_form or MemberForm(auto_id="member_%s"),
        "token_form": token_form or TokenForm(auto_id="token_%s"),
        "org": creditor.org, "mine": creditor.membership, "section": "team",
    }  # fmt: skip
    return no_store(render(request, "creditor/team.html", context, status=status))


@require_safe
@creditor_required()
def team(request: HttpRequest) -> HttpResponse:
    """Who belongs to the organisation, with which role, and its systems' tokens."""
    return _page(request)


@creditor_required("team")
@sent_from("creditor:team")
def add(request: HttpRequest) -> HttpResponse:
    """Add somebody who has an account."""
    form = MemberForm(request.POST, auto_id="member_%s")
    added = tried(form, lambda: invite_member(**form.cleaned_data, **_act(request))) if form.is_valid() else None
    if added:
        messages.success(request, _("%(email)s is added.") % form.cleaned_data)
        return redirect("creditor:team")
    return _page(request, member_form=form)


@creditor_required("team")
@sent_from("creditor:team")
def change(request: HttpRequest, user_id: int) -> HttpResponse:
    """Change a role, or end a membership."""
    try:
        if "remove" in request.POST:
            remove_member(user_id=user_id, **_act(request))
            messages.success(request, _("The membership has ended."))
        else:
            change_member(user_id=user_id, role=request.POST.get("role", ""), **_act(request))
            messages.success(request, _("The role is changed."))
    except DomainError as error:
        if error.http_status == 404:
            raise
        messages.error(request, error.message)
    return redirect("public:after_login" if user_id == request.user.pk else "creditor:team")


@creditor_required("api")
@sent_from("creditor:team")
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it on this answer, never again."""
    form = TokenForm(request.POST, auto_id="token_%s")
    made = tried(form, lambda: create_token(**form.cleaned_data, **_act(request))) if form.is_valid() else None
    return _page(request, raw_token=made[1]) if made else _page(request, token_form=form)


@creditor_required("api")
@sent_from("creditor:team")
def end_token(request: HttpRequest, token_id: int) -> HttpResponse:
    """Revoke a token at once."""
    revoke_token(token_id=token_id, **_act(request))
    messages.success(request, _("The token is revoked. Systems that use it are refused from now on."))
    return redirect("creditor:team")
