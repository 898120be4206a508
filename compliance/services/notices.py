"""Validation notices: built complete or not at all, sealed, hashed, dated once, and put in the day's print file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from compliance.models import ValidationNotice
from compliance.notice_content import NoticeContent, NoticeIncomplete, content_from_json
from compliance.packbook import packs_for
from compliance.policies.validation import validation_period
from core.crypto import seal, unseal
from core.errors import DomainError
from core.ids import new_ref
from marketplace import states
from marketplace.local import local_day
from marketplace.models import Case
from marketplace.services.cases import mark_noticed

OUR_NAME = "Evenhand Receivables, Inc."
OUR_ADDRESS = "Evenhand, Disputes, PO Box 555, Albany, NY 12201"


class NoWayToDeliver(DomainError):
    code = "no_way_to_deliver"
    sentence = _("There is no postal address and no e-mail address that may be used, so the notice cannot be sent.")


class NoticeNotDue(DomainError):
    code = "notice_not_due"
    sentence = _("A notice was sent already, or the case is no longer waiting for one.")


@dataclass(slots=True)
class NoticeReport:
    """Notices that went into the print queue, and the cases that wait with the reason's code and field."""

    sent: list[ValidationNotice] = field(default_factory=list)
    waiting: list[tuple[Case, str]] = field(default_factory=list)


def link_of(case: Case) -> str:
    """The debtor's private address."""
    return f"{settings.PUBLIC_BASE_URL}/p/{unseal(bytes(case.link_sealed))}/"


def address_of(case: Case) -> dict[str, str]:
    """The debtor's postal address as placed; empty texts where the file had none."""
    sealed = case.debtor.address_sealed
    return dict(json.loads(unseal(bytes(sealed)))) if sealed else {}


def deliverable(case: Case) -> bool:
    """Whether the notice can go by post: street, city and postal code are known."""
    address = address_of(case)
    return all(address.get(part) for part in ("street", "city", "postal_code"))


def build_notice(*, case: Case, at: datetime) -> NoticeContent:
    """The notice of a case as it would be sent at `at`.

    The period is computed from the local day of sending (12 CFR 1006.34(b)(5)). The itemisation runs from the
    creditor's itemisation date: what was owed then is principal, what was added since is interest and fees.
    Raises NoticeIncomplete naming the missing field, NoWayToDeliver.
    """
    debt, debtor = case.debt, case.debtor
    if debt.itemization_date is None:
        raise NoticeIncomplete(field="itemization_date")
    if not deliverable(case):
        raise NoWayToDeliver()
    address = address_of(case)
    period = validation_period(local_day(debtor, at), packs_for(["US-FED"]))
    return NoticeContent(
        collector_name=OUR_NAME, collector_address=OUR_ADDRESS, consumer_name=debtor.name,
        consumer_address=(address["street"], f"{address['city']}, {debtor.region} {address['postal_code']}"),
        creditor_now=case.org.legal_name, creditor_then=case.org.legal_name, account_ending=debt.account_ref[-4:],
        currency=debt.currency, itemization_date=debt.itemization_date, amount_then_minor=debt.principal_minor,
        interest_minor=debt.interest_minor, fees_minor=debt.fees_minor,
        payments_minor=debt.placed_minor - debt.balance_minor, credits_minor=0, amount_now_minor=debt.balance_minor,
        period_ends_on=period.end, link=link_of(case), language=debtor.language,
    )  # fmt: skip


def send_notice(*, case: Case, at: datetime, actor: str = "system") -> ValidationNotice:
    """Put a READY case's notice into the day's print file and move the case to NOTICED, in one transaction.

    Raises NoticeNotDue, NoticeIncomplete, NoWayToDeliver; each leaves nothing behind. The row lock on the case and
    the one-notice-a-case key decide between two senders.
    """
    with transaction.atomic():
        rows = Case.objects.select_for_update(of=("self",), no_key=True).select_related("debtor", "debt", "org")
        locked = rows.get(pk=case.pk)
        if locked.state != states.READY:
            raise NoticeNotDue()
        content = build_notice(case=locked, at=at)
        text = content.to_json()
        period = validation_period(local_day(locked.debtor, at), packs_for(["US-FED"]))
        notice = ValidationNotice.objects.create(
            ref=new_ref("N"), case=locked, language=content.language, delivery=ValidationNotice.Delivery.POST,
            content_sealed=seal(text, key_id=locked.org.key_id), content_sha256=hashlib.sha256(text.encode()).digest(),
            sent_at=at, assumed_received_on=period.receipt, period_ends_on=period.end,
            print_date=local_day(locked.debtor, at),
        )  # fmt: skip
        mark_noticed(case=locked, at=at, notice_ref=notice.ref, actor=actor)
    return notice


def send_notices(*, cases: Iterable[Case], at: datetime, actor: str = "system") -> NoticeReport:
    """Send every notice that can be sent; the others wait with their reason."""
    report = NoticeReport()
    for case in cases:
        try:
            report.sent.append(send_notice(case=case, at=at, actor=actor))
        except (NoticeIncomplete, NoWayToDeliver, NoticeNotDue) as refusal:
            report.waiting.append((case, refusal.code))
    return report


def content_of(notice: ValidationNotice) -> NoticeContent:
    """What a sent notice said."""
    return content_from_json(unseal(bytes(notice.content_sealed)))
