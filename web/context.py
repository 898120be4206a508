"""What every page's frame shows: who is looking, where they can go, and the demo's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core import clock

# Somewhere harmless for a person who must leave the private page at once.
LEAVE_URL = "https://www.weather.gov/"

COLLECTOR, CREDITOR, DEBTOR, STAFF, ANONYMOUS = "collector", "creditor", "debtor", "staff", "anonymous"
# key, words, URL name, icon
_TABS = {
    COLLECTOR: [
        ("today", gettext_noop("Today"), "collector:today", "today"),
        ("find", gettext_noop("Find"), "collector:find", "find"),
        ("promises", gettext_noop("Promises"), "collector:promises", "promises"),
        ("earnings", gettext_noop("Earnings"), "collector:earnings", "earnings"),
    ],
    CREDITOR: [
        ("programmes", gettext_noop("Programmes"), "creditor:programmes", "programme"),
        ("cases", gettext_noop("Cases"), "creditor:cases", "list"),
        ("import", gettext_noop("Import"), "creditor:import", "import"),
        ("billing", gettext_noop("Billing"), "creditor:billing", "money"),
    ],
}
_HELP = {COLLECTOR: "collector:help", CREDITOR: "creditor:help"}
_HOME = {COLLECTOR: "collector:today", CREDITOR: "creditor:programmes", STAFF: "admin:index"}
_ACCOUNT = {COLLECTOR: "collector:settings", CREDITOR: "creditor:team"}


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str
    url: str
    icon: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Nav:
    """The frame around one page. `role` decides it; a page may set `section` to say which tab it belongs to."""

    role: str
    tabs: list[Tab]
    home_url: str
    help_url: str
    account_url: str
    who: str


def url_or_blank(name: str | None) -> str:
    """The address of a named page, or nothing where this installation does not serve it."""
    try:
        return reverse(name) if name else ""
    except NoReverseMatch:
        return ""


def role_of(request: HttpRequest) -> str:
    """Whose page this is: by its namespace, and outside the audiences by who is signed in."""
    match = request.resolver_match
    audience = match.namespaces[0] if match and match.namespaces else ""
    if audience in {COLLECTOR, CREDITOR, DEBTOR}:
        return audience
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ANONYMOUS
    if hasattr(user, "collector"):
        return COLLECTOR
    if user.memberships.exists():
        return CREDITOR
    return STAFF if user.is_staff else ANONYMOUS


def _who(request: HttpRequest, role: str) -> str:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    if role == COLLECTOR and hasattr(user, "collector"):
        return str(user.collector.alias)
    if role == CREDITOR:
        membership = user.memberships.select_related("org").first()
        return membership.org.name if membership else str(user)
    return str(user)


def _entry(request: HttpRequest, role: str) -> str:
    """The page where somebody begins who is not a vetted collector, or a creditor with an organisation, yet."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ""
    if role == COLLECTOR and (not hasattr(user, "collector") or user.collector.status == "APPLICANT"):
        return "collector:apply"
    return "creditor:start" if role == CREDITOR and not user.memberships.exists() else ""


def nav_for(request: HttpRequest) -> Nav:
    """The navigation of this request."""
    role = role_of(request)
    entry = _entry(request, role)
    tabs = [] if entry else _TABS.get(role, [])
    found = [(key, _(label), url_or_blank(name), icon) for key, label, name, icon in tabs]
    best = max((url for _key, _label, url, _icon in found if url and request.path.startswith(url)), key=len, default="")
    return Nav(
        role=role,
        tabs=[Tab(key, label, url, icon, url == best) for key, label, url, icon in found if url],
        home_url=url_or_blank(entry or _HOME.get(role)) or "/",
        help_url=url_or_blank(_HELP.get(role)),
        account_url=url_or_blank(_ACCOUNT.get(role)) or url_or_blank("account_email"),
        who=_who(request, role),
    )


def _market_now() -> datetime | None:
    return clock.now().astimezone(clock.MARKET_ZONE) if clock.is_market() else None


def _page_of(request: HttpRequest) -> str:
    """The address to come back to: this page's, or where its form stood when it answers a form."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    own = f"{request.scheme}://{request.get_host()}"
    referer = request.headers.get("referer", "")
    return referer.removeprefix(own) if referer.startswith(own + "/") else "/"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Lazy, so that a fragment or a download pays for none of it."""
    return {
        "nav": SimpleLazyObject(lambda: nav_for(request)),
        "market_clock": SimpleLazyObject(_market_now) if settings.EVENHAND_DEMO else None,
        "this_page": SimpleLazyObject(lambda: _page_of(request)),
        "demo": settings.EVENHAND_DEMO,
        "leave_url": LEAVE_URL,
    }
