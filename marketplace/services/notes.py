"""Notes: a pair of action and result, and words that have passed the language policy."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.errors import BadInput
from core.events import record
from marketplace import states
from marketplace.checked import CheckedText
from marketplace.errors import ClaimEnded, KeyReused
from marketplace.models import Case, Claim, Note
from marketplace.outcomes import is_allowed


def write_note(
    *, case: Case, claim: Claim | None, action: str, result: str, text: CheckedText, actor: str, at: datetime,
    call_ref: str = "", idem_key: str | None = None,
) -> Note:  # fmt: skip
    """Append a note to a case. The same `idem_key` with the same content returns the first note.

    The result of a call may still be written after its claim has ended, anything else not. Raises BadInput for a pair
    that does not exist, ClaimEnded, KeyReused.
    """
    if not is_allowed(action, result):
        raise BadInput(field="result", reason=_("Choose how it ended from the list."))
    note = Note(
        case=case, claim=claim, action=action, result=result, text=text.text, actor=actor, call_ref=call_ref,
        idem_key=idem_key, at=at,
    )  # fmt: skip
    with transaction.atomic():
        if idem_key and (earlier := Note.objects.filter(idem_key=idem_key).first()):
            return _same(earlier, note)
        if claim is not None and not call_ref and not _is_live(claim):
            raise ClaimEnded()
        try:
            with transaction.atomic():
                note.save(force_insert=True)
        except IntegrityError:
            earlier = Note.objects.filter(idem_key=idem_key).first()
            if not idem_key or earlier is None:
                raise
            return _same(earlier, note)
        if claim is not None:
            Claim.objects.filter(pk=claim.pk).update(first_action_due_at=None)
        record(
            name="note.added", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
            data={"note": note.pk, "action": action, "result": result, "call": call_ref},
        )  # fmt: skip
    return note


def _is_live(claim: Claim) -> bool:
    return Claim.objects.filter(pk=claim.pk, state__in=states.LIVE_CLAIM).exists()


def _same(earlier: Note, wanted: Note) -> Note:
    fields = ("case_id", "claim_id", "action", "result", "text", "actor", "call_ref")
    if any(getattr(earlier, name) != getattr(wanted, name) for name in fields):
        raise KeyReused()
    return earlier
