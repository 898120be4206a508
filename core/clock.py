"""The only source of the time: in the demo a market clock that runs on and can be moved forward, never back."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from core.models import MarketClock

MARKET_ZONE = ZoneInfo("America/New_York")
MARKET_START = datetime(2026, 11, 3, 10, 5, tzinfo=MARKET_ZONE)
_US = timedelta(microseconds=1)


class ClockRefused(ValueError):
    """The market clock does not exist outside demo mode and never runs backwards."""


def is_market() -> bool:
    """Whether time is the demo's market clock."""
    return bool(settings.EVENHAND_DEMO)


def now() -> datetime:
    """The current instant, UTC: real time, or the market clock in demo mode."""
    if not is_market():
        return timezone.now()
    row = MarketClock.objects.filter(pk=1).values_list("offset_us", flat=True).first()
    if row is None:
        start(MARKET_START)
        row = MarketClock.objects.values_list("offset_us", flat=True).get(pk=1)
    return timezone.now() + row * _US


def start(at: datetime) -> None:
    """Create the market clock so that it now reads `at`; a clock that exists is left alone."""
    if not is_market():
        raise ClockRefused("the market clock exists only in demo mode")
    offset = (at - timezone.now()) // _US
    MarketClock.objects.get_or_create(pk=1, defaults={"offset_us": offset})


def advance(delta: timedelta) -> None:
    """Move the market clock forward by `delta`. Raises ClockRefused outside demo mode or for a negative move."""
    if not is_market():
        raise ClockRefused("the market clock exists only in demo mode")
    if delta < timedelta(0):
        raise ClockRefused("the market clock never goes back")
    now()  # makes sure that the row exists
    MarketClock.objects.filter(pk=1).update(offset_us=F("offset_us") + delta // _US)


def advance_to_local(hour: int, minute: int) -> None:
    """Move the market clock forward to the next `hour:minute` on a New York clock."""
    local = now().astimezone(MARKET_ZONE)
    target = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if target <= local:
        target = (target + timedelta(days=1)).replace(hour=hour, minute=minute)
    advance(target - local)
