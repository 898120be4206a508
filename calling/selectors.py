"""Calls as pages show them. Nothing here holds a phone number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Collector
from calling import fold
from calling.models import Call, Leg
from calling.services.legs import legs_of
from compliance.models import Refusal
from core.errors import NotFound
from marketplace.models import Claim
from marketplace.states import LIVE_CLAIM

RINGING, CONNECTING, NOTICE, LIVE, ENDED = "ringing", "connecting", "notice", "live", "ended"


@dataclass(frozen=True, slots=True)
class CallState:
    """Where a call stands. `seconds` is how long both have been talking, or talked; `version` changes with the view."""

    stage: str
    collector_answered: bool
    seconds: int
    needs_result: bool
    refusal: Refusal | None

    @property
    def version(self) -> str:
        return f"{self.stage}-{int(self.collector_answered)}"


def claim_of(*, collector: Collector, case_ref: str) -> Claim:
    """The collector's live claim on a case. Raises NotFound, whether the case exists or not."""
    rows = Claim.objects.filter(collector=collector, case__ref=case_ref, state__in=LIVE_CLAIM)
    claim = rows.select_related("case__debtor", "case__debt", "case__org", "case__programme").first()
    if claim is None:
        raise NotFound()
    return claim


def call_of(*, collector: Collector, case_ref: str, call_ref: str) -> Call:
    """One call of the collector's own, also after his claim has ended. Raises NotFound."""
    rows = Call.objects.filter(collector=collector, case__ref=case_ref, ref=call_ref)
    call = rows.select_related(
        "case__debtor", "case__debt", "case__org", "case__programme", "claim", "collector", "permit", "mask"
    ).first()
    if call is None:
        raise NotFound()
    return call


def call_without_result(collector: Collector) -> Call | None:
    """The call whose result the collector still owes, if any."""
    return Call.objects.filter(collector=collector, result_at__isnull=True).select_related("case__debtor").first()


def state_of(call: Call, *, at: datetime) -> CallState:
    """The state of a call for its page."""
    collector, debtor = legs_of(call)
    until = call.ended_at or at
    return CallState(
        stage=_stage(call, debtor),
        collector_answered=collector.rank >= fold.RANK[fold.ANSWERED],
        seconds=max(int((until - call.bridged_at).total_seconds()), 0) if call.bridged_at else 0,
        needs_result=call.result_at is None,
        refusal=_refusal(call) if call.ended_as == Call.Ended.REFUSED else None,
    )


def _stage(call: Call, debtor: Leg) -> str:
    if call.ended_at is not None:
        return ENDED
    if call.bridged_at is not None:
        return LIVE
    if debtor.rank == 0:
        return RINGING
    return NOTICE if debtor.flow_fetched_at is not None else CONNECTING


def _refusal(call: Call) -> Refusal | None:
    """The gate's second answer, given when the collector pressed 1."""
    rows = Refusal.objects.filter(case_id=call.case_id, actor=call.permit.actor, at__gte=call.requested_at)
    return rows.order_by("-pk").first()
