"""The debtor's private page: finding the case of a link, checking the second fact, and counting wrong answers."""

from __future__ import annotations

import re
from datetime import datetime

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from compliance.models import ValidationNotice
from compliance.services.notices import address_of
from core.crypto import keyed_hash
from core.errors import DomainError
from core.events import record
from core.models import Event
from core.money import AmountError, to_minor
from marketplace import states
from marketplace.models import Case

TRIES = 5
WAIT_S = 15 * 60


class WrongAnswer(DomainError):
    """The same words whatever was wrong, so that nothing can be learned by trying."""

    code = "wrong_answer"
    http_status = 400
    sentence = _("That is not what the letter's sender has on file. Check the letter, or choose another question.")


class TooManyTries(DomainError):
    code = "too_many_tries"
    http_status = 429
    sentence = _("There were too many wrong answers. Try again in 15 minutes, or write to the address on the letter.")


def case_of_link(token: str) -> Case | None:
    """The case of a private link, or None for a token that leads nowhere (or to a case long closed)."""
    rows = Case.objects.select_related("org", "programme", "debtor", "debt")
    return rows.filter(link_hash=keyed_hash(token, purpose="link")).exclude(state=states.CLOSED).first()


def check_second_fact(*, case: Case, answer: str, origin: str = "") -> None:
    """Compare an answer with the facts the file has: postal code, last 4 of the account, amount of the last payment.

    Any one of them opens the page. Wrong answers are counted by case and by `origin` (the caller's address); after
    five, a quarter of an hour of real time must pass. Raises WrongAnswer, TooManyTries.
    """
    counters = [f"portal:case:{case.pk}", f"portal:from:{origin}"] if origin else [f"portal:case:{case.pk}"]
    if any(cache.get(counter, 0) >= TRIES for counter in counters):
        raise TooManyTries()
    if not _matches(case, answer):
        for counter in counters:
            cache.add(counter, 0, WAIT_S)
            cache.incr(counter)
        raise WrongAnswer()
    for counter in counters:
        cache.delete(counter)


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
