from __future__ import annotations

from django.db import models


class Snapshot(models.Model):
    """A month's opening picture, taken once a month (roll rates need last month's)."""

    month = models.DateField(unique=True)
    taken_at = models.DateTimeField()
    cases = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class SnapshotRow(models.Model):
    """One open case at the month's start: its balance and days past due. Append-only."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="lines")
    case = models.ForeignKey("marketplace.Case", on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey("marketplace.Programme", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField()
    days_past_due = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["snapshot", "case"], name="snapshot_case_once")]
        indexes = [models.Index(fields=["programme", "snapshot"], name="snapshot_programme")]

    def __str__(self) -> str:
        return f"{self.snapshot_id} {self.case_id}"
