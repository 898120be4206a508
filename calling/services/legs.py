"""What is known about the legs of a call, and what follows from it: the contact's outcome, the slot, the call's end.

Every report is kept once by its key and folded in the same transaction. Reports may come late, twice or in any order:
the fold gives one answer, and everything that follows from it may be asked again without doing anything twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from calling import fold
from calling.models import Call, CallEvent, Leg
from compliance.models import ContactAttempt
from compliance.services import attempts
from core.events import record

RING_S = 30
MAX_S = 3600
GATHER_S = 15
# Seconds without news after which a leg is asked about (calling states without an entry wait for nothing).
PATIENCE_S: dict[str, int] = {
    fold.REQUESTED: 60,
    fold.UNKNOWN: 20,
    fold.QUEUED: 30,
    fold.INITIATED: RING_S + 15,
    fold.RINGING: RING_S + 15,
    fold.ANSWERED: 180,
    fold.BRIDGED: MAX_S + 60,
}
UNFETCHED_S = 20
# SIP answers that mean the number does not exist: RFC 3261 404, 410, 484, 604.
UNALLOCATED = frozenset({"404", "410", "484", "604"})
NOT_DIALLED = "not_dialled"


@dataclass(frozen=True, slots=True)
class Report:
    """One thing said about one leg. `key` is the same for every delivery of it; `seen` is empty without a state."""

    key: str
    kind: str
    seen: fold.Observation | None = None
    digits: str = ""
    code: str = ""


def lock_call(call_id: int) -> Call:
    """The call under its row lock. Order: collector, person, call, attempt, stream."""
    rows = Call.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("case", "claim", "collector", "permit").get(pk=call_id)


def legs_of(call: Call) -> tuple[Leg, Leg]:
    """The collector's leg and the debtor's, as the database has them now."""
    found = {leg.role: leg for leg in Leg.objects.filter(call=call)}
    return found[Leg.Role.COLLECTOR], found[Leg.Role.DEBTOR]


def note_report(*, leg: Leg, report: Report, sid: str = "", at: datetime) -> bool:
    """Keep a report about a leg, fold it, and draw the consequences. False when it was known: nothing changes then.

    Args: sid the provider's name of the leg, bound to it when it has none; at our own time of hearing it.
    """
    with transaction.atomic():
        call = lock_call(leg.call_id)
        if sid:
            Leg.objects.filter(pk=leg.pk, sid__isnull=True).update(sid=sid)
        if CallEvent.objects.filter(key=report.key).exists():
            return False
        seen = report.seen
        CallEvent.objects.create(
            key=report.key, leg=leg, kind=report.kind, state=seen.state if seen else "", seq=seen.seq if seen else -1,
            duration_s=seen.duration_s if seen else 0, at=at,
            detail={name: said for name, said in (("digits", report.digits), ("code", report.code)) if said},
        )  # fmt: skip
        if report.digits:
            Leg.objects.filter(pk=leg.pk).update(digits=report.digits[:10])
        if seen:
            observe(leg_id=leg.pk, state=seen.state, seq=seen.seq, duration_s=seen.duration_s, at=at)
        settle(call, source="provider", at=at)
        return True


def observe(*, leg_id: int, state: str, at: datetime, seq: int = -1, duration_s: int = 0) -> Leg:
    """Fold one observation into a leg. The call must be locked."""
    leg = Leg.objects.get(pk=leg_id)
    before = fold.LegState(leg.state, leg.seq, leg.duration_s)
    after = fold.advance(before, fold.Observation("", state, seq, duration_s))
    if after == before:
        return leg
    leg.state, leg.seq, leg.rank = after.state, after.seq, after.rank
    leg.duration_s = max(leg.duration_s, after.duration_s)
    leg.deadline_at = None if after.is_terminal else deadline(leg, at)
    leg.terminal_at = (leg.terminal_at or at) if after.is_terminal else None
    leg.save(update_fields=["state", "seq", "rank", "duration_s", "deadline_at", "terminal_at"])
    return leg


def deadline(leg: Leg, at: datetime) -> datetime:
    """When a leg that stays silent is asked about."""
    patience = PATIENCE_S.get(leg.state, PATIENCE_S[fold.ANSWERED])
    if leg.state == fold.ANSWERED and leg.flow_fetched_at is None:
        patience = UNFETCHED_S
    return at + timedelta(seconds=patience)


def mark_fetched(*, leg: Leg, at: datetime) -> None:
    """The provider has asked what to do on this leg."""
    with transaction.atomic():
        lock_call(leg.call_id)
        Leg.objects.filter(pk=leg.pk, flow_fetched_at__isnull=True).update(flow_fetched_at=at)
        fetched = Leg.objects.get(pk=leg.pk)
        if fetched.terminal_at is None:
            Leg.objects.filter(pk=leg.pk).update(deadline_at=deadline(fetched, at))


def mark_bridged(*, call: Call, at: datetime) -> bool:
    """The debtor has agreed by pressing 1: both sides speak from now on. False when the call was over."""
    with transaction.atomic():
        locked = lock_call(call.pk)
        if locked.ended_at is not None:
            return False
        collector, debtor = legs_of(locked)
        for leg in (collector, debtor):
            observe(leg_id=leg.pk, state=fold.BRIDGED, at=at)
        _set_bridged(locked, at)
        return True


def _set_bridged(call: Call, at: datetime) -> None:
    if Call.objects.filter(pk=call.pk, bridged_at__isnull=True).update(bridged_at=at):
        call.bridged_at = at
        _tell(call, "call.bridged", at=at)


def settle(call: Call, *, source: str, at: datetime) -> None:
    """Draw the consequences of what is known; asking again changes nothing. The call must be locked."""
    collector, debtor = legs_of(call)
    if debtor.state == fold.BRIDGED and call.bridged_at is None:
        _set_bridged(call, at)
    if debtor.terminal_at is not None:
        _tell_outcome(call, debtor, source=source, at=at)
    if collector.terminal_at is None:
        return
    if debtor.rank == 0:
        _release(call, collector, at=at)
    elif debtor.terminal_at is None:
        # the provider ends the second leg with the first, so its end is due now
        soon = at + timedelta(seconds=5)
        if debtor.deadline_at is None or debtor.deadline_at > soon:
            Leg.objects.filter(pk=debtor.pk).update(deadline_at=soon)
    if call.ended_at is None:
        _end(call, collector, debtor, at=at)


def _tell_outcome(call: Call, debtor: Leg, *, source: str, at: datetime) -> None:
    attempt = ContactAttempt.objects.filter(permit_id=call.permit_id).first()
    if attempt is None:
        return
    code = _carrier_code(debtor)
    outcome = outcome_of(call, debtor, code)
    said_by_collector = attempt.outcomes.filter(source="collector").exists()
    if said_by_collector and outcome not in attempts.RELEASING:
        return
    attempts.record_outcome(attempt=attempt, outcome=outcome, source=source, at=at, carrier_cause=code)


def outcome_of(call: Call, debtor: Leg, code: str) -> str:
    """The word of the contact log for how the debtor's ended leg ended; what nobody knows counts as a contact."""
    if call.bridged_at is not None or debtor.digits:
        return "answered"
    if debtor.state == fold.BUSY:
        return "busy"
    if debtor.state == fold.FAILED and code in UNALLOCATED:
        return "not_in_service"
    if debtor.state == fold.COMPLETED:
        # a machine lets the notice and the wait for a key run out, a person hangs up before
        return "voicemail" if debtor.duration_s >= GATHER_S else "dropped"
    return "no_answer"


def _carrier_code(leg: Leg) -> str:
    codes = CallEvent.objects.filter(leg=leg, detail__has_key="code").order_by("-pk").values_list("detail", flat=True)
    newest: dict[str, Any] = codes.first() or {}
    return str(newest.get("code", ""))


def _release(call: Call, collector: Leg, *, at: datetime) -> None:
    """Nobody was dialled, so the slot goes back; when we only believe that the call is lost, it stays counted."""
    attempt = ContactAttempt.objects.filter(permit_id=call.permit_id).first()
    if attempt is not None and collector.state != fold.LOST:
        attempts.release_slot(attempt=attempt, reason=NOT_DIALLED, at=at)


def _end(call: Call, collector: Leg, debtor: Leg, *, at: datetime) -> None:
    call.ended_at = at
    call.ended_as = call.ended_as or _ended_as(call, collector)
    if debtor.rank == 0 and call.result_at is None:
        # the debtor was never rung: there is nothing to write down
        call.result_at = at
    call.save(update_fields=["ended_at", "ended_as", "result_at"])
    talked = int((at - call.bridged_at).total_seconds()) if call.bridged_at else 0
    _tell(call, "call.ended", at=at, how=call.ended_as, seconds=talked)


def _ended_as(call: Call, collector: Leg) -> str:
    if call.bridged_at is not None:
        return Call.Ended.BRIDGED
    return Call.Ended.FAILED if collector.state in (fold.FAILED, fold.LOST) else Call.Ended.NOT_BRIDGED


def _tell(call: Call, name: str, *, at: datetime, **data: object) -> None:
    case = call.case
    record(
        name=name, stream=case.stream, actor=f"collector:{call.collector.ref}", at=at, creditor_id=case.org_id,
        data={"call": call.ref, **data},
    )  # fmt: skip
