"""Whose work a payment is, and what that earns: one line a payment or reversal."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Collector
from marketplace import states as market
from marketplace.models import Case, Claim
from payments import states
from payments.models.payment import Payment, Reversal


class Attribution(models.Model):
    """The rule (A1 to A6) that decided a payment, the claim it chose, and the facts it saw. Append-only."""

    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="attribution")
    rule = models.CharField(max_length=2)
    claim = models.ForeignKey(Claim, null=True, on_delete=models.PROTECT, related_name="attributions")
    is_house = models.BooleanField(default=False)
    facts = models.JSONField()
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rule__in=["A2", "A3", "A4"], claim__isnull=False, is_house=False)
                | Q(rule="A5", claim__isnull=True, is_house=True)
                | Q(rule__in=["A1", "A6"], claim__isnull=True, is_house=False),
                name="attribution_shape",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.payment_id}"


class Accrual(models.Model):
    """One commission line: the change of the cumulative fee that a payment or its reversal caused.

    Amounts are minor units of `currency`, negative on a reversal's line. `open_minor` is the collector's part of this
    line that still sits in accrued, held or ready. `claim` is null for HOUSE (terms then are the programme's).
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REVERSAL = "reversal", _("Reversal")

    ref = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="accruals")
    claim = models.ForeignKey(Claim, null=True, on_delete=models.PROTECT, related_name="accruals")
    collector = models.ForeignKey(Collector, null=True, on_delete=models.PROTECT, related_name="accruals")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="accruals")
    reversal = models.OneToOneField(Reversal, null=True, on_delete=models.PROTECT, related_name="accrual")
    rule = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)
    base_minor = models.BigIntegerField()
    rate_bps = models.PositiveIntegerField()
    fee_minor = models.BigIntegerField()
    collector_minor = models.BigIntegerField()
    platform_minor = models.BigIntegerField()
    vat_minor = models.BigIntegerField(default=0)
    withheld_minor = models.BigIntegerField(default=0)
    open_minor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=market.choices(states.ACCRUAL), default=states.PENDING)
    held_until = models.DateTimeField(null=True)
    payout = models.ForeignKey("payments.Payout", null=True, on_delete=models.PROTECT, related_name="accruals")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["payment"], condition=Q(kind="payment"), name="one_payment_line_a_payment"),
            models.CheckConstraint(condition=Q(open_minor__gte=0), name="accrual_open_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="payment", reversal__isnull=True) | Q(kind="reversal", reversal__isnull=False),
                name="accrual_kind_shape",
            ),
        ]
        indexes = [
            models.Index(fields=["collector", "state"], name="accrual_collector_state"),
            models.Index(fields=["held_until"], condition=Q(state="HELD"), name="accrual_to_release"),
        ]

    def __str__(self) -> str:
        return self.ref
