"""Collectors, their employer where the law wants one, and what qualifies them where."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User


class Agency(models.Model):
    """An employer of collectors, needed where the law allows no individuals."""

    name = models.CharField(max_length=120, unique=True)
    country = models.CharField(max_length=2)

    class Meta:
        verbose_name_plural = "agencies"

    def __str__(self) -> str:
        return self.name


class Collector(models.Model):
    """A vetted individual who works cases. `live_claims` is the guarded counter behind the claim limit."""

    class Status(models.TextChoices):
        APPLICANT = "APPLICANT", _("Applicant")
        ACTIVE = "ACTIVE", _("Active")
        SUSPENDED = "SUSPENDED", _("Suspended")

    class Tier(models.IntegerChoices):
        JUNIOR = 1, _("Junior")
        REGULAR = 2, _("Regular")
        SENIOR = 3, _("Senior")
        LEAD = 4, _("Lead")

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="collector")
    ref = models.CharField(max_length=20, unique=True)
    alias = models.CharField(max_length=80)
    status = models.CharField(max_length=10, choices=Status, default=Status.APPLICANT)
    tier = models.PositiveSmallIntegerField(choices=Tier, default=Tier.JUNIOR)
    live_claims = models.PositiveSmallIntegerField(default=0)
    live_limit = models.PositiveSmallIntegerField(default=3)
    amount_cap_minor = models.BigIntegerField(null=True, blank=True, default=250_000)
    conduct_score = models.PositiveSmallIntegerField(default=100)
    result_score = models.PositiveSmallIntegerField(default=50)
    languages = ArrayField(models.CharField(max_length=10), default=list)
    home_region = models.CharField(max_length=6, default="", blank=True)
    phone_sealed = models.BinaryField(null=True)
    phone_hash = models.BinaryField(max_length=32, null=True)
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT)
    payee_ref = models.CharField(max_length=80, default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(live_claims__lte=F("live_limit")), name="collector_within_limit"),
            models.CheckConstraint(
                condition=Q(status__in=["APPLICANT", "ACTIVE", "SUSPENDED"]), name="collector_status"
            ),
            models.CheckConstraint(condition=Q(tier__in=[1, 2, 3, 4]), name="collector_tier_known"),
        ]

    def __str__(self) -> str:
        return f"{self.alias} {self.ref}"

    @property
    def actor(self) -> str:
        return f"collector:{self.ref}"


class Qualification(models.Model):
    """An admin-verified right with an expiry: vetting as such, a state's licence, a training certificate."""

    class Kind(models.TextChoices):
        VETTING = "VETTING", _("Vetting")
        LICENCE = "LICENCE", _("Licence")
        TRAINING = "TRAINING", _("Training")

    collector = models.ForeignKey(Collector, on_delete=models.PROTECT, related_name="qualifications")
    kind = models.CharField(max_length=10, choices=Kind)
    jurisdiction = models.CharField(max_length=6, help_text=_("Country, or country and region, for example US-TX"))
    number = models.CharField(max_length=60, default="", blank=True)
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField()
    verified_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    evidence = models.ForeignKey("accounts.ApplicationDocument", null=True, blank=True, on_delete=models.PROTECT)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(valid_to__gt=F("valid_from")), name="qualification_period"),
            models.CheckConstraint(condition=Q(kind__in=["VETTING", "LICENCE", "TRAINING"]), name="qualification_kind"),
        ]
        indexes = [
            models.Index(fields=["collector", "kind", "jurisdiction", "-valid_to"], name="qualification_current")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.jurisdiction}"
