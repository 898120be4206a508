"""Which zones a debtor may be in: the address says one thing, the phone another, the file's own column a third."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

HAWAII = "Pacific/Honolulu"


class Zones(NamedTuple):
    """Candidate zones by evidence. Contact needs an hour that is allowed in all of them."""

    address: tuple[str, ...]
    phone: tuple[str, ...]
    disagree: bool
    hawaii: bool


@lru_cache(maxsize=65536)
def weigh(region: tuple[str, ...], phone: tuple[str, ...], stated: str, year: int) -> Zones:
    """Weigh the region's zones, the phone's zones and the zone the file states, by their clocks in `year`.

    A stated zone is evidence beside the others: it narrows a region of two clocks only when the phone keeps the same
    clock, and one that is foreign to the region is added to it. They disagree when phone or stated zone share no
    clock with the region.
    """
    clocks = {_clock(zone, year) for zone in region}
    phone_clocks = {_clock(zone, year) for zone in phone}
    address, disagree = region, bool(phone_clocks) and not clocks & phone_clocks
    if is_zone(stated):
        clock = _clock(stated, year)
        if clock not in clocks:
            address, disagree = (*region, stated), True
        elif phone_clocks == {clock}:
            address = tuple(zone for zone in region if _clock(zone, year) == clock)
    return Zones(address, phone, disagree, hawaii=address == (HAWAII,))


@lru_cache(maxsize=1024)
def is_zone(name: str) -> bool:
    """Whether the time zone database knows the name."""
    if not name:
        return False
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True


@lru_cache(maxsize=4096)
def _clock(zone: str, year: int) -> tuple[object, object]:
    """Offsets from UTC in winter and summer: two zones with the same pair keep the same clock."""
    here = ZoneInfo(zone)
    january, july = datetime(year, 1, 15, tzinfo=UTC), datetime(year, 7, 15, tzinfo=UTC)
    return january.astimezone(here).utcoffset(), july.astimezone(here).utcoffset()
