from __future__ import annotations

from django.db import models


class PackVersion(models.Model):
    """A pack as it stood when a decision used it, so that the decision can be replayed. Append-only."""

    pack_id = models.CharField(max_length=20)
    version = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    body = models.JSONField()
    first_used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pack_id", "sha256"], name="pack_version_once")]

    def __str__(self) -> str:
        return f"{self.pack_id} {self.version}"
