"""The reviewers' side of an application: opening documents, and the decision with its reason and expiry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import states
from accounts.errors import AlreadyDecided, OwnApplication
from accounts.models import Application, ApplicationDocument, Collector, Qualification, User, VettingReview
from accounts.selectors import read_document
from accounts.tiers import TIERS
from accounts.vetting import LONGEST_APPROVAL, is_reason
from core.errors import BadInput, NotAllowed
from core.events import record

APPROVE = VettingReview.Decision.APPROVE
_TARGETS: dict[str, str] = {
    VettingReview.Decision.APPROVE: states.APPROVED,
    VettingReview.Decision.REFUSE: states.REFUSED,
    VettingReview.Decision.ASK_MORE: states.MORE_NEEDED,
}


def open_document(*, document: ApplicationDocument, reader: User, at: datetime) -> bytes:
    """The document's bytes for a member of staff; who opened it, and when, is kept. Raises NotAllowed for others."""
    if not reader.is_staff:
        raise NotAllowed()
    with transaction.atomic():
        record(
            name="collector.document_opened", stream=f"collector:{document.application.collector.ref}",
            actor=f"user:{reader.pk}", at=at, data={"document": document.pk, "kind": document.kind},
        )  # fmt: skip
    return read_document(document)


def review_application(
    *, application: Application, reviewer: User, decision: str, reason_code: str, reason_text: str,
    valid_to: datetime | None, regions: Sequence[str], at: datetime, tier: int = 1,
) -> VettingReview:  # fmt: skip
    """Decide an application. Approval makes the collector active until `valid_to`, licensed in `regions` ("US-NY").

    `reason_code` is one of accounts.vetting.REASONS of the decision, or "other"; `reason_text` is what the applicant
    reads. The application's row lock decides between two reviewers.
    Raises BadInput for a missing reason or, approving, an expiry that is past or over two years away, a region not
    asked for, an unknown tier or a suspended collector; AlreadyDecided; OwnApplication; NotAllowed for non-staff.
    """
    if not reviewer.is_staff:
        raise NotAllowed()
    _check_reason(decision, reason_code, reason_text)
    is_approval = decision == APPROVE
    with transaction.atomic():
        locked = Application.objects.select_for_update(of=("self",)).select_related("collector").get(pk=application.pk)
        if locked.collector.user_id == reviewer.pk:
            raise OwnApplication()
        if locked.state != states.SUBMITTED:
            raise AlreadyDecided()
        if is_approval:
            _check_approval(locked, valid_to=valid_to, regions=regions, tier=tier, at=at)
        review = VettingReview.objects.create(
            application=locked, reviewer=reviewer, decision=decision, reason_code=reason_code,
            reason_text=reason_text.strip(), valid_to=valid_to if is_approval else None, at=at,
        )  # fmt: skip
        locked.state = _TARGETS[decision]
        locked.save(update_fields=["state"])
        if is_approval and valid_to:
            _qualify(locked, reviewer=reviewer, valid_to=valid_to, regions=regions, tier=tier, at=at)
        record(
            name="collector.vetted", stream=f"collector:{locked.collector.ref}", actor=f"user:{reviewer.pk}", at=at,
            data={
                "decision": decision, "reason": reason_code, "valid_to": review.valid_to,
                "regions": list(regions) if is_approval else [],
            },
        )  # fmt: skip
    return review


def _check_reason(decision: str, reason_code: str, reason_text: str) -> None:
    if decision not in _TARGETS:
        raise BadInput(field="decision", reason=_("Choose one of the three decisions."))
    if not is_reason(decision, reason_code):
        raise BadInput(field="reason_code", reason=_("Choose a reason that belongs to this decision."))
    if not reason_text.strip():
        raise BadInput(field="reason_text", reason=_("Say why, in a sentence the applicant can understand."))


def _check_approval(
    application: Application, *, valid_to: datetime | None, regions: Sequence[str], tier: int, at: datetime
) -> None:
    if valid_to is None or valid_to <= at:
        raise BadInput(field="valid_to", reason=_("Give the day on which this approval ends, later than today."))
    if valid_to > at + LONGEST_APPROVAL:
        raise BadInput(field="valid_to", reason=_("An approval holds for two years at most. Check the year."))
    asked = {licence["region"] for licence in application.licences}
    if not regions or not set(regions) <= asked:
        raise BadInput(field="regions", reason=_("Tick at least one state, and only states that were asked for."))
    if tier not in TIERS:
        raise BadInput(field="tier", reason=_("Choose one of the tiers on the list."))
    if application.collector.status == Collector.Status.SUSPENDED:
        raise BadInput(field="decision", reason=_("This collector is suspended. Lift the suspension first."))


def _qualify(
    application: Application, *, reviewer: User, valid_to: datetime, regions: Sequence[str], tier: int, at: datetime
) -> None:
    collector = Collector.objects.select_for_update().get(pk=application.collector_id)
    limits = TIERS[tier]
    collector.status, collector.tier = Collector.Status.ACTIVE, tier
    # claims that are held already stay, even where a lower tier would not allow as many
    collector.live_limit = max(limits.limit, collector.live_claims)
    collector.amount_cap_minor = limits.cap_minor
    collector.home_region = collector.home_region or regions[0]
    collector.save(update_fields=["status", "tier", "live_limit", "amount_cap_minor", "home_region"])
    numbers = {licence["region"]: licence["number"] for licence in application.licences}
    licences = application.documents.filter(kind=ApplicationDocument.Kind.LICENCE).order_by("uploaded_at")
    evidence = {document.region: document for document in licences}
    for kind, region in [(Qualification.Kind.VETTING, "US"), *((Qualification.Kind.LICENCE, one) for one in regions)]:
        Qualification.objects.create(
            collector=collector, kind=kind, jurisdiction=region, number=numbers.get(region, ""), valid_from=at,
            valid_to=valid_to, verified_by=reviewer, evidence=evidence.get(region),
        )  # fmt: skip
