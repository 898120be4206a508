"""The debtor's private page: finding the case of a link, checking the second fact, and counting wrong answers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from compliance.models import Dispute, PortalTries, ValidationNotice
from compliance.services.notices import address_of
from core.crypto import keyed_hash
from core.errors import DomainError
from core.events import record
from core.models import Event
from core.money import AmountError, to_minor
from marketplace import states
from marketplace.models import Case

TRIES = 5
TRIES_FROM_ONE_PLACE = 60
WAIT = timedelta(minutes=15)
# How long a person can read how it ended.
READABLE_AFTER_CLOSING = timedelta(days=90)


class WrongAnswer(DomainError):
    """The same words whatever was wrong, so that nothing can be learned by trying."""

    code = "wrong_answer"
    http_status = 400
    sentence = _("That is not what the letter's sender has on file. Check the letter, or choose another question.")


class TooManyTries(DomainError):
    code = "too_many_tries"
    http_status = 429
    sentence = _("There were too many wrong answers. Try again in 15 minutes, or write to the address on the letter.")


def case_of_link(token: str, *, at: datetime) -> Case | None:
    """The case of a private link, or None for a token that leads nowhere or to a case closed for three months."""
    rows = Case.objects.select_related("org", "programme", "debtor", "debt")
    found = rows.filter(link_hash=keyed_hash(token, purpose="link")) if token else rows.none()
    return found.exclude(state=states.CLOSED, closed_at__lt=at - READABLE_AFTER_CLOSING).first()


def check_second_fact(*, case: Case, answer: str, origin: str = "") -> None:
    """Compare an answer with the facts the file has: postal code, last 4 of the account, amount of the last payment.

    Any one of them opens the page. Wrong answers are counted by case and by `origin` (the caller's address); after
    five, a quarter of an hour of real time must pass. A try is counted before it is judged, so that many at once are
    no more than one after another. Raises WrongAnswer, TooManyTries.
    """
    keys = [
        keyed_hash(name, purpose="portal") for name in (f"case {case.pk}", f"from {origin}" if origin else "") if name
    ]
    # many people can share one address, so only a letter's own limit is tight
    limits = (TRIES, TRIES_FROM_ONE_PLACE)
    if any(_count_try(key, limit) > limit for key, limit in zip(keys, limits, strict=False)):
        raise TooManyTries()
    if not _matches(case, answer):
        raise WrongAnswer()
    PortalTries.objects.filter(pk=keys[0]).delete()
    PortalTries.objects.filter(pk__in=keys[1:]).update(tries=F("tries") - 1)


def _count_try(key: bytes, limit: int) -> int:
    """Add one to a counter, in one statement, and return it; a counter whose time is over begins anew."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO compliance_portaltries AS old (key, tries, until) VALUES (%s, 1, %s) "
            "ON CONFLICT (key) DO UPDATE SET "
            "tries = CASE WHEN old.until <= %s THEN 1 ELSE least(old.tries + 1, %s) END, "
            "until = CASE WHEN old.until <= %s THEN excluded.until ELSE old.until END RETURNING tries",
            [key, now + WAIT, now, limit + 1, now],
        )
        return int(cursor.fetchone()[0])


def _plain(text: str) -> str:
    return re.sub(r"[\s\-.$,]", "", text).upper()


def _matches(case: Case, answer: str) -> bool:
    given = _plain(answer)
    if not given:
        return False
    debt = case.debt
    expected = [_plain(address_of(case).get("postal_code", "")), _plain(debt.account_ref)[-4:]]
    found = [constant_time_compare(given, fact) for fact in expected if fact]
    if debt.last_payment_minor:
        found.append(_amount(answer, debt.currency) == debt.last_payment_minor)
    return any(found)


def _amount(answer: str, currency: str) -> int | None:
    try:
        return to_minor(answer.strip().lstrip("$¥€£").replace(",", ""), currency)
    except AmountError:
        return None


def notice_of(case: Case) -> ValidationNotice | None:
    """The case's notice, when one was sent."""
    return ValidationNotice.objects.filter(case=case).select_related("case__org").first()


def notice_viewed(*, case: Case, at: datetime) -> None:
    """Record once that the debtor has opened the notice."""
    with transaction.atomic():
        if not Event.objects.filter(stream=case.stream, name="notice.viewed").exists():
            record(name="notice.viewed", stream=case.stream, actor="debtor", at=at, creditor_id=case.org_id)


def is_notice_viewed(case: Case) -> bool:
    """Whether the notice has been opened on the private page."""
    return Event.objects.filter(stream=case.stream, name="notice.viewed").exists()


def open_dispute_of(case: Case) -> Dispute | None:
    """What waits for the creditor's answer; of several, what has to be answered last."""
    return Dispute.objects.filter(case=case, answered_at__isnull=True).order_by("-answer_due_date", "-pk").first()


def newest_answer(case: Case) -> Dispute | None:
    """The creditor's newest answer in words, for the person to read."""
    return Dispute.objects.filter(case=case).exclude(answer_text="").order_by("-answered_at", "-pk").first()
