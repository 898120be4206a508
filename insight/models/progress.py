from __future__ import annotations

from django.db import models


class ProgressRow(models.Model):
    """What a programme's dashboard shows, made from events; `version` rises with each change, so a poll is one read."""

    programme = models.OneToOneField("marketplace.Programme", primary_key=True, on_delete=models.PROTECT)
    org = models.ForeignKey("accounts.CreditorOrg", on_delete=models.PROTECT, related_name="+")
    version = models.PositiveBigIntegerField(default=1)
    data = models.JSONField(default=dict)
    dirty_since = models.DateTimeField(null=True)
    refreshed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["dirty_since"], condition=models.Q(dirty_since__isnull=False), name="progress_dirty")
        ]

    def __str__(self) -> str:
        return f"progress of {self.programme_id} v{self.version}"
