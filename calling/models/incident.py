from __future__ import annotations

from django.db import models


class Incident(models.Model):
    """Something the provider did that no decision here explains, for a person to look at."""

    kind = models.CharField(max_length=40)
    provider_ref = models.CharField(max_length=60, default="", blank=True)
    call_ref = models.CharField(max_length=20, default="", blank=True)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "provider_ref"], name="incident_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.provider_ref}"
