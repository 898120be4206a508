"""Local days of a debtor. With several candidate zones a deadline passes only when it has passed in each of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.clock import MARKET_ZONE
from marketplace.models import Debtor


def zones_of(debtor: Debtor) -> list[ZoneInfo]:
    """The candidate zones of the debtor's address, the market's own when none is known."""
    return [ZoneInfo(name) for name in debtor.zones_address] or [MARKET_ZONE]


def market_day(at: datetime) -> date:
    """The market's own calendar day, on which lists count days past due."""
    return at.astimezone(MARKET_ZONE).date()


def local_day(debtor: Debtor, at: datetime) -> date:
    """The debtor's calendar day at `at`; with several zones the earlier one."""
    return min(at.astimezone(zone).date() for zone in zones_of(debtor))


def end_of_day(debtor: Debtor, day: date) -> datetime:
    """The instant at which `day` is over for the debtor: the next midnight, the last one when zones differ."""
    return max(datetime.combine(day + timedelta(days=1), time.min, zone) for zone in zones_of(debtor))
