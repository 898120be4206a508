from __future__ import annotations

from django.db import models

from marketplace import states
from marketplace.models.case import Case


class SupportTicket(models.Model):
    """One request for help; `context` carries what one tap attached: case, last decision, call."""

    ref = models.CharField(max_length=20, unique=True)
    opened_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="tickets")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="tickets")
    topic = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=states.choices(states.TICKET), default=states.TICKET_OPEN)
    context = models.JSONField(default=dict)
    idem_key = models.CharField(max_length=80, null=True, unique=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.ref


class SupportMessage(models.Model):
    """One message of a ticket. Append-only."""

    ticket = models.ForeignKey(SupportTicket, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey("accounts.User", on_delete=models.PROTECT, related_name="+")
    is_staff = models.BooleanField(default=False)
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.ticket_id} at {self.at:%Y-%m-%d}"
