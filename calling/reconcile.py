"""Finding out what the webhooks did not tell: overdue legs are asked about, never called again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from calling import dialler, fold
from calling.errors import PhoneUnreachable
from calling.models import Call, Incident, Leg
from calling.services.legs import legs_of, lock_call, observe, settle
from compliance.models import Permit

UNKNOWN_FOR: Final = timedelta(seconds=120)
AGAIN: Final = timedelta(seconds=20)
# States in which a leg that is overdue should not be any more: it is ended, then asked about again.
_ENDED_WHEN_OVERDUE: Final = frozenset({fold.QUEUED, fold.INITIATED, fold.RINGING, fold.BRIDGED})


def reconcile_calls(*, at: datetime, limit: int = 100) -> int:
    """Ask the provider about every leg whose deadline has passed; returns how many were looked at.

    A leg the provider has no record of is lost and an incident. A create whose outcome nobody knows is looked for in
    the provider's list by numbers, and given up as lost after 120 seconds; it stays counted.
    """
    done = 0
    for pk in _due(at, limit):
        if _claim_turn(pk, at=at):
            _look(Leg.objects.select_related("call__collector", "call__mask", "call__permit").get(pk=pk), at=at)
            done += 1
    return done


def _due(at: datetime, limit: int) -> list[int]:
    rows = Leg.objects.filter(terminal_at__isnull=True, deadline_at__lte=at).order_by("deadline_at")
    return list(rows.values_list("pk", flat=True)[:limit])


def _claim_turn(pk: int, *, at: datetime) -> bool:
    """Take a leg for this run by moving its deadline; another worker's is skipped. Nothing is locked while we ask."""
    with transaction.atomic():
        rows = Leg.objects.select_for_update(skip_locked=True)
        leg = rows.filter(pk=pk, terminal_at__isnull=True, deadline_at__lte=at).first()
        if leg is None:
            return False
        Leg.objects.filter(pk=pk).update(deadline_at=at + AGAIN)
        return True


def _look(leg: Leg, *, at: datetime) -> None:
    try:
        if leg.sid is None:
            _look_for(leg, at=at)
            return
        facts = dialler.fetch_leg(leg.sid)
        if facts is None:
            _lose(leg, at=at, incident="leg_gone")
        elif leg.state in _ENDED_WHEN_OVERDUE and fold.RANK[facts.state] <= leg.rank:
            dialler.end_leg(leg.sid)
        else:
            _apply(leg, facts, at=at)
    except PhoneUnreachable:
        return


def _apply(leg: Leg, facts: dialler.LegFacts, *, at: datetime) -> None:
    with transaction.atomic():
        call = lock_call(leg.call_id)
        Leg.objects.filter(pk=leg.pk, sid__isnull=True).update(sid=facts.sid)
        observe(leg_id=leg.pk, state=facts.state, duration_s=facts.duration_s, at=at)
        settle(call, source="reconcile", at=at)


def _look_for(leg: Leg, *, at: datetime) -> None:
    """A leg without the provider's name: find it in the list, or give it up."""
    call = leg.call
    if leg.role == Leg.Role.COLLECTOR and not _was_redeemed(call):
        # no permit was used, so the create was never sent
        _finish(leg, state=fold.FAILED, at=at)
        return
    found = _find(leg, at=at)
    if len(found) == 1:
        _apply(leg, found[0], at=at)
    elif at >= call.requested_at + UNKNOWN_FOR:
        _lose(leg, at=at)


def _was_redeemed(call: Call) -> bool:
    return Permit.objects.filter(pk=call.permit_id, redeemed_at__isnull=False).exists()


def _find(leg: Leg, *, at: datetime) -> list[dialler.LegFacts]:
    call = leg.call
    # the provider lives in real time; ours runs at least as fast
    since = timezone.now() - max(at - call.requested_at, timedelta(0)) - timedelta(minutes=1)
    legs = dialler.list_legs(since)
    known = set(Leg.objects.filter(sid__in=[facts.sid for facts in legs]).values_list("sid", flat=True))
    free = [facts for facts in legs if facts.sid not in known]
    if leg.role == Leg.Role.DEBTOR:
        parent = legs_of(call)[0].sid
        return [facts for facts in free if parent and facts.parent_sid == parent]
    return [facts for facts in free if not facts.parent_sid and dialler.rings_collector(facts, call)]


def _lose(leg: Leg, *, at: datetime, incident: str = "") -> None:
    if incident:
        Incident.objects.get_or_create(
            kind=incident, provider_ref=leg.sid or "", defaults={"call_ref": leg.call.ref, "at": at}
        )
    _finish(leg, state=fold.LOST, at=at)


def _finish(leg: Leg, *, state: str, at: datetime) -> None:
    with transaction.atomic():
        call = lock_call(leg.call_id)
        observe(leg_id=leg.pk, state=state, at=at)
        settle(call, source="reconcile", at=at)


def audit_legs(*, since: datetime, at: datetime) -> list[Incident]:
    """Compare the provider's own list since `since` (real time) with our legs: one without a decision is an incident.

    Legs younger than two minutes, or that a lost create may explain, are left for the next audit.
    """
    recent = timezone.now() - timedelta(minutes=2)
    legs = [facts for facts in dialler.list_legs(since) if facts.created_at is None or facts.created_at < recent]
    known = set(Leg.objects.filter(sid__in=[facts.sid for facts in legs]).values_list("sid", flat=True))
    searching = Leg.objects.filter(sid__isnull=True, terminal_at__isnull=True, rank__gt=0).exists()
    found = []
    for facts in legs:
        if facts.sid in known or facts.direction == "inbound" or searching or facts.parent_sid in known:
            continue
        incident, made = Incident.objects.get_or_create(
            kind="orphan_leg", provider_ref=facts.sid, defaults={"at": at, "detail": {"state": facts.state}}
        )
        found += [incident] if made else []
    return found
