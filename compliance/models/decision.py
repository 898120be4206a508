"""What the gate decided: a Permit (single use, short-lived) or a Refusal. Both keep inputs and pack versions."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from marketplace.models import Case, ContactPoint, Person


class Permit(models.Model):
    """The right to one contact, valid until `expires_at`, used at most once (`redeemed_at`).

    `facts` replays the decision; `packs` lists [pack_id, version, sha256]. Every column but redeemed_at is frozen.
    """

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="permits")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="permits")
    contact_point = models.ForeignKey(ContactPoint, null=True, on_delete=models.PROTECT, related_name="permits")
    channel = models.CharField(max_length=12)
    purpose = models.CharField(max_length=20, default="", blank=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    facts = models.JSONField()
    packs = models.JSONField()
    disclosures = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("at")), name="permit_period"),
            models.CheckConstraint(
                condition=Q(redeemed_at__isnull=True) | Q(redeemed_at__lt=F("expires_at"), redeemed_at__gte=F("at")),
                name="permit_redeemed_in_time",
            ),
        ]
        indexes = [models.Index(fields=["person", "-at"], name="permit_person_newest")]

    def __str__(self) -> str:
        return self.ref


class Refusal(models.Model):
    """A contact the gate did not allow: every rule that said no, and when it may be tried again. Append-only."""

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="refusals")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="refusals")
    channel = models.CharField(max_length=12)
    purpose = models.CharField(max_length=20, default="", blank=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=5)
    rule = models.CharField(max_length=40)
    denials = models.JSONField()
    retry_at = models.DateTimeField(null=True)
    facts = models.JSONField()
    packs = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(verdict__in=["deny", "hold"]), name="refusal_verdict")]
        indexes = [models.Index(fields=["case", "-at"], name="refusal_case_newest")]

    def __str__(self) -> str:
        return f"{self.rule} {self.ref}"
