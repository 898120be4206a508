"""State tables of cases, tasks, claims, promises and batches: the one place where they are written."""

from __future__ import annotations

from core.machines import Machine, Move

READY, NOTICED, LISTED, WORKING = "READY", "NOTICED", "LISTED", "WORKING"
ARRANGED, RECALL_PENDING, CLEARING, CLOSED = "ARRANGED", "RECALL_PENDING", "CLEARING", "CLOSED"

_OPEN_CASE = (READY, NOTICED, LISTED, WORKING, ARRANGED, RECALL_PENDING)

CASE = Machine(
    name="case",
    initial=frozenset({READY}),
    moves=(
        Move(READY, "notice_sent", NOTICED, "system"),
        Move(NOTICED, "list", LISTED, "creditor, system"),
        Move(LISTED, "claim", WORKING, "collector"),
        Move(LISTED, "listing_expires", CLOSED, "system"),
        Move(WORKING, "claim_ends", LISTED, "collector, system, admin"),
        Move(WORKING, "arrange", ARRANGED, "collector, debtor"),
        Move(ARRANGED, "arrangement_broken", WORKING, "system"),
        Move(ARRANGED, "arrangement_broken", LISTED, "system"),
        Move(ARRANGED, "plan_completed", CLEARING, "system"),
        *(Move(state, "pays_in_full", CLEARING, "debtor, creditor") for state in _OPEN_CASE),
        *(Move(state, "withdraw", CLOSED, "creditor") for state in (READY, NOTICED, LISTED)),
        *(Move(state, "recall_notice", RECALL_PENDING, "creditor, system") for state in (WORKING, ARRANGED)),
        Move(RECALL_PENDING, "recall_final", CLOSED, "system"),
        Move(RECALL_PENDING, "recall_cancelled", WORKING, "creditor"),
        Move(RECALL_PENDING, "recall_cancelled", ARRANGED, "creditor"),
        *(Move(state, "stop", CLOSED, "creditor, admin, compliance") for state in (*_OPEN_CASE, CLEARING)),
        Move(CLEARING, "cleared", CLOSED, "system"),
        Move(CLEARING, "reversed", WORKING, "system"),
        Move(CLEARING, "reversed", LISTED, "system"),
        Move(CLOSED, "reopen_on_reversal", LISTED, "system, admin"),
    ),
)

OPEN, PAUSED, CLAIMED, DONE, WITHDRAWN = "OPEN", "PAUSED", "CLAIMED", "DONE", "WITHDRAWN"

TASK = Machine(
    name="task",
    initial=frozenset({OPEN, PAUSED}),
    moves=(
        Move(OPEN, "pause", PAUSED, "system, creditor, admin"),
        Move(PAUSED, "resume", OPEN, "system, creditor, admin"),
        Move(OPEN, "claim", CLAIMED, "collector"),
        Move(CLAIMED, "claim_ends", OPEN, "collector, system, admin"),
        *(Move(state, "done", DONE, "system") for state in (OPEN, PAUSED, CLAIMED)),
        *(Move(state, "withdraw", WITHDRAWN, "creditor, system") for state in (OPEN, PAUSED, CLAIMED)),
    ),
)

OFFERED, ACTIVE, DECLINED, SUBMITTED = "OFFERED", "ACTIVE", "DECLINED", "SUBMITTED"
DISPUTED, TAIL, VOID, SETTLED = "DISPUTED", "TAIL", "VOID", "SETTLED"
LIVE_CLAIM = (OFFERED, ACTIVE, SUBMITTED, DISPUTED)

CLAIM = Machine(
    name="claim",
    initial=frozenset({ACTIVE, OFFERED}),
    moves=(
        Move(OFFERED, "accept", ACTIVE, "collector"),
        Move(OFFERED, "decline", DECLINED, "collector"),
        Move(OFFERED, "offer_timeout", DECLINED, "system"),
        Move(ACTIVE, "submit", SUBMITTED, "collector"),
        Move(ACTIVE, "release", TAIL, "collector"),
        Move(ACTIVE, "lease_expired", TAIL, "system"),
        Move(ACTIVE, "sla_missed", TAIL, "system"),
        Move(ACTIVE, "case_closed", TAIL, "system"),
        Move(ACTIVE, "revoke_conduct", VOID, "admin"),
        Move(TAIL, "revoke_conduct", VOID, "admin"),
        Move(SUBMITTED, "accept_work", TAIL, "creditor"),
        Move(SUBMITTED, "auto_accept", TAIL, "system"),
        Move(SUBMITTED, "return_work", ACTIVE, "creditor"),
        Move(SUBMITTED, "reject_work", DISPUTED, "creditor"),
        Move(DISPUTED, "uphold", TAIL, "admin"),
        Move(DISPUTED, "overturn", TAIL, "admin"),
        Move(DISPUTED, "creditor_silent", TAIL, "system"),
        Move(TAIL, "tail_elapsed_and_settled", SETTLED, "system"),
    ),
)

PROPOSED, VERIFYING, KEPT, BROKEN = "PROPOSED", "VERIFYING", "KEPT", "BROKEN"
RESCHEDULED, SUSPENDED, CANCELLED = "RESCHEDULED", "SUSPENDED", "CANCELLED"

PROMISE = Machine(
    name="promise",
    initial=frozenset({PROPOSED, ACTIVE}),
    moves=(
        Move(PROPOSED, "debtor_confirms", ACTIVE, "debtor"),
        Move(PROPOSED, "no_confirm", CANCELLED, "system"),
        Move(ACTIVE, "debtor_says_paid", VERIFYING, "debtor"),
        Move(ACTIVE, "funds_cleared", KEPT, "system"),
        Move(ACTIVE, "due_plus_grace", BROKEN, "system"),
        Move(ACTIVE, "reschedule", RESCHEDULED, "collector, debtor"),
        Move(ACTIVE, "hold_opened", SUSPENDED, "system"),
        Move(ACTIVE, "cancel", CANCELLED, "collector, debtor, system"),
        Move(VERIFYING, "funds_cleared", KEPT, "system"),
        Move(VERIFYING, "verify_timeout", BROKEN, "system"),
        Move(SUSPENDED, "hold_lifted", ACTIVE, "system"),
        Move(SUSPENDED, "cancel", CANCELLED, "collector, debtor, system"),
    ),
)

STAGED, JUDGED, COMMITTED, CHECKED = "STAGED", "JUDGED", "COMMITTED", "CHECKED"
FILE_REFUSED = "REFUSED"

BATCH = Machine(
    name="batch",
    initial=frozenset({STAGED, FILE_REFUSED}),
    moves=(
        Move(STAGED, "judge", JUDGED, "system"),
        Move(STAGED, "refuse", FILE_REFUSED, "system"),
        Move(JUDGED, "commit", COMMITTED, "system"),
        Move(JUDGED, "dry_run", CHECKED, "system"),
        Move(CHECKED, "run", JUDGED, "creditor"),
    ),
)

TICKET_OPEN, TICKET_ANSWERED, TICKET_CLOSED = "OPEN", "ANSWERED", "CLOSED"

TICKET = Machine(
    name="ticket",
    initial=frozenset({TICKET_OPEN}),
    moves=(
        Move(TICKET_OPEN, "answer", TICKET_ANSWERED, "admin"),
        Move(TICKET_ANSWERED, "reply", TICKET_OPEN, "opener"),
        Move(TICKET_OPEN, "close", TICKET_CLOSED, "opener, admin"),
        Move(TICKET_ANSWERED, "close", TICKET_CLOSED, "opener, admin"),
    ),
)

MACHINES = {
    "marketplace_case": CASE,
    "marketplace_task": TASK,
    "marketplace_claim": CLAIM,
    "marketplace_promise": PROMISE,
    "marketplace_batch": BATCH,
    "marketplace_supportticket": TICKET,
}


def choices(machine: Machine) -> list[tuple[str, str]]:
    """Choices of a state column, in table order of the states' names."""
    return [(state, state.replace("_", " ").capitalize()) for state in sorted(machine.states)]
