from __future__ import annotations

from django.db import models

from marketplace.models.case import Case
from marketplace.models.claim import Claim


class Note(models.Model):
    """What was done and how it ended (a pair from marketplace.outcomes), in the writer's words. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes")
    claim = models.ForeignKey(Claim, null=True, on_delete=models.PROTECT, related_name="notes")
    actor = models.CharField(max_length=80)
    action = models.CharField(max_length=12)
    result = models.CharField(max_length=20)
    text = models.TextField(default="", blank=True)
    call_ref = models.CharField(max_length=20, default="", blank=True)
    idem_key = models.CharField(max_length=80, null=True, unique=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "-at"], name="note_case_newest")]

    def __str__(self) -> str:
        return f"{self.action}/{self.result}"
