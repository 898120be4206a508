"""State tables of payments, accruals, payouts and top-ups."""

from __future__ import annotations

from core.machines import Machine, Move

REPORTED, CLEARED, REVERSED = "REPORTED", "CLEARED", "REVERSED"

PAYMENT = Machine(
    name="payment",
    initial=frozenset({REPORTED}),
    moves=(
        Move(REPORTED, "instrument_days_over", CLEARED, "system"),
        Move(REPORTED, "reversed", REVERSED, "creditor"),
        Move(CLEARED, "reversed", REVERSED, "creditor"),
    ),
)

PENDING, EARNED, HELD, FROZEN, PAYABLE = "PENDING", "EARNED", "HELD", "FROZEN", "PAYABLE"
IN_TRANSIT, PAID, CLAWBACK_DUE = "IN_TRANSIT", "PAID", "CLAWBACK_DUE"
RECOVERED, WRITTEN_OFF = "RECOVERED", "WRITTEN_OFF"

_TAKEN_BACK = (PENDING, EARNED, HELD, PAYABLE)

ACCRUAL = Machine(
    name="accrual",
    initial=frozenset({PENDING, REVERSED, CLAWBACK_DUE}),
    moves=(
        Move(PENDING, "payment_cleared", EARNED, "system"),
        Move(PENDING, "payment_cleared", HELD, "system"),
        Move(EARNED, "creditor_pays", HELD, "system"),
        *(Move(state, "payment_reversed", REVERSED, "system") for state in _TAKEN_BACK),
        Move(HELD, "holdback_elapsed", PAYABLE, "system"),
        Move(HELD, "attribution_dispute", FROZEN, "collector, creditor"),
        Move(FROZEN, "resolved_for", HELD, "admin"),
        Move(FROZEN, "resolved_against", REVERSED, "admin"),
        Move(PAYABLE, "payout_created", IN_TRANSIT, "system"),
        Move(IN_TRANSIT, "transfer_confirmed", PAID, "system"),
        Move(IN_TRANSIT, "transfer_refused", PAYABLE, "system"),
        Move(PAID, "payment_reversed", CLAWBACK_DUE, "system"),
        Move(CLAWBACK_DUE, "netted", RECOVERED, "system"),
        Move(CLAWBACK_DUE, "write_off", WRITTEN_OFF, "admin"),
    ),
)

CREATED, SENDING, UNKNOWN, CONFIRMED, FAILED = "CREATED", "SENDING", "UNKNOWN", "CONFIRMED", "FAILED"
OPEN_TRANSFER = (CREATED, SENDING, UNKNOWN)

TRANSFER = Machine(
    name="transfer",
    initial=frozenset({CREATED}),
    moves=(
        Move(CREATED, "send", SENDING, "system"),
        Move(SENDING, "time_out", UNKNOWN, "system"),
        *(Move(state, "confirmed", CONFIRMED, "provider") for state in (SENDING, UNKNOWN)),
        *(Move(state, "refused", FAILED, "provider") for state in (CREATED, SENDING, UNKNOWN)),
    ),
)

STATEMENT_OPEN, STATEMENT_CONFIRMED, STATEMENT_REJECTED = "OPEN", "CONFIRMED", "REJECTED"

STATEMENT = Machine(
    name="paid_statement",
    initial=frozenset({STATEMENT_OPEN}),
    moves=(
        Move(STATEMENT_OPEN, "confirm", STATEMENT_CONFIRMED, "creditor"),
        Move(STATEMENT_OPEN, "reject", STATEMENT_REJECTED, "creditor"),
    ),
)

MACHINES = {
    "payments_payment": PAYMENT,
    "payments_accrual": ACCRUAL,
    "payments_payout": TRANSFER,
    "payments_topup": TRANSFER,
    "payments_paidstatement": STATEMENT,
}
