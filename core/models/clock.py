from __future__ import annotations

from django.db import models


class MarketClock(models.Model):
    """The demo's clock: one row holding how far market time runs ahead of (or behind) real time, in microseconds."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    offset_us = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="market_clock_single_row")]

    def __str__(self) -> str:
        return f"market clock {self.offset_us} µs"
