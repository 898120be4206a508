"""Local days and times in named zones. Pure helpers on names and instants that the caller gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

QUARTER = timedelta(minutes=15)
# Every zone in use today is a whole number of quarter hours from UTC, so one grid serves all of them.
_ORIGIN = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, or None when the name is unknown."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local_date(instant: datetime, place: tzinfo) -> date:
    """The calendar day of an instant in a zone."""
    return instant.astimezone(place).date()


def at_local(day: date, clock: time, place: tzinfo) -> datetime:
    """The instant (UTC) of a local wall time; a time skipped by a clock change becomes the one just after the gap."""
    return datetime.combine(day, clock, tzinfo=place).astimezone(UTC)


def midnight(day: date, place: tzinfo) -> datetime:
    """The instant (UTC) at which a local day begins."""
    return at_local(day, time.min, place)


def quarter_at_or_after(instant: datetime) -> datetime:
    """The first quarter hour (UTC) that is not before the instant."""
    utc = instant.astimezone(UTC)
    over = (utc - _ORIGIN) % QUARTER
    return utc if not over else utc + QUARTER - over
