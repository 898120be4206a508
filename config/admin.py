"""The administration: staff only, through the site's own sign-in, and outside the demo with a second factor."""

from __future__ import annotations

from typing import cast
from urllib.parse import quote

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts.models import User
from core.errors import NotAllowed


def gave_second_factor(request: HttpRequest) -> bool:
    """Whether this session, not merely this person, was opened or confirmed with a second factor."""
    records = get_authentication_records(request, cast(User, request.user))
    return any(record.get("method") == "mfa" for record in records)


class EvenhandAdminSite(admin.AdminSite):
    """Django's administration behind our sign-in."""

    site_header = gettext_lazy("Evenhand administration")
    site_title = gettext_lazy("Evenhand administration")
    index_title = gettext_lazy("Administration")
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff; when the demo is off, only after the second factor."""
        is_staff = super().has_permission(request)
        return is_staff and (settings.EVENHAND_DEMO or gave_second_factor(request))

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send each to what is missing: signing in, setting the second factor up, or giving it. 403 for non-staff."""
        del extra_context
        return _way_in(request, self)


@never_cache
def _way_in(request: HttpRequest, site: EvenhandAdminSite) -> HttpResponse:
    target = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = reverse("admin:index", current_app=site.name)
    user = request.user
    if not user.is_authenticated:
        return _go("account_login", target)
    if not (user.is_active and user.is_staff):
        raise NotAllowed()
    if site.has_permission(request):
        return HttpResponseRedirect(target)
    if is_mfa_enabled(user):
        return _go("mfa_reauthenticate", target)
    messages.warning(request, _("Staff sign in with a second step. Turn it on, then open the administration again."))
    return _go("mfa_activate_totp", target)


def _go(name: str, target: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse(name)}?next={quote(target, safe='/?=&')}")
