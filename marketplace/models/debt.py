from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import CreditorOrg
from marketplace.models.person import Debtor


class Debt(models.Model):
    """One account as the creditor placed it, and what is still due of each part. Minor units of `currency`."""

    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="debts")
    debtor = models.ForeignKey(Debtor, on_delete=models.PROTECT, related_name="debts")
    account_ref = models.CharField(max_length=64)
    product = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    principal_minor = models.BigIntegerField()
    interest_minor = models.BigIntegerField(default=0)
    fees_minor = models.BigIntegerField(default=0)
    principal_due_minor = models.BigIntegerField()
    interest_due_minor = models.BigIntegerField(default=0)
    fees_due_minor = models.BigIntegerField(default=0)
    days_past_due_given = models.IntegerField(null=True)
    delinquency_date = models.DateField()
    itemization_date = models.DateField(null=True)
    last_payment_date = models.DateField(null=True)
    last_payment_minor = models.BigIntegerField(null=True)
    statute_date = models.DateField(null=True)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    ledger_as_of = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["org", "account_ref"], name="debt_account_once"),
            models.CheckConstraint(
                condition=Q(principal_due_minor__gte=0, interest_due_minor__gte=0, fees_due_minor__gte=0),
                name="debt_due_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(principal_minor__gte=0, interest_minor__gte=0, fees_minor__gte=0), name="debt_placed_sane"
            ),
        ]

    def __str__(self) -> str:
        return f"debt {self.pk}"

    @property
    def placed_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.fees_minor

    @property
    def balance_minor(self) -> int:
        return self.principal_due_minor + self.interest_due_minor + self.fees_due_minor
