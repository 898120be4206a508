"""Claiming and releasing a case: the checks that need more than the market knows, then the market's own act."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.access import is_working, licensed_regions
from accounts.errors import ConflictOfInterest, NotLicensedHere, NotVetted
from accounts.models import Collector
from compliance.models import ContactAttempt
from compliance.services.holds import standing
from core.errors import BadInput, DomainError, NotFound
from marketplace.models import Case, Claim, ContactPoint, Programme, Task
from marketplace.places import region_key
from marketplace.services.claims import RELEASE_REASONS, Clearance, end_claim, take
from marketplace.services.listings import pause_tasks


class CaseOnHold(DomainError):
    """A hold stands on the case or its debtor, so nobody may begin to work it."""

    code = "case_on_hold"
    sentence = _("Contact on this case is on hold, so it cannot be claimed now. Choose another one.")


def claim_case(*, case_ref: str, collector: Collector, at: datetime) -> Claim:
    """Claim a listed case by its task's reference (or its own), under the programme's terms of this moment.

    Vetting, licence, conflict and holds are read in the claim's own transaction; the collector's guarded counter and
    the case's guarded update decide. Raises NotVetted, NotFound, NotLicensedHere, ConflictOfInterest, CaseOnHold,
    AboveYourBand, CaseTaken, ClaimLimitReached.
    """
    with transaction.atomic():
        if not is_working(collector, at):
            raise NotVetted()
        case = _find(case_ref)
        clearance = _clear(case, collector, at)
        return take(clearance=clearance, terms=frozen_terms(case.programme), at=at)


def _find(ref: str) -> Case:
    tasks = Task.objects.filter(Q(ref=ref) | Q(case__ref=ref), kind=Task.Kind.COLLECT)
    task = tasks.select_related("case__programme", "case__debtor").order_by("-pk").first()
    if task is None:
        raise NotFound()
    return task.case


def _clear(case: Case, collector: Collector, at: datetime) -> Clearance:
    region = region_key(case.debtor.country, case.debtor.region)
    if region not in licensed_regions(collector, at):
        raise NotLicensedHere(region=region)
    own = ContactPoint.objects.filter(person=case.debtor.person_id, kind="phone", hash=collector.phone_hash)
    if collector.phone_hash and own.exists():
        raise ConflictOfInterest()
    if is_held(case, at):
        raise CaseOnHold()
    return Clearance(collector_id=collector.pk, case_id=case.pk, region=region, checked_at=at)


def is_held(case: Case, at: datetime) -> bool:
    """Whether a hold covers the case or its person at `at`. The notice period blocks single acts, not the work."""
    return bool(standing(case, at=at).exclude(reason="NOTICE_PERIOD").exists())


def frozen_terms(programme: Programme) -> dict[str, object]:
    """The commission plan as a claim keeps it, with the version the ledger names in its lines."""
    return {**programme.terms, "terms_version": programme.terms_version}


def release_case(*, claim: Claim, reason: str, actor: str, at: datetime) -> Claim:
    """Give a case back. Free before the first contact under this claim; afterwards `reason` must be one of
    RELEASE_REASONS. The task returns to the board, paused while a hold stands. Raises BadInput, ClaimEnded."""
    if reason and reason not in RELEASE_REASONS:
        raise BadInput(field="reason", reason=_("Choose a reason from the list."))
    with transaction.atomic():
        contacted = ContactAttempt.objects.filter(case=claim.case_id, at__gte=claim.accepted_at)
        if not reason and contacted.exists():
            raise BadInput(field="reason", reason=_("You have been in contact, so please say why you give it back."))
        ended = end_claim(claim=claim, event="release", reason=reason, actor=actor, at=at)
        pause_if_held(case=ended.case, actor=actor, at=at)
    return ended


def pause_if_held(*, case: Case, actor: str, at: datetime) -> None:
    """Keep a case whose claim has just ended off the board while a hold stands."""
    if is_held(case, at):
        pause_tasks(tasks=Task.objects.filter(case=case.pk), reason=Task.Pause.HOLD, actor=actor, at=at)
