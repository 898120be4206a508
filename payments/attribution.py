"""Whose payment is it: the rules A1 to A6, first one that holds. Pure: no database, no clock, no Django.

The time that counts is when the debtor initiated the payment. Days are the debtor's calendar days, never hours; what
is stamped at the payment's own instant has already happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

HOUSE = "HOUSE"
LAPSED = "LAPSED"
TOUCH_KINDS = frozenset({"rpc", "delivered"})
CONTACT_KINDS = TOUCH_KINDS | {"notice"}
COVERING = frozenset({"ACTIVE", "VERIFYING", "SUSPENDED"})


class AttributionError(ValueError):
    """Facts that cannot be evaluated; `code` is NO_ORIGINAL or BAD_TIME."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Payment:
    """A debtor's payment, or with `reversal_of` the reversal of the payment with that id."""

    initiated_at: datetime | None
    reported_at: datetime | None = None
    debt: str = "D1"
    reversal_of: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact by the platform (rpc, delivered or notice); `debts` None is every debt of the debtor."""

    at: datetime
    kind: str
    debts: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class ClaimSpan:
    """A claim from `start` up to, not including, `end`; a void one earns nothing, whatever the date of the void."""

    id: str
    start: datetime
    end: datetime | None = None
    debt: str = "D1"
    is_void: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """Something a claim's collector did: rpc and delivered count, every other kind does not."""

    claim: str
    at: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class PromiseFacts:
    """A promise or one instalment of a plan, with its states as (since, STATE), oldest first."""

    id: str
    claim: str
    due: date
    history: tuple[tuple[datetime, str], ...]
    plan: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """The creditor takes the debt back; `kind` is normal or compliance."""

    kind: str
    notice_at: datetime
    cancelled_at: datetime | None = None
    debt: str = "D1"


@dataclass(frozen=True, slots=True)
class Settings:
    """Limits in local days, all inclusive."""

    grace_days: int = 3
    tail_days: int = 30
    promise_tail_days: int = 90
    recall_days: int = 7


@dataclass(frozen=True, slots=True)
class PriorAttribution:
    """The line of an earlier payment, for reversals."""

    payment: str
    rule: str
    claim: str | None


@dataclass(frozen=True, slots=True)
class AttributionFacts:
    """Everything the rules look at. `zone` is the debtor's; ids are compared as text."""

    zone: ZoneInfo
    payment: Payment
    contacts: Sequence[Contact] = ()
    claims: Sequence[ClaimSpan] = ()
    touches: Sequence[Touch] = ()
    promises: Sequence[PromiseFacts] = ()
    recall: Recall | None = None
    settings: Settings = field(default_factory=Settings)
    attributed: Sequence[PriorAttribution] = ()


@dataclass(frozen=True, slots=True)
class Attribution:
    """The rule (A1 to A6) and the claim that earns: its id, HOUSE, or None when nothing is charged.

    `promise` is the covering promise of A2, `touched_at` the touch that decided A3 or A4.
    """

    rule: str
    claim: str | None
    promise: str | None = None
    touched_at: datetime | None = None


def standing(promise: PromiseFacts, at: datetime, zone: ZoneInfo, grace_days: int) -> str:
    """The promise's state at `at`, LAPSED when its deadline has passed, or "" before it was made.

    The deadline is the end of the local day `due + grace_days`. A suspension moves it by its local days and no
    deadline passes while it lasts; one that begins after the deadline revives nothing. KEPT stays KEPT.
    """
    history = sorted((entry for entry in promise.history if entry[0] <= at), key=lambda entry: entry[0])
    if not history:
        return ""
    last_day = promise.due + timedelta(days=grace_days)
    lapsed = False
    for (since, state), (until, _next) in pairwise([*history, (at, "")]):
        begins, ends = since.astimezone(zone).date(), until.astimezone(zone).date()
        if state == "SUSPENDED":
            lapsed = lapsed or begins > last_day
            last_day += ends - begins
        elif state in COVERING:
            lapsed = lapsed or ends > last_day
    state = history[-1][1]
    return LAPSED if lapsed and state != "KEPT" else state


@dataclass(frozen=True, slots=True)
class _Scene:
    """The facts of the payment's debt, as they stood when it was initiated."""

    facts: AttributionFacts
    at: datetime
    claims: dict[str, ClaimSpan]
    touches: tuple[Touch, ...]
    standings: dict[str, str]

    def days_since(self, moment: datetime) -> int:
        zone = self.facts.zone
        return (self.at.astimezone(zone).date() - moment.astimezone(zone).date()).days


def attribute(facts: AttributionFacts) -> Attribution:
    """Decide which claim earns from the payment.

    A reversal repeats the line of its original. Raises AttributionError NO_ORIGINAL (reversal of an unknown
    payment) or BAD_TIME (initiated after it was reported, or neither time known).
    """
    payment = facts.payment
    if payment.initiated_at and payment.reported_at and payment.initiated_at > payment.reported_at:
        raise AttributionError("BAD_TIME")
    if payment.reversal_of is not None:
        return _mirror(facts)
    at = payment.initiated_at or payment.reported_at
    if at is None:
        raise AttributionError("BAD_TIME")
    scene = _scene(facts, at)
    if not _was_contacted(scene):
        return Attribution("A1", None)
    valid = [claim for claim in scene.claims.values() if not claim.is_void]
    earned = _earns(scene, valid)
    if earned is not None:
        return earned
    void = [claim for claim in scene.claims.values() if claim.is_void]
    return Attribution("A6", None) if _earns(scene, void) else Attribution("A5", HOUSE)


def _mirror(facts: AttributionFacts) -> Attribution:
    for line in facts.attributed:
        if line.payment == facts.payment.reversal_of:
            return Attribution(line.rule, line.claim)
    raise AttributionError("NO_ORIGINAL")


def _scene(facts: AttributionFacts, at: datetime) -> _Scene:
    final = _recall_final(facts)
    spans = [_until_recall(claim, facts.recall, final) for claim in facts.claims]
    claims = {claim.id: claim for claim in spans if claim.debt == facts.payment.debt}
    touches = tuple(touch for touch in facts.touches if touch.at <= at and _is_touch(touch, claims.get(touch.claim)))
    grace = facts.settings.grace_days
    standings = {promise.id: standing(promise, at, facts.zone, grace) for promise in facts.promises}
    return _Scene(facts, at, claims, touches, standings)


def _recall_final(facts: AttributionFacts) -> datetime | None:
    """When the recall ends the claims: at once for compliance, else after the last local day of notice."""
    recall = facts.recall
    if recall is None:
        return None
    if recall.kind == "compliance":
        final = recall.notice_at
    else:
        day = recall.notice_at.astimezone(facts.zone).date() + timedelta(days=facts.settings.recall_days + 1)
        final = datetime.combine(day, time.min, facts.zone).astimezone(UTC)
    is_cancelled = recall.cancelled_at is not None and recall.cancelled_at < final
    return None if is_cancelled else final


def _until_recall(claim: ClaimSpan, recall: Recall | None, final: datetime | None) -> ClaimSpan:
    if recall is None or final is None or recall.debt != claim.debt or claim.start >= final:
        return claim
    if claim.end is not None and claim.end <= final:
        return claim
    return ClaimSpan(claim.id, claim.start, final, claim.debt, claim.is_void)


def _is_touch(touch: Touch, claim: ClaimSpan | None) -> bool:
    return (
        claim is not None
        and touch.kind in TOUCH_KINDS
        and claim.start <= touch.at
        and (claim.end is None or touch.at < claim.end)
    )


def _was_contacted(scene: _Scene) -> bool:
    """Whether the debt's first contact is not later than the payment. A touch of a void claim is a contact too."""
    if scene.touches:
        return True
    debt = scene.facts.payment.debt
    return any(
        contact.kind in CONTACT_KINDS and contact.at <= scene.at and (contact.debts is None or debt in contact.debts)
        for contact in scene.facts.contacts
    )


def _earns(scene: _Scene, claims: Iterable[ClaimSpan]) -> Attribution | None:
    """The first of A2, A3, A4 that holds among these claims."""
    among = {claim.id: claim for claim in claims}
    return _by_promise(scene, among) or _by_touch(scene, among)


def _by_promise(scene: _Scene, among: dict[str, ClaimSpan]) -> Attribution | None:
    """A2: the covering promise that is due first, then made first, then with the lowest id."""
    broken_plans = {
        promise.plan
        for promise in scene.facts.promises
        if promise.plan is not None and scene.standings[promise.id] in ("BROKEN", LAPSED)
    }
    covering: list[tuple[date, datetime, str, str]] = []
    for promise in scene.facts.promises:
        if scene.standings[promise.id] not in COVERING or promise.plan in broken_plans:
            continue
        claim = among.get(_obtained_by(scene, promise))
        if claim is not None and _in_promise_tail(scene, claim):
            made_at = min(since for since, _state in promise.history)
            covering.append((promise.due, made_at, promise.id, claim.id))
    if not covering:
        return None
    _due, _made_at, promise_id, claim_id = min(covering)
    return Attribution("A2", claim_id, promise=promise_id)


def _obtained_by(scene: _Scene, promise: PromiseFacts) -> str:
    """The claim of the first promise in the chain: moving a date must not move the commission.

    Only a promise rescheduled in time hands its claim on; whatever replaces a broken, lapsed or cancelled one is new.
    """
    by_id = {item.id: item for item in scene.facts.promises}
    seen = {promise.id}
    while promise.replaces is not None and scene.standings.get(promise.replaces) == "RESCHEDULED":
        if promise.replaces in seen:
            break
        seen.add(promise.replaces)
        promise = by_id[promise.replaces]
    return promise.claim


def _in_promise_tail(scene: _Scene, claim: ClaimSpan) -> bool:
    if claim.end is None or claim.end > scene.at:
        return True
    return scene.days_since(claim.end) <= scene.facts.settings.promise_tail_days


def _by_touch(scene: _Scene, among: dict[str, ClaimSpan]) -> Attribution | None:
    """A3: a live claim with a touch. A4: else the claim touched last, within the tail.

    Equal last touches: the claim that began later, then the lowest id.
    """
    last: dict[str, datetime] = {}
    for touch in scene.touches:
        if touch.claim in among:
            last[touch.claim] = max(touch.at, last.get(touch.claim, touch.at))
    ranked = sorted(last)  # stable sorts from the weakest to the strongest criterion
    ranked.sort(key=lambda claim_id: among[claim_id].start, reverse=True)
    ranked.sort(key=lambda claim_id: last[claim_id], reverse=True)
    for claim_id in ranked:
        end = among[claim_id].end
        if end is None or scene.at < end:
            return Attribution("A3", claim_id, touched_at=last[claim_id])
    if ranked and scene.days_since(last[ranked[0]]) <= scene.facts.settings.tail_days:
        return Attribution("A4", ranked[0], touched_at=last[ranked[0]])
    return None
