from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from compliance import states
from compliance.models.hold import Hold
from marketplace import states as market
from marketplace.models import Case


class Dispute(models.Model):
    """The debtor says that the debt, or parts of it, is wrong; or asks who the original creditor was.

    It freezes the debt through `hold` from the same transaction. Sources: 12 CFR 1006.38.
    """

    class Kind(models.TextChoices):
        DISPUTE = "dispute", _("Dispute")
        ORIGINAL_CREDITOR = "orig_creditor", _("Original creditor asked for")
        ALREADY_PAID = "already_paid", _("Already paid")

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="disputes")
    kind = models.CharField(max_length=14, choices=Kind, default=Kind.DISPUTE)
    state = models.CharField(max_length=18, choices=market.choices(states.DISPUTE), default=states.OPEN)
    is_written = models.BooleanField(default=True)
    is_in_period = models.BooleanField(default=True)
    parts = ArrayField(models.CharField(max_length=20), default=list, help_text=_("Empty means the whole debt"))
    text = models.TextField(default="", blank=True)
    channel = models.CharField(max_length=12)
    hold = models.ForeignKey(Hold, null=True, on_delete=models.PROTECT, related_name="disputes")
    received_at = models.DateTimeField()
    answer_due_date = models.DateField()
    verification_sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    answer_text = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(state__in=["OPEN", "AWAITING_CREDITOR"]),
                name="one_open_dispute_a_case_and_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.ref
