"""State tables of disputes."""

from __future__ import annotations

from core.machines import Machine, Move

OPEN, AWAITING_CREDITOR = "OPEN", "AWAITING_CREDITOR"
VALIDATED, CORRECTED, CLOSED_NOT_OWED = "VALIDATED", "CORRECTED", "CLOSED_NOT_OWED"

DISPUTE = Machine(
    name="dispute",
    initial=frozenset({OPEN}),
    moves=(
        Move(OPEN, "ask_creditor", AWAITING_CREDITOR, "system"),
        *(
            Move(source, "answer", target, "creditor")
            for source in (OPEN, AWAITING_CREDITOR)
            for target in (VALIDATED, CORRECTED, CLOSED_NOT_OWED)
        ),
        Move(AWAITING_CREDITOR, "creditor_timeout", CLOSED_NOT_OWED, "system"),
        Move(OPEN, "admin_close_not_owed", CLOSED_NOT_OWED, "admin"),
    ),
)

MACHINES = {"compliance_dispute": DISPUTE}
