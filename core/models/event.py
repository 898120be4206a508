"""The evidence: every act is an event in a numbered, hash-chained stream, and the outbox that hands it to handlers."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One act. Append-only by trigger; numbers of a stream have no gaps; `hash` covers the row and `prev_hash`."""

    stream = models.CharField(max_length=80)
    number = models.PositiveIntegerField()
    prev_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    creditor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=80)
    at = models.DateTimeField()
    name = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "number"], name="event_stream_number_once")]
        indexes = [models.Index(fields=["creditor_id", "-id"], name="event_creditor_newest")]

    def __str__(self) -> str:
        return f"{self.stream}#{self.number} {self.name}"


class Delivery(models.Model):
    """An event owed to one handler; `handled_at` is set only when the handler has completed."""

    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="deliveries")
    handler = models.CharField(max_length=80)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [models.UniqueConstraint(fields=["event", "handler"], name="delivery_once")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(handled_at__isnull=True), name="delivery_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.handler}"
