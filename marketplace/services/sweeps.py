"""What comes due by itself: leases, promises, recalls, listings.

Each row is moved in its own transaction, so a missed run loses nothing and one bad row stops no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import DomainError
from marketplace import states
from marketplace.models import Claim, Note, Programme, Task
from marketplace.outcomes import RESULTS
from marketplace.services.cases import arrangement_broken, close_case
from marketplace.services.claims import end_claim
from marketplace.services.promises import sweep_due as sweep_promises
from marketplace.services.recalls import finish_due

_RIGHT_PARTY = [code for code, result in RESULTS.items() if result.is_right_party]


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows each sweep moved."""

    leases: int
    promises: int
    recalls: int
    listings: int


def sweep_due(*, at: datetime) -> Swept:
    """Run every sweep once for the instant `at`."""
    broken = sweep_promises(at=at)
    for promise in broken:
        if promise.plan_ref and promise.case.state == states.ARRANGED:
            arrangement_broken(case=promise.case, at=at)
    recalls = finish_due(at=at)
    return Swept(sweep_leases(at=at), len(broken), len(recalls), sweep_listings(at=at))


def sweep_leases(*, at: datetime) -> int:
    """End the claims whose lease is over; returns how many."""
    ended = 0
    for claim in Claim.objects.filter(state=states.ACTIVE, lease_until__lte=at).order_by("pk"):
        try:
            end_claim(claim=claim, event="lease_expired", reason="lease_expired", actor="system", at=at)
        except DomainError:  # released or closed since it was read
            continue
        ended += 1
    return ended


def sweep_listings(*, at: datetime) -> int:
    """Close the cases that stood on the board for their programme's listing days without a taker; returns how many.

    The close code tells whether anybody was ever reached.
    """
    closed = 0
    for programme in Programme.objects.all():
        since = at - timedelta(days=programme.listing_days)
        stale = Task.objects.filter(
            case__programme=programme, case__state=states.LISTED, state__in=[states.OPEN, states.PAUSED],
            listed_at__lte=since,
        )  # fmt: skip
        for task in stale.select_related("case").order_by("pk"):
            reached = Note.objects.filter(case=task.case_id, result__in=_RIGHT_PARTY).exists()
            code = "EXC" if reached else "EXN"
            try:
                close_case(case=task.case, code=code, event="listing_expires", actor="system", at=at)
            except DomainError:  # claimed since it was read
                continue
            closed += 1
    return closed
