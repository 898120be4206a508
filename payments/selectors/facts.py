"""What attribution looks at, read from rows: claims, touches, contacts, promises with their history, recalls."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from compliance.models import AttemptOutcome, ContactAttempt, ValidationNotice
from core.clock import MARKET_ZONE
from marketplace import states
from marketplace.models import Case, Claim, Promise, Recall
from payments.attribution import AttributionFacts, ClaimSpan, Contact, Payment, PromiseFacts, Touch
from payments.attribution import Recall as RecallFacts

RIGHT_PARTY = "right_party"
DELIVERED = "delivered"


def local_zone(case: Case) -> ZoneInfo:
    """The zone whose calendar days count for the debt: the debtor's address, else the market's."""
    zones = case.debtor.zones_address
    return ZoneInfo(zones[0]) if zones else MARKET_ZONE


def key_of(row_id: int) -> str:
    """A row's id as text that sorts like the number: ties are broken by the lowest id."""
    return f"{row_id:012d}"


def _reached(debt_id: int) -> list[tuple[ContactAttempt, str]]:
    """Attempts about the debt that reached the right party or delivered a message; the newest outcome speaks."""
    attempts = ContactAttempt.objects.filter(Q(case__debt_id=debt_id) | Q(debt_refs__contains=[f"debt:{debt_id}"]))
    rows = {attempt.pk: attempt for attempt in attempts}
    newest: dict[int, AttemptOutcome] = {}
    for outcome in AttemptOutcome.objects.filter(attempt_id__in=rows).order_by("id"):
        newest[outcome.attempt_id] = outcome
    found = []
    for pk, outcome in newest.items():
        if outcome.is_conversation and outcome.answered_by == RIGHT_PARTY:
            found.append((rows[pk], "rpc"))
        elif outcome.outcome == DELIVERED:
            found.append((rows[pk], "delivered"))
    return sorted(found, key=lambda item: (item[0].at, item[0].pk))


def _claims(debt_id: int) -> list[Claim]:
    rows = Claim.objects.filter(case__debt_id=debt_id).exclude(state__in=[states.OFFERED, states.DECLINED])
    return list(rows.select_related("collector").order_by("pk"))


def _touches(claims: list[Claim], reached: list[tuple[ContactAttempt, str]]) -> tuple[Touch, ...]:
    return tuple(
        Touch(key_of(claim.pk), attempt.at, kind)
        for claim in claims
        for attempt, kind in reached
        if attempt.collector_ref == claim.collector.ref
        and claim.accepted_at <= attempt.at
        and (claim.ended_at is None or attempt.at < claim.ended_at)
    )


def _promise(row: Promise) -> PromiseFacts:
    history = tuple((change.at, change.state) for change in row.changes.all())
    return PromiseFacts(
        id=key_of(row.pk),
        claim=key_of(row.claim_id) if row.claim_id else "",
        due=row.due_date,
        history=history or ((row.made_at, states.ACTIVE),),
        plan=row.plan_ref or None,
        replaces=key_of(row.replaces_id) if row.replaces_id else None,
    )


def _recall(debt_id: int, debt: str) -> RecallFacts | None:
    row = Recall.objects.filter(case__debt_id=debt_id, cancelled_at__isnull=True).order_by("-pk").first()
    return RecallFacts(kind=row.kind, notice_at=row.notice_at, debt=debt) if row else None


def attribution_facts(*, case: Case, initiated_at: datetime, reported_at: datetime) -> AttributionFacts:
    """Everything the rules A1 to A6 look at for a payment on this case's debt."""
    debt = key_of(case.debt_id)
    reached, claims = _reached(case.debt_id), _claims(case.debt_id)
    notices = ValidationNotice.objects.filter(case__debt_id=case.debt_id).values_list("sent_at", flat=True)
    promises = Promise.objects.filter(case__debt_id=case.debt_id).prefetch_related("changes").order_by("pk")
    return AttributionFacts(
        zone=local_zone(case),
        payment=Payment(initiated_at=initiated_at, reported_at=reported_at, debt=debt),
        contacts=(
            *(Contact(sent_at, "notice") for sent_at in notices),
            *(Contact(attempt.at, kind) for attempt, kind in reached),
        ),
        claims=tuple(
            ClaimSpan(key_of(row.pk), row.accepted_at, row.ended_at, debt, row.state == states.VOID) for row in claims
        ),
        touches=_touches(claims, reached),
        promises=tuple(_promise(row) for row in promises),
        recall=_recall(case.debt_id, debt),
    )


def as_json(facts: AttributionFacts) -> dict[str, Any]:
    """The facts as plain values, kept beside the decision so that it can be replayed."""
    plain = _plain(asdict(facts))
    assert isinstance(plain, dict)
    return plain


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return value.key if isinstance(value, ZoneInfo) else value
