from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import Collector
from marketplace import states
from marketplace.models.case import Case
from marketplace.models.task import Task


class Claim(models.Model):
    """One collector's right to do one task. Its terms, age and balance are frozen at acceptance by a trigger."""

    ref = models.CharField(max_length=20, unique=True)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="claims")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="claims")
    collector = models.ForeignKey(Collector, on_delete=models.PROTECT, related_name="claims")
    state = models.CharField(max_length=10, choices=states.choices(states.CLAIM), default=states.ACTIVE)
    terms = models.JSONField()
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField()
    past_due_since = models.DateField()
    accepted_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    first_action_due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task"], condition=Q(state__in=list(states.LIVE_CLAIM)), name="one_live_claim_a_task"
            ),
            models.CheckConstraint(
                condition=Q(state__in=list(states.LIVE_CLAIM), ended_at__isnull=True)
                | ~Q(state__in=list(states.LIVE_CLAIM)) & Q(ended_at__isnull=False),
                name="claim_ended_when_not_live",
            ),
        ]
        indexes = [
            models.Index(fields=["collector", "state"], name="claim_collector_state"),
            models.Index(fields=["case", "-accepted_at"], name="claim_case_newest"),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_live(self) -> bool:
        return self.state in states.LIVE_CLAIM
