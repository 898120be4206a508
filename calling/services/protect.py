"""What a debtor says that protects him at once, whoever writes it down. The collector cannot take it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from calling.models import Call
from compliance.models import ContactAttempt, Preference
from compliance.services import attempts, holds
from compliance.services.disputes import open_dispute
from compliance.services.stops import stop_contact


def stop_calls(*, call: Call, actor: str, at: datetime) -> None:
    """The debtor does not want to be called any more: no call to this number, nor any call to this person.

    An oral request, so letters and the private link stay open (12 CFR 1006.14(h)). Saying it twice adds nothing.
    """
    with transaction.atomic():
        stop_contact(case=call.case, form="oral", actor=actor, at=at)
        Preference.objects.get_or_create(
            person_id=call.case.debtor.person_id, kind=Preference.Kind.MEDIUM_OPT_OUT, detail={"medium": "call"},
            lifted_at=None, defaults={"set_by": actor, "set_at": at},
        )  # fmt: skip
        attempt = _attempt(call)
        if attempt is not None:
            attempts.mark_number(attempt=attempt, standing="stop", actor=actor, at=at)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the debtor said on a call, in the collector's words."""

    call: Call
    text: str
    actor: str
    at: datetime


def _attempt(call: Call) -> ContactAttempt | None:
    return ContactAttempt.objects.filter(permit_id=call.permit_id).first()


def _wrong_person(said: _Said) -> None:
    attempt = _attempt(said.call)
    if attempt is not None:
        attempts.mark_number(attempt=attempt, standing="wrong", actor=said.actor, at=said.at)


def _dispute(kind: str) -> Callable[[_Said], None]:
    def open_it(said: _Said) -> None:
        open_dispute(
            case=said.call.case, parts=[], text=said.text, channel="call", actor=said.actor, at=said.at, kind=kind
        )

    return open_it


def _stop(said: _Said) -> None:
    stop_calls(call=said.call, actor=said.actor, at=said.at)


def _hold(reason: str) -> Callable[[_Said], None]:
    def open_it(said: _Said) -> None:
        holds.open_hold(reason=reason, case=said.call.case, actor=said.actor, at=said.at, evidence=said.call.ref)

    return open_it


_FLOWS: dict[str, Callable[[_Said], None]] = {
    "WRONG_PERSON": _wrong_person,
    "DISPUTES": _dispute("dispute"),
    "SAYS_PAID": _dispute("already_paid"),
    "STOP": _stop,
    "LAWYER": _hold("REPRESENTED"),
    "BANKRUPT": _hold("BANKRUPT"),
    "DECEASED": _hold("DECEASED"),
    "HARDSHIP": _hold("HARDSHIP_REVIEW"),
}


def protect(*, call: Call, result: str, text: str, actor: str, at: datetime) -> None:
    """Do what `result` demands for the debtor: bar the number, open the hold or the dispute. Other results: nothing."""
    flow = _FLOWS.get(result)
    if flow is not None:
        with transaction.atomic():
            flow(_Said(call, text, actor, at))
