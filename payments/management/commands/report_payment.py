from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from core import clock
from core.errors import DomainError
from core.money import AmountError, to_major, to_minor
from marketplace.models import Case
from payments.models.payment import INSTRUMENTS
from payments.selectors.facts import local_zone
from payments.services.payments import report_payment


class Command(BaseCommand):
    help = "Report a payment the debtor made to the creditor: report_payment K-7Q3F9M2X 100.30 --ref BANK-17."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("case", help="the case's reference")
        parser.add_argument("amount", help="in major units, for example 100.30")
        parser.add_argument("--on", default="", help="day (YYYY-MM-DD) or instant it was paid; now if not given")
        parser.add_argument("--instrument", default="transfer", choices=[code for code, _label in INSTRUMENTS])
        parser.add_argument("--ref", required=True, help="the creditor's own reference of the payment")

    def handle(self, *_args: object, **options: Any) -> None:
        case = Case.objects.select_related("debt", "debtor").filter(ref=options["case"]).first()
        if case is None:
            raise CommandError(f"There is no case {options['case']}.")
        now, currency, reference = clock.now(), case.debt.currency, options["ref"].strip()
        try:
            payment = report_payment(
                case=case, amount_minor=to_minor(options["amount"], currency), currency=currency,
                initiated_at=_made_at(options["on"], case, reference, now), instrument=options["instrument"],
                external_ref=reference, actor="system", at=now,
            )  # fmt: skip
        except AmountError as error:
            raise CommandError(f"{options['amount']} is not an amount in {currency}.") from error
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        amount = to_major(payment.amount_minor, currency)
        late = ", reported late" if payment.is_late_report else ""
        self.stdout.write(
            f"{payment.ref}: {amount} {currency} on {case.ref}, rule {payment.attribution.rule}{late}; "
            f"counts from {payment.clears_at.astimezone(local_zone(case)).isoformat(timespec='seconds')}"
        )


def _made_at(text: str, case: Case, reference: str, now: datetime) -> datetime:
    """When it was paid. The command given twice means the same moment, though its "now" was read off a later clock."""
    wanted = _instant(text, case, now)
    earlier = case.payments.filter(external_ref=reference).first()
    if earlier is None or len(text) > len("2026-11-05"):
        return wanted
    zone = local_zone(case)
    is_same_day = earlier.initiated_at.astimezone(zone).date() == wanted.astimezone(zone).date()
    return earlier.initiated_at if is_same_day or not text else wanted


def _instant(text: str, case: Case, now: datetime) -> datetime:
    """An instant, or noon of a day in the debtor's zone; today is now when noon is still to come."""
    if not text:
        return now
    try:
        exact, day = parse_datetime(text) if "T" in text or " " in text else None, parse_date(text[:10])
    except ValueError:
        exact, day = None, None
    if exact is not None:
        return make_aware(exact, local_zone(case)) if is_naive(exact) else exact
    if day is None:
        raise CommandError(f"{text} is not a day. Write it as 2026-11-05.")
    zone = local_zone(case)
    noon = datetime.combine(day, time(12), zone)
    return min(noon, now) if day == now.astimezone(zone).date() else noon
