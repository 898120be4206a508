"""Money between the platform and its own business partners: top-ups in, payouts out, and the provider's inbox."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Collector, CreditorOrg
from marketplace import states as market
from payments import states


class TopUp(models.Model):
    """A creditor's prepayment for services. `idem_key` is stored before the provider is called; `tap` is the key of the
    form that asked for it, so that a form sent twice asks once."""

    ref = models.CharField(max_length=20, unique=True)
    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="topups")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=market.choices(states.TRANSFER), default=states.CREATED)
    idem_key = models.CharField(max_length=120, unique=True)
    tap = models.CharField(max_length=60, null=True)
    psp_ref = models.CharField(max_length=80, null=True, unique=True)
    requested_by = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="topup_amount"),
            models.UniqueConstraint(fields=["org", "tap"], name="one_topup_a_tap"),
        ]

    def __str__(self) -> str:
        return self.ref


class Payout(models.Model):
    """Everything available to one collector, sent once. Only one may be under way per collector and currency."""

    ref = models.CharField(max_length=20, unique=True)
    collector = models.ForeignKey(Collector, on_delete=models.PROTECT, related_name="payouts")
    amount_minor = models.BigIntegerField()
    withheld_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=market.choices(states.TRANSFER), default=states.CREATED)
    idem_key = models.CharField(max_length=120, unique=True)
    psp_ref = models.CharField(max_length=80, null=True, unique=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["collector", "currency"],
                condition=Q(state__in=list(states.OPEN_TRANSFER)),
                name="one_open_payout_a_collector",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_amount"),
        ]

    def __str__(self) -> str:
        return self.ref


class PspEvent(models.Model):
    """The provider's inbox: a webhook is stored once, answered, then looked up. It only says that something changed."""

    provider = models.CharField(max_length=12)
    external_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=80)
    object_ref = models.CharField(max_length=80)
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "external_id"], name="psp_event_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
