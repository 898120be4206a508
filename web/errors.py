"""Refusals as answers: a DomainError becomes a page, a fragment or JSON with its status and its sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.loader import render_to_string
from rest_framework.response import Response
from rest_framework.views import exception_handler

from core.errors import DomainError

Answer = Callable[[HttpRequest], HttpResponseBase]


def body_of(error: DomainError) -> dict[str, Any]:
    """The JSON form of a refusal, the same on every endpoint."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if field := getattr(error, "field", None):
        body["field"] = field
    return body


def refusal_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal as the kind of answer this request can show."""
    if request.path.startswith(("/api/", "/hooks/")):
        return JsonResponse(body_of(error), status=error.http_status)
    is_fragment = bool(getattr(request, "htmx", False)) and not getattr(request.htmx, "boosted", False)  # type: ignore[attr-defined]
    template = "includes/refusal.html" if is_fragment else "error.html"
    html = render_to_string(template, {"error": error, "back": _back(request)}, request=request)
    return HttpResponse(html, status=error.http_status)


def _back(request: HttpRequest) -> str:
    """The page the person came from, when it is ours."""
    referer = request.headers.get("referer", "")
    own = f"{request.scheme}://{request.get_host()}"
    return referer if referer.startswith(own) and referer != request.build_absolute_uri() else "/"


class DomainErrorMiddleware:
    """Turns a DomainError that a view let through into its answer; the view's transaction has rolled back by then."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return refusal_response(request, exception) if isinstance(exception, DomainError) else None


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's handler with our refusals in front."""
    if isinstance(exc, DomainError):
        return Response(body_of(exc), status=exc.http_status)
    return exception_handler(exc, context)
