from __future__ import annotations

from datetime import datetime

from compliance import language
from marketplace.models import Claim, Note
from marketplace.services.notes import write_note


def add_note(
    *, claim: Claim, action: str, result: str, text: str, actor: str, at: datetime, call_ref: str = "",
    idem_key: str | None = None,
) -> Note:  # fmt: skip
    """Write a note on the claim's case after the language policy has passed its text.

    Raises TextRefused (the text goes back to the writer, nothing is stored), and whatever marketplace.write_note
    refuses: an unknown action and result pair, a claim that has ended, an idempotency key used for another note.
    """
    checked = language.check(text, claim.case.debtor.language)
    return write_note(
        case=claim.case, claim=claim, action=action, result=result, text=checked, actor=actor, at=at,
        call_ref=call_ref, idem_key=idem_key,
    )  # fmt: skip
