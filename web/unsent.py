"""A form that came after its session had ended: nothing was done, and nothing that was typed is lost.

What was sent stands in the answer to it and nowhere else: the server keeps none of it. Sending it again is a press of
the signed-in person's own, with a fresh token, on a page that shows what will be sent. A form that another site sent is
never given back.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views import csrf

# Sign-in and administration hold passwords and codes; the second fact of a private page is one.
_SECRET = ("/accounts/", "/admin/", "/p/check/")
_PRIVATE = "/p/"
# What pages put into their own forms; not typed by anybody.
_UNTYPED = frozenset({"csrfmiddlewaretoken", "next", "key", "move"})


def typed(request: HttpRequest) -> list[tuple[str, str]]:
    """The fields of the form that was sent, as name and value; none where one of them may be a secret."""
    if request.method != "POST" or request.path.startswith(_SECRET) or not _is_own_form(request):
        return []
    return [(name, value) for name, values in request.POST.lists() if name not in _UNTYPED for value in values if value]


def _is_own_form(request: HttpRequest) -> bool:
    """Whether the browser says that the form stood on this site. Private pages send no origin but this much."""
    own, origin = f"{request.scheme}://{request.get_host()}", request.headers.get("Origin", "")
    if origin == "null":
        return request.headers.get("Sec-Fetch-Site") == "same-origin"
    return origin == own or (not origin and request.headers.get("Referer", "").startswith(f"{own}/"))


def give_back(request: HttpRequest, *, sign_in: bool) -> HttpResponse:
    """403 with everything typed: to be sent again after signing in (`sign_in`) or at once.

    On a private page it is shown to be copied, for only the letter's link opens that page again.
    """
    fields = typed(request)
    is_private = request.path.startswith(_PRIVATE)
    context: dict[str, Any] = {
        "shown": [value for _name, value in fields], "fields": [] if is_private else _hidden(request),
        "files": list(request.FILES), "path": request.get_full_path(), "must_sign_in": sign_in, "back": _back(request),
    }  # fmt: skip
    response = render(request, "debtor/ended.html" if is_private else "unsent.html", context, status=403)
    response.headers["Cache-Control"] = "no-store"
    return response


def _hidden(request: HttpRequest) -> list[tuple[str, str]]:
    pairs = [(name, value) for name, values in request.POST.lists() for value in values]
    return [pair for pair in pairs if pair[0] != "csrfmiddlewaretoken"]


def _back(request: HttpRequest) -> str:
    """The page that held the form, as a path of ours."""
    parts = urlsplit(request.headers.get("Referer", ""))
    return f"{parts.path}?{parts.query}".rstrip("?") if parts.netloc == request.get_host() else request.path


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """Django's answer to a form whose token does not fit, with what was typed when the form was ours."""
    return give_back(request, sign_in=False) if typed(request) else csrf.csrf_failure(request, reason)
