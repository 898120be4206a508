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
from compliance.notice_content import NOTICE_LANGUAGE, NoticeContent, NoticeIncomplete, content_from_json
from compliance.packbook import packs_for
from compliance.policies.validation import ValidationPeriod, validation_period
from core.crypto import seal, unseal
from core.errors import DomainError
from core.ids import new_ref
from marketplace import states
from marketplace.local import local_day, market_day
from marketplace.models import Case
from marketplace.services.cases import mark_many_noticed

OUR_NAME = "Evenhand Receivables, Inc."
OUR_ADDRESS = "Evenhand, Disputes, PO Box 555, Albany, NY 12201"
_CHUNK = 200


class NoWayToDeliver(DomainError):
    code = "no_way_to_deliver"
    sentence = _("There is no postal address and no e-mail address that may be used, so the notice cannot be sent.")


class NoticeNotDue(DomainError):
    code = "notice_not_due"
    sentence = _("A notice was sent already, or the case is no longer waiting for one.")


@dataclass(slots=True)
class NoticeReport:
    """Notices that went into the print queue, and the cases that wait with the sentence of the reason."""

    sent: list[ValidationNotice] = field(default_factory=list)
    waiting: list[tuple[Case, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Draft:
    case: Case
    content: NoticeContent
    period: ValidationPeriod


def link_of(case: Case) -> str:
    """The debtor's private address."""
    return f"{settings.PUBLIC_BASE_URL}/p/{unseal(bytes(case.link_sealed))}/"


def address_of(case: Case) -> dict[str, str]:
    """The debtor's postal address as placed; empty texts where the file had none."""
    sealed = case.debtor.address_sealed
    return dict(json.loads(unseal(bytes(sealed)))) if sealed else {}


def deliverable(case: Case) -> bool:
    """Whether the notice can go by post: street, city and postal code are known."""
    return _is_postal(address_of(case))


def _is_postal(address: dict[str, str]) -> bool:
    return all(address.get(part) for part in ("street", "city", "postal_code"))


def period_of(case: Case, at: datetime) -> ValidationPeriod:
    """The validation period of a notice sent at `at`, from the debtor's local day (12 CFR 1006.34(b)(5))."""
    return validation_period(local_day(case.debtor, at), packs_for(["US-FED"]))


def build_notice(*, case: Case, at: datetime) -> NoticeContent:
    """The notice of a case as it would be sent at `at`.

    The itemisation runs from the creditor's itemisation date: what was owed then is principal, what was added since
    is interest and fees. Raises NoticeIncomplete naming the missing field, NoWayToDeliver.
    """
    return _draft(case, at).content


def _draft(case: Case, at: datetime) -> _Draft:
    debt, debtor = case.debt, case.debtor
    if debt.itemization_date is None:
        raise NoticeIncomplete(field="itemization_date")
    address = address_of(case)
    if not _is_postal(address):
        raise NoWayToDeliver()
    period = period_of(case, at)
    content = NoticeContent(
        collector_name=OUR_NAME, collector_address=OUR_ADDRESS, consumer_name=debtor.name,
        consumer_address=(address["street"], f"{address['city']}, {debtor.region} {address['postal_code']}"),
        creditor_now=case.org.legal_name, creditor_then=case.org.legal_name, account_ending=debt.account_ref[-4:],
        currency=debt.currency, itemization_date=debt.itemization_date, amount_then_minor=debt.principal_minor,
        interest_minor=debt.interest_minor, fees_minor=debt.fees_minor,
        payments_minor=debt.placed_minor - debt.balance_minor, credits_minor=0, amount_now_minor=debt.balance_minor,
        period_ends_on=period.end, link=link_of(case), language=NOTICE_LANGUAGE,
    )  # fmt: skip
    return _Draft(case, content, period)


def send_notice(*, case: Case, at: datetime, actor: str = "system") -> ValidationNotice:
    """Put a READY case's notice into the day's print file and move the case to NOTICED, in one transaction.

    Raises NoticeNotDue, NoticeIncomplete, NoWayToDeliver; each leaves nothing behind. The row lock on the case and
    the one-notice-a-case key decide between two senders.
    """
    with transaction.atomic():
        locked = _locked([case.pk])
        if not locked:
            raise NoticeNotDue()
        return _put_in_queue([_draft(locked[0], at)], at=at, actor=actor)[0]


def send_notices(*, cases: Iterable[Case], at: datetime, actor: str = "system") -> NoticeReport:
    """Send every notice that can be sent, in transactions of 200; the others wait, untouched, with their reason."""
    report = NoticeReport()
    wanted = {case.pk: case for case in cases}
    order = sorted(wanted)
    for start in range(0, len(order), _CHUNK):
        with transaction.atomic():
            drafts: list[_Draft] = []
            locked = {case.pk: case for case in _locked(order[start : start + _CHUNK])}
            for pk in order[start : start + _CHUNK]:
                try:
                    if pk not in locked:
                        raise NoticeNotDue()
                    drafts.append(_draft(locked[pk], at))
                except (NoticeIncomplete, NoWayToDeliver, NoticeNotDue) as refusal:
                    report.waiting.append((wanted[pk], str(refusal.message)))
            report.sent += _put_in_queue(drafts, at=at, actor=actor)
    return report


def _locked(pks: list[int]) -> list[Case]:
    """Those of the cases that wait for a notice, locked in the order of their keys."""
    rows = Case.objects.select_for_update(of=("self",), no_key=True).select_related("debtor", "debt", "org")
    return list(rows.filter(pk__in=pks, state=states.READY).order_by("pk"))


def _put_in_queue(drafts: list[_Draft], *, at: datetime, actor: str) -> list[ValidationNotice]:
    notices = ValidationNotice.objects.bulk_create([_row(draft, at) for draft in drafts])
    mark_many_noticed(
        notices=[(draft.case, row.ref) for draft, row in zip(drafts, notices, strict=True)], at=at, actor=actor
    )
    return notices


def _row(draft: _Draft, at: datetime) -> ValidationNotice:
    text = draft.content.to_json()
    return ValidationNotice(
        ref=new_ref("N"), case=draft.case, language=draft.content.language, delivery=ValidationNotice.Delivery.POST,
        content_sealed=seal(text, key_id=draft.case.org.key_id), content_sha256=hashlib.sha256(text.encode()).digest(),
        sent_at=at, assumed_received_on=draft.period.receipt, period_ends_on=draft.period.end,
        print_date=market_day(at),
    )  # fmt: skip


def content_of(notice: ValidationNotice) -> NoticeContent:
    """What a sent notice said."""
    return content_from_json(unseal(bytes(notice.content_sealed)))
