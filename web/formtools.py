"""A service's refusal as an error of the form that was sent, so that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.forms import BaseForm

from core.errors import DomainError

T = TypeVar("T")


def add_refusal(form: BaseForm, error: DomainError, fields: Mapping[str, str] | None = None) -> None:
    """Show the refusal at the field it names (`fields` maps a service's word to the form's), or above the form."""
    named = str(getattr(error, "field", ""))
    field = (fields or {}).get(named, named)
    form.add_error(field if field in form.fields else None, error.message)


def tried(form: BaseForm, act: Callable[[], T], fields: Mapping[str, str] | None = None) -> T | None:
    """What `act` returns; None, with the refusal added to the form, when a service refuses."""
    try:
        return act()
    except DomainError as error:
        add_refusal(form, error, fields)
        return None


def bound(form_class: Callable[..., Any], data: Any, files: Any = None, **kwargs: Any) -> Any:
    """A form bound to what was sent, empty when nothing was."""
    return form_class(data, files, **kwargs) if data is not None else form_class(**kwargs)
