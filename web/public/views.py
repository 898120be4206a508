"""Pages for everybody: the front door, "Is this real?" and the two doors to an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from allauth.account.views import SignupView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core import clock
from web.context import ANONYMOUS, COLLECTOR, CREDITOR, nav_for, url_or_blank

# 12 CFR 1006.6(b)(1)(i): before 8 a.m. or after 9 p.m. where the person is, a call is presumed inconvenient.
OPENS, CLOSES = time(8), time(21)
# From east to west; with a ten-hour spread there is nearly always a city on either side of the line.
CITIES = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
]
DOORS = {COLLECTOR: "collector:apply", CREDITOR: "creditor:start"}
DOOR_KEY = "door"


@dataclass(frozen=True, slots=True)
class Example:
    """One city's clock against the hours in which a call may be placed."""

    zone: str
    at: datetime
    is_open: bool


def examples(at: datetime) -> list[Example]:
    """Two calls at one moment: the first city where it is allowed and the last where it is not, if both exist."""
    found = []
    for zone in CITIES:
        there = at.astimezone(ZoneInfo(zone))
        found.append(Example(zone, there, OPENS <= there.time() < CLOSES))
    opened = [example for example in found if example.is_open]
    closed = [example for example in found if not example.is_open]
    pair = opened[:1] + closed[-1:]
    return pair if len(pair) == 2 else found[:1] + found[-1:]


def place_of(request: HttpRequest) -> str:
    """Where somebody signed in belongs; blank while they belong nowhere yet."""
    nav = nav_for(request)
    if nav.role != ANONYMOUS:
        return nav.home_url if nav.home_url != "/" else ""
    return url_or_blank(DOORS.get(request.session.get(DOOR_KEY, "")))


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page; people with a place of their own are sent on to it."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(place_of(request) or reverse("public:after_login"))
    context = {"examples": examples(clock.now()), "opens": OPENS, "closes": CLOSES}
    return render(request, "public/home.html", context)


@require_safe
def is_this_real(request: HttpRequest) -> HttpResponse:
    """How to check that a contact came from us, and what we never ask."""
    return render(request, "public/real.html", {"section": "real"})


class DoorSignupView(SignupView):
    """Sign-up through one of two doors. The door is kept, so that the first page after signing in is the right one."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if kwargs["door"] not in DOORS:
            raise Http404
        request.session[DOOR_KEY] = kwargs["door"]
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "door": self.kwargs["door"]}
