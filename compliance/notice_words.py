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


def _amount(minor: int, currency: str) -> str:
    return str(format_currency(to_major(minor, currency), currency, locale="en_US"))


def _date(value: date) -> str:
    return str(format_date(value, "MMMM d, y", locale="en_US"))


def amounts(content: NoticeContent) -> list[Line]:
    """The itemisation: the amount on the itemisation date, what was added and taken off since, and today's amount."""

    def money(minor: int) -> str:
        return _amount(minor, content.currency)

    day = _date(content.itemization_date)
    return [
        Line(_("You owed on %(day)s") % {"day": day}, money(content.amount_then_minor)),
        Line(_("Interest since then"), money(content.interest_minor)),
        Line(_("Fees since then"), money(content.fees_minor)),
        Line(_("Paid or credited since then"), money(content.payments_minor + content.credits_minor)),
        Line(_("Total now"), money(content.amount_now_minor), is_total=True),
    ]


def rights(content: NoticeContent) -> list[str]:
    """Who writes and why, and the three statements about the end of the period."""
    day = _date(content.period_ends_on)
    return [
        _(
            "%(us)s is a debt collector. We are trying to collect a debt that you owe to %(creditor)s, on the account "
            "ending %(ending)s. We will use any information you give us to help collect it."
        )
        % {"us": content.collector_name, "creditor": content.creditor_now, "ending": content.account_ending},
        _(
            "Call or write to us by %(day)s to dispute all or part of the debt. If you do not, we will assume that "
            "our information is correct. If you write to us by %(day)s, we must stop collecting any amount you "
            "dispute until we send you information that shows you owe it."
        )
        % {"day": day},
        _(
            "Write to us by %(day)s to ask for the name and address of the original creditor, if it is another one "
            "than the present. If you write by then, we must stop collecting until we send you that information."
        )
        % {"day": day},
        _("Learn more about your rights under federal law at www.cfpb.gov/debt-collection."),
    ]


def prompts() -> list[str]:
    """The dispute prompts of the part to send back."""
    return [
        _("I want to dispute the debt because I think: this is not my debt."),
        _("I want to dispute the debt because I think: the amount is wrong."),
        _("I want to dispute the debt because I think: (please describe on reverse or attach)."),
        _("I want you to send me the name and address of the original creditor."),
    ]
