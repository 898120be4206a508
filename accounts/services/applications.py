"""A collector's application, as the applicant fills it: answers, documents, hand-in, renewal."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import states
from accounts.errors import ApplicationClosed, ApplicationIncomplete, OtherRole
from accounts.models import Application, ApplicationDocument, Collector, User
from accounts.selectors import missing_parts
from accounts.tiers import TIERS
from accounts.vetting import ADULT_AGE, OLDEST_AGE, age_on
from core.clock import MARKET_ZONE
from core.crypto import keyed_hash, seal
from core.errors import BadInput, NotFound
from core.events import record
from core.ids import new_ref

KEY_ID = "collectors"
MAX_DOCUMENT_BYTES = 5 * 1024 * 1024
MAX_DOCUMENTS = 20
# A document is what its first bytes say, whatever its name claims.
_SIGNATURES = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_REGION = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
OPEN_STATES = (states.DRAFT, states.MORE_NEEDED)


@dataclass(frozen=True, slots=True)
class LicenceClaim:
    """A region the applicant says he is licensed in ("US-NY") and the licence's number."""

    region: str
    number: str


def start_application(*, user: User, alias: str, phone_e164: str, at: datetime) -> Application:
    """Make the collector and his empty application; a second call returns the one he has.

    `phone_e164` is where calls reach him: sealed, shown to nobody. Raises BadInput without an alias, OtherRole for a
    creditor's member or a member of staff.
    """
    alias = _alias(alias)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs make one application
        existing = Application.objects.filter(collector__user=user).select_related("collector").first()
        if existing:
            return existing
        if user.is_staff or user.memberships.exists():
            raise OtherRole()
        collector = Collector.objects.create(
            user=user, ref=new_ref("C"), alias=alias, created_at=at, live_limit=TIERS[1].limit,
            amount_cap_minor=TIERS[1].cap_minor, languages=["en"], phone_sealed=seal(phone_e164, key_id=KEY_ID),
            phone_hash=keyed_hash(phone_e164, purpose="phone"),
        )  # fmt: skip
        application = Application.objects.create(collector=collector, ref=new_ref("A"), created_at=at)
        record(name="collector.applied", stream=f"collector:{collector.ref}", actor=collector.actor, at=at)
    return application


def _alias(alias: str) -> str:
    if not alias.strip():
        raise BadInput(field="alias", reason=_("Enter the name you will use on calls, for example Dana O."))
    return alias.strip()


def _editable(application: Application) -> Application:
    """The application under its lock; only a draft, or one sent back to the applicant, may change."""
    locked = Application.objects.select_for_update(of=("self",)).select_related("collector").get(pk=application.pk)
    if locked.state not in OPEN_STATES:
        raise ApplicationClosed()
    return locked


def change_contact(*, application: Application, alias: str, phone_e164: str | None, at: datetime) -> None:
    """Change the name used on calls and, where one is given, the phone. Raises BadInput, ApplicationClosed."""
    alias = _alias(alias)
    with transaction.atomic():
        collector = _editable(application).collector
        Collector.objects.select_for_update().get(pk=collector.pk)
        changes: dict[str, object] = {"alias": alias}
        if phone_e164:
            changes["phone_sealed"] = seal(phone_e164, key_id=KEY_ID)
            changes["phone_hash"] = keyed_hash(phone_e164, purpose="phone")
        Collector.objects.filter(pk=collector.pk).update(**changes)
        record(
            name="collector.contact_changed", stream=f"collector:{collector.ref}", actor=collector.actor, at=at,
            data={"phone": bool(phone_e164)},
        )  # fmt: skip


def save_application(
    *, application: Application, at: datetime, legal_name: str | None = None, birth_date: date | None = None,
    address: str | None = None, licences: Sequence[LicenceClaim] | None = None, statement: str | None = None,
    accepts_code: bool = False,
) -> Application:  # fmt: skip
    """Store the answers that are given; None leaves one as it is.

    Raises BadInput for an applicant under 18, a region that is doubled or misspelt or a licence without its number,
    ApplicationClosed.
    """
    if birth_date is not None:
        _check_age(birth_date, at)
    if licences is not None:
        _check_licences(licences)
    with transaction.atomic():
        locked = _editable(application)
        if legal_name is not None:
            locked.legal_name = legal_name.strip()
        if birth_date is not None:
            locked.birth_date = birth_date
        if statement is not None:
            locked.statement = statement.strip()
        if address is not None:
            locked.address_sealed = seal(address.strip(), key_id=KEY_ID) if address.strip() else None
        if licences is not None:
            locked.licences = [{"region": one.region, "number": one.number.strip()} for one in licences]
        if accepts_code and not locked.conduct_code_accepted_at:
            locked.conduct_code_accepted_at = at
        locked.save()
    return locked


def _check_age(birth_date: date, at: datetime) -> None:
    age = age_on(birth_date, at.astimezone(MARKET_ZONE).date())
    if age < ADULT_AGE:
        raise BadInput(field="birth_date", reason=_("Collectors are 18 or older. Check the year."))
    if age > OLDEST_AGE:
        raise BadInput(field="birth_date", reason=_("Check the year: this date is too long ago."))


def _check_licences(licences: Sequence[LicenceClaim]) -> None:
    regions = [licence.region for licence in licences]
    if not all(_REGION.fullmatch(region) for region in regions):
        raise BadInput(field="licences", reason=_("Choose each state from the list."))
    if len(set(regions)) != len(regions):
        raise BadInput(field="licences", reason=_("Each state appears once. Remove the second one."))
    if not all(licence.number.strip() for licence in licences):
        raise BadInput(field="licences", reason=_("Enter the number of each licence."))


def add_document(
    *, application: Application, kind: str, region: str, filename: str, body: bytes, at: datetime
) -> ApplicationDocument:
    """Keep one uploaded document, sealed; the same file for the same purpose is kept once.

    Raises BadInput when it is empty, over 5 MB or no PDF, JPEG or PNG, of an unknown kind, a licence for a region not
    asked for, or one too many; ApplicationClosed.
    """
    mime = _check_document(kind, body)
    digest = hashlib.sha256(body).digest()
    with transaction.atomic():
        locked = _editable(application)
        region = region if kind == ApplicationDocument.Kind.LICENCE else ""
        if region and region not in {licence["region"] for licence in locked.licences}:
            raise BadInput(field="region", reason=_("Choose a state of your list of licences."))
        earlier = locked.documents.filter(kind=kind, region=region, sha256=digest).first()
        if earlier:
            return earlier
        if locked.documents.count() >= MAX_DOCUMENTS:
            raise BadInput(field="file", reason=_("There are 20 documents already. Remove one you do not need."))
        return ApplicationDocument.objects.create(
            application=locked, kind=kind, region=region, filename=_clean_name(filename), mime=mime, size=len(body),
            sha256=digest, uploaded_at=at, body_sealed=seal(base64.b64encode(body).decode(), key_id=KEY_ID),
        )  # fmt: skip


def _check_document(kind: str, body: bytes) -> str:
    """The document's true media type."""
    if kind not in ApplicationDocument.Kind.values:
        raise BadInput(field="kind", reason=_("Choose what the document shows."))
    if not body:
        raise BadInput(field="file", reason=_("The file is empty. Choose it again or take a new photo."))
    if len(body) > MAX_DOCUMENT_BYTES:
        raise BadInput(field="file", reason=_("The file is over 5 MB. Take the photo at a lower size."))
    mime = next((mime for head, mime in _SIGNATURES.items() if body.startswith(head)), "")
    if not mime:
        raise BadInput(field="file", reason=_("We can read PDF, JPEG and PNG files. Save it as one of these."))
    return mime


def _clean_name(filename: str) -> str:
    """The file's own name without folders or unprintable signs; the end, which says what it is, survives a cut."""
    name = "".join(char for char in PurePath(filename.replace("\\", "/")).name if char.isprintable())
    return name[-120:] or "document"


def remove_document(*, application: Application, document_id: int, at: datetime) -> None:
    """Take back a document that no reviewer has decided on. Raises NotFound for any other, ApplicationClosed."""
    with transaction.atomic():
        locked = _editable(application)
        mine = locked.documents.filter(pk=document_id)
        if last := locked.reviews.order_by("-at").first():
            mine = mine.filter(uploaded_at__gt=last.at)
        if not mine.delete()[0]:
            raise NotFound()
        collector = locked.collector
        record(
            name="collector.document_removed", stream=f"collector:{collector.ref}", actor=collector.actor, at=at,
            data={"document": document_id},
        )  # fmt: skip


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


def renew_application(*, application: Application, at: datetime) -> Application:
    """Open an approved application again, to renew it or to add a state; what holds today goes on holding.

    The conduct code is accepted anew. Raises ApplicationClosed in any other state or while suspended.
    """
    with transaction.atomic():
        locked = Application.objects.select_for_update(of=("self",)).select_related("collector").get(pk=application.pk)
        collector = locked.collector
        if locked.state != states.APPROVED or collector.status == Collector.Status.SUSPENDED:
            raise ApplicationClosed()
        locked.state, locked.conduct_code_accepted_at, locked.submitted_at = states.DRAFT, None, None
        locked.save(update_fields=["state", "conduct_code_accepted_at", "submitted_at"])
        record(name="collector.renewal_opened", stream=f"collector:{collector.ref}", actor=collector.actor, at=at)
    return locked
