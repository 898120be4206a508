"""The simulated processor's own tables: what the real one would keep. Only payments/fake_stripe reads them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class FakePspObject(models.Model):
    """One object of the simulated processor (customer, account, payment intent, transfer, balance transaction)."""

    id = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(max_length=40)
    body = models.JSONField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class FakePspRequest(models.Model):
    """A request as received, with its idempotency key and the answer given: a repeated key gets the same answer."""

    method = models.CharField(max_length=6)
    path = models.CharField(max_length=200)
    body = models.TextField()
    idem_key = models.CharField(max_length=120, null=True)
    status = models.PositiveSmallIntegerField()
    answer = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["idem_key"], condition=Q(idem_key__isnull=False), name="fake_psp_idem_once")
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class FakePspEvent(models.Model):
    """A webhook the simulated processor owes us, until it has been delivered."""

    id = models.CharField(max_length=80, primary_key=True)
    kind = models.CharField(max_length=80)
    body = models.JSONField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id
