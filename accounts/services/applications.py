"""A collector's way in: application, documents, and the admin's decision with its reason and expiry."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import states
from accounts.models import Application, ApplicationDocument, Collector, Qualification, User, VettingReview
from accounts.tiers import TIERS
from core.crypto import keyed_hash, seal, unseal
from core.errors import BadInput, DomainError, NotFound
from core.events import record
from core.ids import new_ref

KEY_ID = "collectors"
MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
# A document is what its first bytes say, whatever its name claims.
_SIGNATURES = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}


class ApplicationClosed(DomainError):
    code = "application_closed"
    sentence = _("This application is with our reviewers or has been decided. It cannot be changed now.")


class ApplicationIncomplete(DomainError):
    code = "application_incomplete"
    http_status = 400
    sentence = _("Something is still missing: %(missing)s.")


class AlreadyDecided(DomainError):
    code = "already_decided"
    sentence = _("This application is not waiting for a decision any more. Reload the page to see who decided.")


@dataclass(frozen=True, slots=True)
class LicenceClaim:
    """A region the applicant says he is licensed in ("US-NY") and the licence's number."""

    region: str
    number: str


def start_application(*, user: User, alias: str, phone_e164: str, at: datetime) -> Application:
    """Make the collector and his empty application; a second call returns the one he has.

    `phone_e164` is where calls reach him: sealed, shown to nobody. Raises BadInput without an alias.
    """
    if not alias.strip():
        raise BadInput(field="alias", reason=_("Enter the name you will use on calls, for example Dana O."))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs make one application
        existing = Application.objects.filter(collector__user=user).first()
        if existing:
            return existing
        collector = Collector.objects.create(
            user=user, ref=new_ref("C"), alias=alias.strip(), created_at=at, live_limit=TIERS[1].limit,
            amount_cap_minor=TIERS[1].cap_minor, languages=["en"], phone_sealed=seal(phone_e164, key_id=KEY_ID),
            phone_hash=keyed_hash(phone_e164, purpose="phone"),
        )  # fmt: skip
        application = Application.objects.create(collector=collector, ref=new_ref("A"), created_at=at)
        record(name="collector.applied", stream=f"collector:{collector.ref}", actor=collector.actor, at=at)
    return application


def _editable(application: Application) -> Application:
    locked = Application.objects.select_for_update().get(pk=application.pk)
    if locked.state not in (states.DRAFT, states.MORE_NEEDED):
        raise ApplicationClosed()
    return locked


def save_application(
    *, application: Application, legal_name: str, birth_date: date, address: str, licences: Sequence[LicenceClaim],
    statement: str, accepts_code: bool, at: datetime,
) -> Application:  # fmt: skip
    """Store the applicant's answers. Raises BadInput for an applicant under 18 or a doubled region, ApplicationClosed."""
    if birth_date > date(at.year - 18, at.month, min(at.day, 28)):
        raise BadInput(field="birth_date", reason=_("Collectors are 18 or older. Check the year."))
    regions = [licence.region for licence in licences]
    if len(set(regions)) != len(regions):
        raise BadInput(field="licences", reason=_("Each state appears once. Remove the second one."))
    with transaction.atomic():
        locked = _editable(application)
        locked.legal_name, locked.birth_date, locked.statement = legal_name.strip(), birth_date, statement.strip()
        locked.address_sealed = seal(address, key_id=KEY_ID)
        locked.licences = [{"region": licence.region, "number": licence.number} for licence in licences]
        if accepts_code and not locked.conduct_code_accepted_at:
            locked.conduct_code_accepted_at = at
        locked.save()
    return locked


def add_document(
    *, application: Application, kind: str, region: str, filename: str, body: bytes, at: datetime
) -> ApplicationDocument:
    """Keep one uploaded document, sealed. Raises BadInput when it is empty, over 5 MB or no PDF, JPEG or PNG."""
    if not body:
        raise BadInput(field="file", reason=_("The file is empty. Choose it again or take a new photo."))
    if len(body) > MAX_DOCUMENT_BYTES:
        raise BadInput(field="file", reason=_("The file is over 5 MB. Take the photo at a lower size."))
    mime = next((mime for head, mime in _SIGNATURES.items() if body.startswith(head)), "")
    if not mime:
        raise BadInput(field="file", reason=_("We can read PDF, JPEG and PNG files. Save it as one of these."))
    with transaction.atomic():
        locked = _editable(application)
        return ApplicationDocument.objects.create(
            application=locked, kind=kind, region=region, filename=filename[:120], mime=mime, size=len(body),
            sha256=hashlib.sha256(body).digest(), uploaded_at=at,
            body_sealed=seal(base64.b64encode(body).decode(), key_id=KEY_ID),
        )  # fmt: skip


def read_document(document: ApplicationDocument) -> bytes:
    """The document's bytes as received."""
    return base64.b64decode(unseal(document.body_sealed))


def missing_parts(application: Application) -> list[str]:
    """What still has to be given before the application can be sent, as words for the applicant."""
    kinds = set(application.documents.values_list("kind", flat=True))
    wanted = {
        str(_("your legal name")): bool(application.legal_name),
        str(_("your date of birth")): bool(application.birth_date),
        str(_("your address")): bool(application.address_sealed),
        str(_("a state you are licensed in")): bool(application.licences),
        str(_("an identity document")): "IDENTITY" in kinds,
        str(_("a licence document")): "LICENCE" in kinds,
        str(_("the conduct code")): bool(application.conduct_code_accepted_at),
    }
    return [words for words, given in wanted.items() if not given]


def submit_application(*, application: Application, at: datetime) -> Application:
    """Hand the application to the reviewers. Raises ApplicationIncomplete naming what is missing, ApplicationClosed."""
    with transaction.atomic():
        locked = _editable(application)
        if missing := missing_parts(locked):
            raise ApplicationIncomplete(missing=", ".join(missing))
        locked.state, locked.submitted_at = states.SUBMITTED, at
        locked.save(update_fields=["state", "submitted_at"])
        collector = locked.collector
        record(name="collector.submitted", stream=f"collector:{collector.ref}", actor=collector.actor, at=at)
    return locked


_TARGETS = {"APPROVE": states.APPROVED, "REFUSE": states.REFUSED, "ASK_MORE": states.MORE_NEEDED}


def review_application(
    *, application: Application, reviewer: User, decision: str, reason_code: str, reason_text: str,
    valid_to: datetime | None, regions: Sequence[str], at: datetime, tier: int = 1,
) -> VettingReview:  # fmt: skip
    """Decide an application. Approval makes the collector active until `valid_to`, licensed in `regions` ("US-NY").

    Raises BadInput without a reason, for an approval without a future expiry or with a region that was not asked for;
    AlreadyDecided when another admin was first; NotFound when the reviewer would decide about himself.
    """
    if not reason_text.strip():
        raise BadInput(field="reason_text", reason=_("Say why, in a sentence the applicant can understand."))
    if application.collector.user_id == reviewer.pk:
        raise NotFound()
    with transaction.atomic():
        locked = Application.objects.select_for_update().select_related("collector").get(pk=application.pk)
        if locked.state != states.SUBMITTED:
            raise AlreadyDecided()
        if decision == "APPROVE":
            _check_approval(locked, valid_to=valid_to, regions=regions, at=at)
        review = VettingReview.objects.create(
            application=locked, reviewer=reviewer, decision=decision, reason_code=reason_code,
            reason_text=reason_text.strip(), valid_to=valid_to if decision == "APPROVE" else None, at=at,
        )  # fmt: skip
        locked.state = _TARGETS[decision]
        locked.save(update_fields=["state"])
        if decision == "APPROVE" and valid_to:
            _qualify(locked, reviewer=reviewer, valid_to=valid_to, regions=regions, tier=tier, at=at)
        record(
            name="collector.vetted", stream=f"collector:{locked.collector.ref}", actor=f"user:{reviewer.pk}", at=at,
            data={"decision": decision, "reason": reason_code, "valid_to": valid_to, "regions": list(regions)},
        )  # fmt: skip
    return review


def _check_approval(
    application: Application, *, valid_to: datetime | None, regions: Sequence[str], at: datetime
) -> None:
    if valid_to is None or valid_to <= at:
        raise BadInput(field="valid_to", reason=_("Give the day on which this approval ends, later than today."))
    asked = {licence["region"] for licence in application.licences}
    if not regions or not set(regions) <= asked:
        raise BadInput(field="regions", reason=_("Tick at least one state, and only states that were asked for."))


def _qualify(
    application: Application, *, reviewer: User, valid_to: datetime, regions: Sequence[str], tier: int, at: datetime
) -> None:
    collector = Collector.objects.select_for_update().get(pk=application.collector_id)
    limits = TIERS[tier]
    collector.status, collector.tier = Collector.Status.ACTIVE, tier
    collector.live_limit = max(limits.limit, collector.live_claims)
    collector.amount_cap_minor = limits.cap_minor
    collector.save()
    numbers = {licence["region"]: licence["number"] for licence in application.licences}
    evidence = {document.region: document for document in application.documents.filter(kind="LICENCE")}
    span = {"valid_from": at, "valid_to": valid_to, "verified_by": reviewer}
    Qualification.objects.create(collector=collector, kind="VETTING", jurisdiction="US", **span)
    for region in regions:
        Qualification.objects.create(
            collector=collector, kind="LICENCE", jurisdiction=region, number=numbers[region],
            evidence=evidence.get(region), **span,
        )  # fmt: skip
