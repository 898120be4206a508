from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace import states
from marketplace.models.case import Case
from marketplace.models.claim import Claim


class Promise(models.Model):
    """A promise to pay: amount, due date, how it was made, whose claim it is. `plan_ref` marks an instalment."""

    ref = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="promises")
    claim = models.ForeignKey(Claim, null=True, on_delete=models.PROTECT, related_name="promises")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    due_date = models.DateField()
    state = models.CharField(max_length=12, choices=states.choices(states.PROMISE), default=states.ACTIVE)
    channel = models.CharField(max_length=12)
    plan_ref = models.CharField(max_length=20, default="", blank=True)
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="ACTIVE", plan_ref=""), name="one_active_promise_a_case"
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="promise_amount_positive"),
        ]
        indexes = [models.Index(fields=["state", "due_date"], name="promise_due")]

    def __str__(self) -> str:
        return self.ref


class PromiseChange(models.Model):
    """One stamped state of a promise; attribution reads this history. Append-only."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="changes")
    state = models.CharField(max_length=12)
    at = models.DateTimeField()
    actor = models.CharField(max_length=80)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.promise_id} {self.state}"
