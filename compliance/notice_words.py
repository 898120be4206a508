"""The notice's sentences (12 CFR 1006.34(c) and (d)), the same on paper and on the private page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from babel.numbers import format_currency
from django.utils.translation import gettext as _

from compliance.notice_content import NoticeContent
from core.money import to_major


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    amount: str
    is_total: bool = False


def money(minor: int, currency: str) -> str:
    return str(format_currency(to_major(minor, currency), currency, locale="en_US"))


def day_words(day: date) -> str:
    return str(format_date(day, "d MMMM y", locale="en_GB"))


def amounts(content: NoticeContent, *, paid_minor: int | None = None, now_minor: int | None = None) -> list[Line]:
    """The itemisation: the amount on the itemisation date, what was added and taken off since, and the amount now.

    `paid_minor` and `now_minor` bring the last two lines up to a later day; without them they are as sent.
    """
    paid = content.payments_minor + content.credits_minor if paid_minor is None else paid_minor
    total = content.amount_now_minor if now_minor is None else now_minor
    rows = [
        (_("On %(day)s") % {"day": day_words(content.itemization_date)}, content.amount_then_minor),
        (_("Interest since then"), content.interest_minor),
        (_("Fees since then"), content.fees_minor),
        (_("Paid or credited since then"), -paid),
    ]
    lines = [Line(label, money(minor, content.currency)) for label, minor in rows]
    return [*lines, Line(_("Total now"), money(total, content.currency), is_total=True)]


def purpose(content: NoticeContent) -> str:
    """Who writes, for whom, and why (34(c)(1), 18(e))."""
    return _(
        "%(us)s is a debt collector. We are trying to collect a debt that you owe to %(creditor)s, on the account "
        "ending %(ending)s. We will use any information you give us to help collect it."
    ) % {"us": content.collector_name, "creditor": content.creditor_now, "ending": content.account_ending}


def creditor_then(content: NoticeContent) -> str:
    """To whom it was owed on the itemisation date (34(c)(2)(iii))."""
    day = day_words(content.itemization_date)
    return _("On %(day)s the debt was owed to %(creditor)s.") % {"day": day, "creditor": content.creditor_then}


def rights(content: NoticeContent) -> list[str]:
    """The statements about the end of the period, and where to learn more (34(c)(3))."""
    by = {"day": day_words(content.period_ends_on)}
    return [
        _(
            "Call or write to us by %(day)s to dispute all or part of the debt. If you do not, we will assume that our "
            "information is correct."
        )
        % by,
        _(
            "If you write to us by %(day)s, we must stop collecting any amount you dispute until we send you "
            "information that shows you owe it, or a copy of a judgment."
        )
        % by,
        _(
            "Write to us by %(day)s to ask for the name and address of the original creditor, if it is another one "
            "than the present. If you write by then, we must stop collecting until we send you that information."
        )
        % by,
        _("You may use the form below, a letter of your own, or your private page, which counts as writing."),
        _("Learn more about your rights under federal law at www.cfpb.gov/debt-collection."),
    ]


def dispute_prompts() -> list[str]:
    """What may be ticked after "I want to dispute the debt because I think" (34(c)(4)(i))."""
    return [
        _("This is not my debt."),
        _("The amount is wrong."),
        _("Other (please describe on reverse or attach additional information)."),
    ]


def creditor_prompt() -> str:
    """34(c)(4)(ii)"""
    return _("I want you to send me the name and address of the original creditor.")
