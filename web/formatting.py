"""How amounts, moments, lengths and shares are written for people. Pure functions; the language is the active one."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, get_timezone_location
from babel.numbers import format_currency, format_decimal
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from core.money import Money, to_major

NBSP = "\u00a0"
MINUS = "\u2212"
NONE = "\u2013"
# British dates (3 November 2026) with American currency signs ($), the same in every English page.
_LOCALES = {"en": ("en", "en_GB"), "zh": ("zh_CN", "zh_CN")}
_PATTERNS = {
    "en": {"day": "d MMMM", "year": "d MMMM y", "weekday": "EEEE d MMMM", "month": "MMMM y"},
    "zh": {"day": "M月d日", "year": "y年M月d日", "weekday": "M月d日EEEE", "month": "y年M月"},
}


def _language() -> str:
    code = (get_language() or "en").split("-")[0]
    return code if code in _LOCALES else "en"


def amount(money: Money, *, whole: bool = False) -> str:
    """`$1,204.50`; with `whole`, rounded to full units (`$1,205`) for headline figures only."""
    locale = Locale.parse(_LOCALES[_language()][0])
    value = Decimal(to_major(money.minor, money.currency))
    if whole:
        pattern = re.sub(r"\.0+", "", locale.currency_formats["standard"].pattern)
        value = value.quantize(Decimal(1), rounding=ROUND_HALF_UP)
        text = format_currency(value, money.currency, format=pattern, locale=locale, currency_digits=False)
    else:
        text = format_currency(value, money.currency, locale=locale)
    return text.replace("-", MINUS)


def number(value: int | Decimal) -> str:
    """An integer or decimal with the language's grouping."""
    return format_decimal(value, locale=_LOCALES[_language()][0]).replace("-", MINUS)


def share(part: int | Decimal, whole: int | Decimal, *, digits: int = 1) -> str:
    """`part` of `whole` in percent, `21.7 %`; a dash when there is no whole."""
    if not whole:
        return NONE
    percent = (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{percent}{NBSP}%".replace("-", MINUS)


def zone(value: str | tzinfo) -> tzinfo:
    """A zone from its IANA name."""
    return ZoneInfo(value) if isinstance(value, str) else value


def shown(at: datetime) -> datetime:
    """`at` in the zone it is read in: one put there by `local` stays, a plain UTC value goes to the current zone."""
    return timezone.localtime(at) if timezone.is_aware(at) and at.tzinfo in (UTC, ZoneInfo("UTC")) else at


def day(value: date | datetime, *, style: str = "day") -> str:
    """A date; `style` is day (3 November), year (3 November 2026), weekday (Tuesday 3 November) or month."""
    if isinstance(value, datetime):
        value = shown(value).date()
    language = _language()
    return format_date(value, _PATTERNS[language][style], locale=_LOCALES[language][1])


def clock(value: datetime | time) -> str:
    """The 24-hour time of day, `10:05`."""
    return (shown(value) if isinstance(value, datetime) else value).strftime("%H:%M")


def city(value: str | tzinfo) -> str:
    """The city that names a zone: America/Denver is Denver."""
    return get_timezone_location(zone(value), locale=_LOCALES[_language()][1], return_city=True)


def moment(at: datetime, place: str | tzinfo | None = None) -> str:
    """`3 November, 10:05`, and `in Denver` when a zone is given."""
    if place is None:
        return _("%(day)s, %(time)s") % {"day": day(at), "time": clock(at)}
    there = at.astimezone(zone(place))
    return _("%(day)s, %(time)s in %(city)s") % {"day": day(there), "time": clock(there), "city": city(place)}


def duration(seconds: int) -> str:
    """How long a call or recording is: `3 min 12 s`."""
    minutes, rest = divmod(max(seconds, 0), 60)
    if not minutes:
        return _("%(seconds)d s") % {"seconds": rest}
    return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}


def timer(seconds: int) -> str:
    """A running time, `03:12`."""
    minutes, rest = divmod(max(seconds, 0), 60)
    return f"{minutes:02d}:{rest:02d}"


def span(delta: timedelta) -> str:
    """A span in its two largest units: `2 days 3 hours`, `5 minutes`."""
    minutes = max(int(delta.total_seconds()) // 60, 0)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        (days, ngettext("%(n)d day", "%(n)d days", days) % {"n": days}),
        (hours, ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}),
        (minutes, ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}),
    ]
    words = [text for count, text in parts if count][:2]
    return " ".join(words) or parts[-1][1]


def initials(name: str) -> str:
    """Up to two capitals for an avatar."""
    return "".join(word[0] for word in name.split()[:2] if word).upper()
