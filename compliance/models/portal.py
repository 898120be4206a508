from __future__ import annotations

from django.db import models


class PortalTries(models.Model):
    """Wrong answers on the private page, counted by case and by where they came from, until a moment of real time.

    `key` is a keyed hash, so that no network address is kept. Rows are counters, not evidence.
    """

    key = models.BinaryField(max_length=32, primary_key=True)
    tries = models.PositiveSmallIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "portal tries"

    def __str__(self) -> str:
        return f"{self.tries} tries"
