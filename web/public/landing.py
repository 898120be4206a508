"""Where somebody goes who has just signed in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from web.access import no_store, signed_in
from web.public.views import place_of


@require_safe
@signed_in
def after_login(request: HttpRequest) -> HttpResponse:
    """On to the person's own place; somebody who has none, and came through neither door, chooses one."""
    if onward := place_of(request):
        return HttpResponseRedirect(onward)
    return no_store(render(request, "public/landing.html"))
