"""Refusals of the telephone: each says what to do instead."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class ResultMissing(DomainError):
    """The collector's last call has no result yet, and the next dial waits for it. `call` is that call's reference."""

    code = "result_missing"
    sentence = _("Write down how your call on case %(case)s ended first. Then you can call again.")

    def __init__(self, *, call: str, case: str) -> None:
        self.call_ref = call
        super().__init__(call=call, case=case)


class CallRunning(DomainError):
    """Another call of the collector has not ended, or this one is still being connected."""

    code = "call_running"
    sentence = _("A call is still being connected. End it first.")


class ResultStands(DomainError):
    """The call has a result already."""

    code = "result_stands"
    sentence = _("The result of this call is saved already. Add a note instead.")


class NoMask(DomainError):
    """No number of ours is free for this debtor."""

    code = "no_mask"
    http_status = 503
    sentence = _("All our numbers are in use for this case. Try again later, or tell support.")


class PhoneUnreachable(DomainError):
    """The telephone provider could not be asked."""

    code = "phone_unreachable"
    http_status = 503
    sentence = _("The telephone service does not answer. Hang up on your phone; we find out how the call ended.")


class NoOwnNumber(DomainError):
    """The collector has no phone number on file that we could ring."""

    code = "no_own_number"
    sentence = _("We have no phone number of yours to ring. Add one on your application page.")
