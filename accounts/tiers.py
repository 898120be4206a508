"""What each tier of collector may take on: cases at a time, and the largest balance of one case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tier:
    """`limit` live claims at a time; `cap_minor` is the largest balance of a case in minor units, None for no cap."""

    limit: int
    cap_minor: int | None


TIERS: dict[int, Tier] = {
    1: Tier(limit=3, cap_minor=250_000),
    2: Tier(limit=5, cap_minor=1_000_000),
    3: Tier(limit=8, cap_minor=2_500_000),
    4: Tier(limit=15, cap_minor=None),
}
