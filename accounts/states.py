"""State tables of the accounts package."""

from __future__ import annotations

from core.machines import Machine, Move

DRAFT, SUBMITTED, MORE_NEEDED, APPROVED, REFUSED = "DRAFT", "SUBMITTED", "MORE_NEEDED", "APPROVED", "REFUSED"

APPLICATION = Machine(
    name="application",
    initial=frozenset({DRAFT}),
    moves=(
        Move(DRAFT, "submit", SUBMITTED, "collector"),
        Move(SUBMITTED, "approve", APPROVED, "admin"),
        Move(SUBMITTED, "refuse", REFUSED, "admin"),
        Move(SUBMITTED, "ask_more", MORE_NEEDED, "admin"),
        Move(MORE_NEEDED, "submit", SUBMITTED, "collector"),
        Move(APPROVED, "renew", DRAFT, "collector"),
    ),
)

MACHINES = {"accounts_application": APPLICATION}
