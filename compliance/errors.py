"""Refusals of the compliance package that are not gate decisions."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class PermitSpent(DomainError):
    code = "permit_spent"
    sentence = _("This contact was already made. Ask again before the next one.")


class PermitExpired(DomainError):
    code = "permit_expired"
    sentence = _("The permission for this contact has run out. Ask again.")


class NoNumber(DomainError):
    code = "no_number"
    sentence = _("There is no number we may call on this case. You can leave a note or give the case back.")


class TextRefused(DomainError):
    code = "text_refused"
    http_status = 400
    sentence = _("%(reason)s")

    def __init__(self, *, reason: object) -> None:
        self.field = "text"
        super().__init__(reason=reason)


class HoldClosed(DomainError):
    code = "hold_closed"
    sentence = _("This hold was lifted already. Reload the page.")
