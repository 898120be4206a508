"""A creditor's hand-over: one file or one API call, each row with exactly one verdict."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from marketplace import states
from marketplace.models.programme import Programme


class Batch(models.Model):
    """One placement. `body_hash` is of the bytes handed over; `idempotency_key` is the API caller's."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="batches")
    ref = models.CharField(max_length=20, unique=True)
    filename = models.CharField(max_length=200)
    body_hash = models.BinaryField(max_length=32)
    idempotency_key = models.CharField(max_length=80, null=True)
    as_of = models.DateField()
    state = models.CharField(max_length=10, choices=states.choices(states.BATCH), default=states.STAGED)
    rows = models.PositiveIntegerField(default=0)
    verdicts = models.JSONField(default=dict)
    codes = models.JSONField(default=dict)
    ignored_columns = models.JSONField(default=list)
    reading = models.JSONField(default=dict)
    refused_reason = models.TextField(default="", blank=True)
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    committed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="batch_idempotency_key_once",
            ),
        ]

    def __str__(self) -> str:
        return self.ref


class BatchRow(models.Model):
    """One line of the file: its verdict and code, what to mend, and the row itself sealed under the creditor's key.

    `account_ref` is kept in clear to name duplicates; `case_id` is set when the row became (or repeats) a case.
    """

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="lines")
    line = models.PositiveIntegerField()
    account_ref = models.CharField(max_length=80, default="", blank=True)
    verdict = models.CharField(max_length=10)
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=40, default="", blank=True)
    reason = models.TextField(default="", blank=True)
    raw_sealed = models.BinaryField(null=True)
    case_ref = models.CharField(max_length=20, default="", blank=True)
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="batch_row_line_once"),
            models.CheckConstraint(
                condition=Q(verdict__in=["accepted", "rejected", "screened", "duplicate"]), name="batch_row_verdict"
            ),
        ]
        indexes = [models.Index(fields=["batch", "is_done", "line"], name="batch_row_to_do")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line} {self.code}"
