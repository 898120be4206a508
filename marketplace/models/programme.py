from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg


class Programme(models.Model):
    """A creditor's terms for one kind of debt: commission, packs, settlement authority, funding cover.

    `terms` is the commission plan as JSON in the format of payments.commission; a claim freezes its own copy.
    `pack_ids` are plain strings; HOUSE always applies, whatever the list says.
    """

    class Cover(models.TextChoices):
        FLOAT = "float", _("Prepaid float")
        MANDATE = "mandate", _("Invoice mandate")

    org = models.ForeignKey(CreditorOrg, on_delete=models.PROTECT, related_name="programmes")
    slug = models.SlugField(max_length=60)
    name = models.CharField(max_length=120)
    country = models.CharField(max_length=2, default="US")
    currency = models.CharField(max_length=3, default="USD")
    language = models.CharField(max_length=10, default="en")
    product = models.CharField(max_length=60, default="credit card")
    terms = models.JSONField()
    terms_version = models.PositiveIntegerField(default=1)
    pack_ids = ArrayField(models.CharField(max_length=20), default=list)
    settlement_authority = models.JSONField(default=list, blank=True)
    clearing_days = models.JSONField(default=dict, help_text=_("Days from payment to cleared, by instrument"))
    funding_cover = models.CharField(max_length=8, choices=Cover, default=Cover.FLOAT)
    float_floor_minor = models.BigIntegerField(default=0)
    exposure_limit_minor = models.BigIntegerField(default=0)
    ledger_max_age_days = models.PositiveSmallIntegerField(default=7)
    listing_days = models.PositiveSmallIntegerField(default=180)
    ways_to_pay = models.TextField(
        default="", blank=True, help_text=_("The creditor's own ways to pay, shown as written")
    )
    dispute_answer_days = models.PositiveSmallIntegerField(default=30)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["org_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["org", "slug"], name="programme_slug_once"),
            models.CheckConstraint(condition=Q(float_floor_minor__gte=0), name="programme_floor_not_negative"),
            models.CheckConstraint(condition=Q(funding_cover__in=["float", "mandate"]), name="programme_cover_known"),
        ]

    def __str__(self) -> str:
        return self.name
