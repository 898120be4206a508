"""How contacts ended: outcomes of attempts, slots given back, and contacts the debtor started. All append-only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from compliance.facts import debt_ref
from compliance.models import AttemptOutcome, ContactAttempt, InboundContact, Permit, SlotRelease
from core.events import record
from marketplace.models import Case, NumberStanding

# Outcomes that mean the carrier never connected: the reserved slot goes back (12 CFR 1006.14(b)(3)(ii)).
RELEASING = frozenset({"busy", "not_in_service"})
RIGHT_PARTY = "right_party"


def record_outcome(
    *, attempt: ContactAttempt, outcome: str, source: str, at: datetime, answered_by: str = "",
    is_conversation: bool = False, carrier_cause: str = "", debt_refs: Sequence[str] | None = None,
) -> AttemptOutcome:  # fmt: skip
    """Add what is known of an attempt's end; the newest row speaks.

    Args: outcome a word of the log vocabulary; source "provider", "collector" or "reconcile"; answered_by
    "right_party", "third_party" or empty. The same news twice adds no second row. A late "busy" releases the slot
    exactly once.
    """
    with transaction.atomic():
        # its permit stands for it: the application has no right to lock what it may never change
        Permit.objects.select_for_update(no_key=True).get(pk=attempt.permit_id)
        newest = attempt.outcomes.order_by("-pk").first()
        if newest and (newest.outcome, newest.answered_by, newest.is_conversation) == (
            outcome,
            answered_by,
            is_conversation,
        ):
            return newest
        row = AttemptOutcome.objects.create(
            attempt=attempt, at=at, outcome=outcome, answered_by=answered_by, is_conversation=is_conversation,
            carrier_cause=carrier_cause, source=source, debt_refs=list(debt_refs) if debt_refs is not None else None,
        )  # fmt: skip
        if outcome in RELEASING:
            release_slot(attempt=attempt, reason=outcome, at=at)
        case = attempt.case
        record(
            name="contact.outcome", stream=case.stream, actor=source, at=at, creditor_id=case.org_id,
            data={
                "channel": attempt.channel, "outcome": outcome, "answered_by": answered_by,
                "conversation": is_conversation,
            },
        )  # fmt: skip
        return row


def release_slot(*, attempt: ContactAttempt, reason: str, at: datetime) -> bool:
    """Give the reserved slot back; True when this call did it, False when it had been given back before."""
    with transaction.atomic():
        _row, made = SlotRelease.objects.get_or_create(attempt=attempt, defaults={"reason": reason, "at": at})
    return made


def record_inbound(
    *, case: Case, channel: str, outcome: str, at: datetime, number_hash: bytes | None = None
) -> InboundContact:
    """Store a contact the debtor started; it needs no permit and starts cool-downs when it was a conversation."""
    with transaction.atomic():
        return InboundContact.objects.create(
            person_id=case.debtor.person_id, case=case, channel=channel, at=at, outcome=outcome,
            debt_refs=[debt_ref(case.debt_id)], number_hash=number_hash,
        )  # fmt: skip


def mark_number(*, attempt: ContactAttempt, standing: str, actor: str, at: datetime) -> None:
    """Bar the number of an attempt for its person, on any case of any creditor: "wrong" (for ever) or "stop"."""
    if attempt.number_hash is None:
        return
    with transaction.atomic():
        NumberStanding.objects.get_or_create(
            person_id=attempt.person_id, hash=attempt.number_hash,
            defaults={"standing": standing, "since": at, "set_by": actor},
        )  # fmt: skip
