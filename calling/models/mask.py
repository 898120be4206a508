from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg


class MaskNumber(models.Model):
    """A number of the platform, shown to both sides in place of the other's."""

    class Status(models.TextChoices):
        READY = "ready", _("Ready")
        RETIRED = "retired", _("Retired")

    e164 = models.CharField(max_length=16, unique=True)
    country = models.CharField(max_length=2)
    area = models.CharField(max_length=8)
    provider = models.CharField(max_length=12)
    creditor = models.ForeignKey(CreditorOrg, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    daily_cap = models.PositiveIntegerField(default=200)
    status = models.CharField(max_length=8, choices=Status, default=Status.READY)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.e164


class MaskSlot(models.Model):
    """A mask held for one debtor's number (`debtor_key` = keyed hash): leased, or in quarantine until `free_at`.

    The primary key is (debtor_key, mask): the insert decides who gets it.
    """

    pk = models.CompositePrimaryKey("debtor_key", "mask")
    debtor_key = models.BinaryField(max_length=32)
    mask = models.ForeignKey(MaskNumber, on_delete=models.PROTECT, related_name="slots")
    claim_ref = models.CharField(max_length=20)
    leased_at = models.DateTimeField()
    free_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.mask_id} for {self.claim_ref}"
