"""What is still owed of each part of a debt, changed only by payments and their reversals."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import F, QuerySet

from marketplace.errors import AmountAboveBalance
from marketplace.models import Debt


@dataclass(frozen=True, slots=True)
class Parts:
    """An amount in minor units, by what it was applied to."""

    principal: int
    interest: int
    fees: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.fees

    @property
    def base(self) -> int:
        """What commission is computed on: principal and interest, never fees."""
        return self.principal + self.interest


def split_payment(debt: Debt, amount: int) -> Parts:
    """Apply `amount` minor units to what is due: principal, then interest, fees last.

    Raises AmountAboveBalance when it is more than the balance.
    """
    principal = min(amount, debt.principal_due_minor)
    interest = min(amount - principal, debt.interest_due_minor)
    fees = amount - principal - interest
    if amount <= 0 or fees > debt.fees_due_minor:
        raise AmountAboveBalance()
    return Parts(principal, interest, fees)


def apply_parts(*, debt: Debt, parts: Parts) -> Debt:
    """Take what was paid off the balance. Guarded: raises AmountAboveBalance when any part is no longer due."""
    owed = Debt.objects.filter(
        pk=debt.pk, principal_due_minor__gte=parts.principal, interest_due_minor__gte=parts.interest,
        fees_due_minor__gte=parts.fees,
    )  # fmt: skip
    return _change(owed, debt, parts, sign=-1)


def take_back(*, debt: Debt, parts: Parts) -> Debt:
    """Put money that came back onto the balance again. Guarded: never more than was placed (AmountAboveBalance)."""
    paid = Debt.objects.filter(
        pk=debt.pk, principal_due_minor__lte=F("principal_minor") - parts.principal,
        interest_due_minor__lte=F("interest_minor") - parts.interest,
        fees_due_minor__lte=F("fees_minor") - parts.fees,
    )  # fmt: skip
    return _change(paid, debt, parts, sign=1)


def _change(rows: QuerySet[Debt], debt: Debt, parts: Parts, *, sign: int) -> Debt:
    changed = rows.update(
        principal_due_minor=F("principal_due_minor") + sign * parts.principal,
        interest_due_minor=F("interest_due_minor") + sign * parts.interest,
        fees_due_minor=F("fees_due_minor") + sign * parts.fees,
    )
    if not changed:
        raise AmountAboveBalance()
    debt.refresh_from_db(fields=["principal_due_minor", "interest_due_minor", "fees_due_minor"])
    return debt
