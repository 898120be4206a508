"""What every private page has in common: nothing is left behind, refusals keep the frame, a closed case is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from core.errors import DomainError
from marketplace import states
from web.access import DebtorRequest

View = Callable[..., HttpResponseBase]


def page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return render(request, f"debtor/{name}.html", context, status=status)


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form sent, even when that is nothing."""
    return request.POST if request.method == "POST" else None


def private(view: View) -> View:
    """No cache keeps the answer and no other site learns its address, whatever the answer is, a refusal included."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except DomainError as refusal:
            context = {"error": refusal, "back": reverse("debtor:home")}
            response = render(request, "error.html", context, status=refusal.http_status)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return inner


def while_open(view: View) -> View:
    """For acts that make sense only on an open case; on a closed one the account page says how it ended."""

    @wraps(view)
    def inner(request: DebtorRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.case.state == states.CLOSED:
            return redirect("debtor:home")
        return view(request, *args, **kwargs)

    return inner
