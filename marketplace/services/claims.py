"""Taking a case and giving it up. Guarded updates decide who wins; a partial unique index is the second lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts.models import Collector
from core.errors import NotFound
from core.events import record
from core.ids import new_ref
from marketplace import states
from marketplace.errors import AboveYourBand, CaseTaken, ClaimEnded, ClaimLimitReached, WrongState
from marketplace.models import Case, Claim, Task
from marketplace.services.locks import lock_case, lock_collectors

LEASE = timedelta(days=14)
LEASE_HARD_STOP = timedelta(days=90)
FIRST_ACTION = timedelta(hours=48)

RELEASE_REASONS: dict[str, Any] = {
    "no_time": _("I have no time for it"),
    "cannot_reach": _("I cannot reach them"),
    "language": _("We share no language"),
    "conflict": _("I know this person"),
    "other": _("Another reason"),
}

_TARGETS = {
    "release": states.TAIL,
    "lease_expired": states.TAIL,
    "sla_missed": states.TAIL,
    "case_closed": states.TAIL,
    "recall": states.TAIL,
    "revoke_conduct": states.VOID,
}


@dataclass(frozen=True, slots=True)
class Clearance:
    """Proof that the collector may work this case: vetting, licence and conflict were checked at `checked_at`.

    Built only by compliance.services.claiming, in the transaction of the claim; a test refuses any other caller.
    """

    collector_id: int
    case_id: int
    region: str
    checked_at: datetime


def take(*, clearance: Clearance, terms: dict[str, Any], at: datetime) -> Claim:
    """Give the case's open collection task to the cleared collector, under `terms` frozen as they are.

    The case's guarded update decides between claimers, the collector's guarded counter keeps the limit.
    Raises ClaimLimitReached, CaseTaken, AboveYourBand; a refusal leaves nothing behind.
    """
    with transaction.atomic():
        mine = Collector.objects.filter(pk=clearance.collector_id, live_claims__lt=F("live_limit"))
        if not mine.update(live_claims=F("live_claims") + 1):
            raise ClaimLimitReached()
        listed = Case.objects.filter(pk=clearance.case_id, state=states.LISTED)
        if not listed.update(state=states.WORKING):
            raise CaseTaken()
        on_board = Task.objects.filter(case_id=clearance.case_id, kind=Task.Kind.COLLECT, state=states.OPEN)
        if not on_board.update(state=states.CLAIMED):
            raise CaseTaken()
        return _accept(clearance, terms=terms, at=at)


def _accept(clearance: Clearance, *, terms: dict[str, Any], at: datetime) -> Claim:
    task = Task.objects.select_related("case__debt").get(
        case_id=clearance.case_id, kind=Task.Kind.COLLECT, state=states.CLAIMED
    )
    collector = Collector.objects.get(pk=clearance.collector_id)
    case, debt = task.case, task.case.debt
    if collector.amount_cap_minor is not None and debt.balance_minor > collector.amount_cap_minor:
        raise AboveYourBand()
    try:
        with transaction.atomic():
            claim = Claim.objects.create(
                ref=new_ref("M"), task=task, case=case, collector=collector, terms=terms, currency=debt.currency,
                balance_minor=debt.balance_minor, past_due_since=debt.delinquency_date, accepted_at=at,
                lease_until=at + LEASE, first_action_due_at=at + FIRST_ACTION,
            )  # fmt: skip
    except IntegrityError:
        raise CaseTaken() from None
    record(
        name="case.claimed", stream=case.stream, actor=collector.actor, at=at, creditor_id=case.org_id,
        data={"claim": claim.ref, "task": task.ref, "lease_until": claim.lease_until},
    )  # fmt: skip
    return claim


def end_claim(*, claim: Claim, event: str, reason: str, actor: str, at: datetime) -> Claim:
    """End a claim by `event` (release, lease_expired, sla_missed, case_closed, recall, revoke_conduct).

    A WORKING case goes back to the board with its task; a case with a plan, a recall or money under way stays as it
    is and its task is withdrawn. `reason` is a code of at most 40 characters. A claim in its tail can only be
    revoked. Raises ClaimEnded, WrongState for an unknown event.
    """
    if event not in _TARGETS:
        raise WrongState(state=event)
    with transaction.atomic():
        lock_collectors({claim.collector_id})
        case = lock_case(claim.case_id)
        locked = _lock_claim(claim.pk)
        was_live = locked.is_live
        finish(locked, case=case, event=event, reason=reason, actor=actor, at=at)
        if was_live:
            _give_back(locked, case)
    return locked


def _lock_claim(claim_id: int) -> Claim:
    claim = Claim.objects.select_for_update(of=("self",)).select_related("collector").filter(pk=claim_id).first()
    if claim is None:
        raise NotFound()
    return claim


def finish(claim: Claim, *, case: Case, event: str, reason: str, actor: str, at: datetime) -> None:
    """Move a locked claim to its end and free its place in the collector's limit. The caller holds the locks."""
    target = _TARGETS[event]
    if claim.state == states.OFFERED:
        target = states.DECLINED
    if not states.CLAIM.allows(claim.state, target):
        raise ClaimEnded()
    if claim.is_live:
        Collector.objects.filter(pk=claim.collector_id).update(live_claims=F("live_claims") - 1)
        claim.ended_at = at
    claim.state, claim.end_reason = target, (reason or event)[:40]
    claim.save(update_fields=["state", "ended_at", "end_reason"])
    record(
        name="claim.ended", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
        data={"claim": claim.ref, "event": event, "reason": claim.end_reason},
    )  # fmt: skip


def _give_back(claim: Claim, case: Case) -> None:
    task = Task.objects.filter(pk=claim.task_id, state=states.CLAIMED)
    if case.state == states.WORKING:
        task.update(state=states.OPEN)
        Case.objects.filter(pk=case.pk).update(state=states.LISTED)
    else:
        task.update(state=states.WITHDRAWN)


def extend_lease(*, claim: Claim, until: datetime) -> None:
    """Let the lease reach `until`, at most 90 days after acceptance; it never becomes shorter."""
    until = min(until, claim.accepted_at + LEASE_HARD_STOP)
    Claim.objects.filter(pk=claim.pk, state__in=states.LIVE_CLAIM, lease_until__lt=until).update(lease_until=until)
