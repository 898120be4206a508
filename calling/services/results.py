"""How a call ended, in the collector's words: the wrap-up that every call needs before the next one."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from calling.errors import CallRunning, ResultStands
from calling.models import Call
from calling.services.legs import lock_call
from calling.services.protect import protect
from compliance.models import ContactAttempt
from compliance.services import attempts
from compliance.services.notes import add_note
from core.errors import BadInput
from core.events import record
from marketplace.models import Note, Person
from marketplace.outcomes import PAIRS, is_right_party
from marketplace.services.promises import make_promise

_NOBODY = frozenset({"NO_ANSWER", "VOICEMAIL", "DROPPED", "ENDED_EARLY", "BUSY", "NOT_IN_SERVICE"})
# When both sides were joined the carrier has proved that somebody answered.
_JOINED = PAIRS["CALL"] - {"NO_ANSWER", "ENDED_EARLY", "BUSY", "NOT_IN_SERVICE"}
# Contact log word and who answered, where the collector knows more than the carrier.
_REFINED = {
    "DECEASED": ("answered", "third_party"),
    "THIRD_PARTY": ("answered", "third_party"),
    "WRONG_PERSON": ("wrong_person", "third_party"),
    "VOICEMAIL": ("voicemail", ""),
    "DROPPED": ("dropped", ""),
}


def results_for(call: Call) -> frozenset[str]:
    """The results this call can have: nobody was reached unless the lines were joined."""
    return frozenset(_JOINED) if call.bridged_at is not None else _NOBODY


def record_result(
    *, call: Call, result: str, text: str, actor: str, at: datetime, idem_key: str | None = None,
    promise: tuple[int, date] | None = None,
) -> Note:  # fmt: skip
    """Write down how a call ended, all or nothing; possible as soon as both sides were joined.

    Args: result a code of the CALL pairs; text the collector's words; promise (amount in minor units, the debtor's
    local day) with the result PROMISE and only then. A protective result takes effect at once. The same idem_key
    returns the first note. Raises BadInput, TextRefused, CallRunning, ResultStands, and what make_promise refuses.
    """
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=call.permit.person_id)
        locked = lock_call(call.pk)
        if locked.result_at is not None:
            return _earlier(locked, idem_key, result, text)
        _check(locked, result, promise)
        note = add_note(
            claim=locked.claim, action="CALL", result=result, text=text, actor=actor, at=at, call_ref=locked.ref,
            idem_key=idem_key,
        )  # fmt: skip
        _refine(locked, result, at=at)
        if promise is not None:
            amount_minor, due_date = promise
            make_promise(
                case=locked.case, claim=locked.claim if locked.claim.is_live else None, amount_minor=amount_minor,
                due_date=due_date, channel="call", actor=actor, at=at,
            )  # fmt: skip
        protect(call=locked, result=result, text=text, actor=actor, at=at)
        Call.objects.filter(pk=locked.pk, result_at__isnull=True).update(result_at=at)
        record(
            name="call.result", stream=locked.case.stream, actor=actor, at=at, creditor_id=locked.case.org_id,
            data={"call": locked.ref, "result": result},
        )  # fmt: skip
    call.result_at = at
    return note


def _earlier(call: Call, idem_key: str | None, result: str, text: str) -> Note:
    note = Note.objects.filter(idem_key=idem_key, call_ref=call.ref).first() if idem_key else None
    if note is None or (note.result, note.text) != (result, text.strip()):
        raise ResultStands()
    return note


def _check(call: Call, result: str, promise: tuple[int, date] | None) -> None:
    if call.ended_at is None and call.bridged_at is None:
        raise CallRunning()
    if result not in results_for(call):
        raise BadInput(field="result", reason=_("Choose how it ended from the list."))
    if (result == "PROMISE") != (promise is not None):
        raise BadInput(field="amount", reason=_("Enter the promised amount and day, or choose another result."))


def _refine(call: Call, result: str, *, at: datetime) -> None:
    """Add what the collector heard to the contact log. Nothing he says gives a slot back; only the carrier can."""
    attempt = ContactAttempt.objects.filter(permit_id=call.permit_id).first()
    if attempt is None or call.bridged_at is None:
        return
    if is_right_party(result):
        attempts.record_outcome(
            attempt=attempt, outcome="answered", source="collector", at=at, answered_by=attempts.RIGHT_PARTY,
            is_conversation=True,
        )  # fmt: skip
    elif result in _REFINED:
        outcome, answered_by = _REFINED[result]
        attempts.record_outcome(attempt=attempt, outcome=outcome, source="collector", at=at, answered_by=answered_by)
