"""A collector's application, its documents, and the reviews that decide it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts import states
from accounts.models.collector import Collector
from accounts.models.user import User

STATES = [(state, state.replace("_", " ").capitalize()) for state in sorted(states.APPLICATION.states)]


class Application(models.Model):
    """What one collector hands in to be vetted."""

    collector = models.OneToOneField(Collector, on_delete=models.PROTECT, related_name="application")
    ref = models.CharField(max_length=20, unique=True)
    state = models.CharField(max_length=12, choices=STATES, default=states.DRAFT)
    legal_name = models.CharField(max_length=120, default="", blank=True)
    birth_date = models.DateField(null=True, blank=True)
    address_sealed = models.BinaryField(null=True)
    licences = models.JSONField(default=list, help_text=_("Regions asked for, with licence numbers"))
    conduct_code_accepted_at = models.DateTimeField(null=True, blank=True)
    statement = models.TextField(default="", blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["submitted_at", "id"]

    def __str__(self) -> str:
        return self.ref


class ApplicationDocument(models.Model):
    """One uploaded document, sealed at rest; `sha256` is of the bytes as received."""

    class Kind(models.TextChoices):
        IDENTITY = "IDENTITY", _("Identity document")
        LICENCE = "LICENCE", _("Licence")
        ADDRESS = "ADDRESS", _("Proof of address")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=10, choices=Kind)
    region = models.CharField(max_length=6, default="", blank=True)
    filename = models.CharField(max_length=120)
    mime = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    body_sealed = models.BinaryField()
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} of {self.application}"


class VettingReview(models.Model):
    """One admin's decision on an application, with its reason and how long it holds. Append-only."""

    class Decision(models.TextChoices):
        APPROVE = "APPROVE", _("Approve")
        REFUSE = "REFUSE", _("Refuse")
        ASK_MORE = "ASK_MORE", _("Ask for more")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decision = models.CharField(max_length=10, choices=Decision)
    reason_code = models.CharField(max_length=40)
    reason_text = models.TextField()
    valid_to = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(decision="APPROVE") | Q(valid_to__gt=F("at")), name="vetting_approval_expires"
            ),
            models.CheckConstraint(condition=~Q(reason_text=""), name="vetting_review_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.application}"
