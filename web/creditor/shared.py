"""What the creditor's pages share: the reader's zone, the actor's name, and forms that keep what was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from core import clock
from core.errors import BadInput, DomainError
from web.access import no_store

Result = TypeVar("Result")


def actor_of(request: HttpRequest) -> str:
    """The signed-in member as events name him."""
    return f"user:{request.user.pk}"


def posted(request: HttpRequest) -> QueryDict | None:
    """A form's data: what was sent, even when that is nothing."""
    return request.POST if request.method == "POST" else None


def link(name: str, *args: object) -> str:
    """The address of a named page, or nothing where this installation does not serve it."""
    try:
        return reverse(f"creditor:{name}", args=args)
    except NoReverseMatch:
        return ""


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page whose times read as on a clock at the creditor's; kept by no cache."""
    with timezone.override(clock.MARKET_ZONE):
        return no_store(render(request, template, context, status=status))


@dataclass(frozen=True, slots=True)
class Act:
    """A page with one form: its words, the facts shown above it, and where it leads."""

    title: str
    button: str
    back_url: str
    back: str
    lead: str = ""
    note: str = ""
    quote: str = ""
    facts: list[dict[str, Any]] = field(default_factory=list)
    section: str = "cases"


def tried(form: Form, do: Callable[[], Result]) -> tuple[Result | None, int]:
    """What `do` gave, or None and the refusal's status: the refusal then stands in the form, beside what was typed."""
    try:
        return do(), 200
    except BadInput as error:
        name = getattr(form, "aliases", {}).get(error.field, error.field)
        form.add_error(name if name in form.fields else None, error.message)
        return None, error.http_status
    except DomainError as error:
        form.add_error(None, error.message)
        return None, error.http_status


def act(
    request: HttpRequest, form: Form, words: Act, do: Callable[[], Result], *,
    done: str | Callable[[Result], str], next_url: str = "",
) -> HttpResponse:  # fmt: skip
    """Show the form, or do what it asks for and go on to `next_url` with the message `done` (or what it makes of the
    result)."""
    status = 200
    if form.is_bound:
        status = 400
        if form.is_valid():
            result, status = tried(form, do)
            if result is not None:
                messages.success(request, done if isinstance(done, str) else done(result))
                return HttpResponseRedirect(next_url or words.back_url)
    return page(request, "creditor/act.html", {"form": form, "act": words, "section": words.section}, status=status)
