"""Amount bands and age buckets: all the board ever says about how much and how old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from core.money import exponent


@dataclass(frozen=True, slots=True)
class AmountBand:
    """Balances above `over` up to and including `up_to`, in whole major units; `up_to` None is open."""

    index: int
    over: int
    up_to: int | None

    def label(self, currency: str) -> str:
        """The band in words, for example "USD 1,000 to 2,500"."""
        if self.up_to is None:
            return _("over %(currency)s %(over)s") % {"currency": currency, "over": f"{self.over:,}"}
        if not self.over:
            return _("up to %(currency)s %(up_to)s") % {"currency": currency, "up_to": f"{self.up_to:,}"}
        words = {"currency": currency, "over": f"{self.over:,}", "up_to": f"{self.up_to:,}"}
        return _("%(currency)s %(over)s to %(up_to)s") % words


_EDGES = (100, 500, 1_000, 2_500, 5_000, 10_000, 25_000)
AMOUNT_BANDS: tuple[AmountBand, ...] = tuple(
    AmountBand(index, over, up_to)
    for index, (over, up_to) in enumerate(zip((0, *_EDGES), (*_EDGES, None), strict=True))
)


def band_of(minor: int, currency: str) -> int:
    """The index of the band of a balance in minor units."""
    scale = 10 ** exponent(currency)
    return next(band.index for band in AMOUNT_BANDS if band.up_to is None or minor <= band.up_to * scale)


def is_within_cap(band: int, currency: str, cap_minor: int | None) -> bool:
    """Whether a whole band lies within a collector's cap in minor units (None: no cap)."""
    up_to = AMOUNT_BANDS[band].up_to
    return cap_minor is None or (up_to is not None and up_to * 10 ** exponent(currency) <= cap_minor)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Days past due from `low` to `high`, both inclusive; `high` None is open. `key` stands in addresses."""

    key: str
    low: int
    high: int | None

    @property
    def label(self) -> str:
        """The bucket in words, for example "30–59 days"."""
        if self.high is None:
            return _("%(low)s days and more") % {"low": self.low}
        return _("%(low)s–%(high)s days") % {"low": self.low, "high": self.high}

    def since(self, today: date) -> tuple[date | None, date | None]:
        """The earliest and latest delinquency dates of this bucket on `today`; None leaves that side open."""
        earliest = today - timedelta(days=self.high) if self.high is not None else None
        latest = today - timedelta(days=self.low) if self.low > BUCKETS[0].low else None
        return earliest, latest


BUCKETS: tuple[Bucket, ...] = tuple(
    Bucket(f"{low}-{high}" if high else f"{low}+", low, high)
    for low, high in ((1, 29), (30, 59), (60, 89), (90, 119), (120, 149), (150, 179), (180, None))
)
BUCKET_BY_KEY: dict[str, Bucket] = {bucket.key: bucket for bucket in BUCKETS}


def bucket_of(days: int) -> Bucket:
    """The bucket of days past due; a debt not yet due a day is shown in the first."""
    return next(bucket for bucket in BUCKETS if bucket.high is None or days <= bucket.high)
