"""Refusals: every rule that says no raises a DomainError, which the web layer turns into a page or JSON."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal with a stable code, an HTTP status and a sentence that says what to do.

    Subclasses set `code`, `http_status` and `sentence` (a lazy translation, may hold %(name)s placeholders filled
    from the keyword arguments given on raising).
    """

    code = "refused"
    http_status = 409
    sentence: Any = _("This cannot be done now.")

    def __init__(self, **params: object) -> None:
        self.params = params
        super().__init__(self.code)

    @property
    def message(self) -> str:
        """The translated sentence with its parameters filled in."""
        text = str(self.sentence)
        return text % self.params if self.params else text


class NotFound(DomainError):
    """The thing does not exist, or does not exist for this viewer: the two are never told apart."""

    code = "not_found"
    http_status = 404
    sentence = _("We could not find that. Check the reference and try again.")


class NotAllowed(DomainError):
    """The viewer is known but has no right to this act."""

    code = "not_allowed"
    http_status = 403
    sentence = _("Your account does not have the right to do this. Ask an owner of your organisation.")


class BadInput(DomainError):
    """Input that can be mended; `field` names where, `reason` says what to write instead."""

    code = "bad_input"
    http_status = 400
    sentence = _("%(reason)s")

    def __init__(self, *, field: str, reason: object) -> None:
        self.field = field
        super().__init__(field=field, reason=reason)
