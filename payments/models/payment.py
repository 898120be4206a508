"""Payments a debtor made to the creditor, as reported; the money itself never enters the platform."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace import states as market
from marketplace.models import Case
from payments import states

INSTRUMENTS = [
    ("cash", _("Cash at the creditor")), ("transfer", _("Bank transfer")), ("ach", _("Direct debit")),
    ("card", _("Card")), ("check", _("Check")),
]  # fmt: skip


class Payment(models.Model):
    """One payment, with the parts it was applied to. `initiated_at` decides attribution, `clears_on` when it counts."""

    class Route(models.TextChoices):
        DIRECT = "direct", _("Paid to the creditor")
        LINK = "link", _("Paid by the creditor's link")

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="payments")
    external_ref = models.CharField(max_length=80)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    principal_minor = models.BigIntegerField()
    interest_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    instrument = models.CharField(max_length=10, choices=INSTRUMENTS)
    route = models.CharField(max_length=8, choices=Route, default=Route.DIRECT)
    state = models.CharField(max_length=10, choices=market.choices(states.PAYMENT), default=states.REPORTED)
    initiated_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    reported_by = models.CharField(max_length=80)
    is_late_report = models.BooleanField(default=False)
    clears_at = models.DateTimeField()
    cleared_at = models.DateTimeField(null=True)
    request_hash = models.BinaryField(max_length=32)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["case", "external_ref"], name="payment_reported_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, principal_minor__gte=0, interest_minor__gte=0, fees_minor__gte=0),
                name="payment_amounts",
            ),
            models.CheckConstraint(
                condition=Q(
                    amount_minor=models.F("principal_minor") + models.F("interest_minor") + models.F("fees_minor")
                ),
                name="payment_parts_add_up",
            ),
            models.CheckConstraint(condition=Q(initiated_at__lte=models.F("reported_at")), name="payment_times"),
        ]
        indexes = [models.Index(fields=["clears_at"], condition=Q(state="REPORTED"), name="payment_to_clear")]

    def __str__(self) -> str:
        return self.ref


class Reversal(models.Model):
    """A payment, or part of it, taken back: bounced, charged back, recalled. Append-only."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="reversals")
    external_ref = models.CharField(max_length=80)
    reason = models.CharField(max_length=40)
    principal_minor = models.BigIntegerField()
    interest_minor = models.BigIntegerField()
    fees_minor = models.BigIntegerField()
    at = models.DateTimeField()
    reported_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["payment", "external_ref"], name="reversal_once"),
            models.CheckConstraint(
                condition=Q(principal_minor__gte=0, interest_minor__gte=0, fees_minor__gte=0), name="reversal_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"reversal of {self.payment_id}"

    @property
    def amount_minor(self) -> int:
        return self.principal_minor + self.interest_minor + self.fees_minor


class PaidStatement(models.Model):
    """The debtor's own word that he has paid; the creditor confirms it as a payment or says why not."""

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="paid_statements")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    paid_on = models.DateField()
    instrument = models.CharField(max_length=10, choices=INSTRUMENTS)
    text = models.TextField(default="", blank=True)
    state = models.CharField(max_length=10, choices=market.choices(states.STATEMENT), default=states.STATEMENT_OPEN)
    dispute_ref = models.CharField(max_length=20, default="", blank=True)
    payment = models.OneToOneField(Payment, null=True, on_delete=models.PROTECT, related_name="statement")
    said_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    answer_text = models.TextField(default="", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gt=0), name="statement_amount")]

    def __str__(self) -> str:
        return self.ref
