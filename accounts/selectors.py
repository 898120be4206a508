"""Reads of applications and members, each already narrowed to its viewer."""

from __future__ import annotations

import base64
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts import states
from accounts.access import current
from accounts.models import (
    ApiToken,
    Application,
    ApplicationDocument,
    Collector,
    CreditorOrg,
    Membership,
    Qualification,
    User,
    VettingReview,
)
from core.crypto import unseal


def application_of(user: User) -> Application | None:
    """The user's application with its collector, or None."""
    return Application.objects.filter(collector__user=user).select_related("collector").first()


def parts_given(application: Application) -> dict[str, bool]:
    """Which of the six parts of an application are complete: contact, identity, address, licences, documents, code."""
    kinds = set(application.documents.values_list("kind", flat=True))
    return {
        "contact": bool(application.collector.alias and application.collector.phone_sealed),
        "identity": bool(application.legal_name and application.birth_date),
        "address": bool(application.address_sealed),
        "licences": bool(application.licences),
        "documents": {ApplicationDocument.Kind.IDENTITY, ApplicationDocument.Kind.LICENCE} <= kinds,
        "code": bool(application.conduct_code_accepted_at),
    }


def missing_parts(application: Application) -> list[str]:
    """What still has to be given before the application can be sent, as words for the applicant."""
    words = {
        "contact": _("your name on calls and your phone"),
        "identity": _("your legal name and date of birth"),
        "address": _("your address"),
        "licences": _("a state you are licensed in"),
        "documents": _("an identity document and a licence document"),
        "code": _("the conduct code"),
    }
    return [words[part] for part, is_given in parts_given(application).items() if not is_given]


def phone_ending(collector: Collector) -> str:
    """The last two digits of the phone where calls reach the collector: all that is ever shown of it."""
    return unseal(collector.phone_sealed)[-2:] if collector.phone_sealed else ""


def read_address(application: Application) -> str:
    """The applicant's address, for himself and for reviewers."""
    return unseal(application.address_sealed) if application.address_sealed else ""


def read_document(document: ApplicationDocument) -> bytes:
    """The document's bytes as received."""
    return base64.b64decode(unseal(document.body_sealed))


def last_review(application: Application) -> VettingReview | None:
    """The newest decision on an application."""
    return application.reviews.select_related("reviewer").order_by("-at", "-pk").first()


def current_vetting(collector: Collector, at: datetime) -> Qualification | None:
    """The vetting that holds at `at`, the one that lasts longest; None when there is none."""
    held = current(Qualification.Kind.VETTING, at).filter(collector=collector)
    return held.order_by("-valid_to").first()


def waiting_applications() -> QuerySet[Application]:
    """Applications that wait for a decision, oldest first."""
    waiting = Application.objects.filter(state=states.SUBMITTED).select_related("collector")
    return waiting.order_by("submitted_at", "pk")


def members_of(org: CreditorOrg) -> QuerySet[Membership]:
    """The organisation's members, in the order in which they joined."""
    return Membership.objects.filter(org=org).select_related("user").order_by("pk")


def tokens_of(org: CreditorOrg) -> QuerySet[ApiToken]:
    """The organisation's tokens: those in use first, newest first."""
    return ApiToken.objects.filter(org=org).order_by("-revoked_at", "-created_at")
