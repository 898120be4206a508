"""Money as integer minor units with a currency. No float anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# ISO 4217 currencies whose exponent is not 2.
_EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3,
    "TND": 3,
}  # fmt: skip

_TWO_DECIMALS = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR
    MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER
    ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a list of quoted codes reads worse
)


class AmountError(ValueError):
    """The text is not an amount."""


class PrecisionError(AmountError):
    """The amount has more decimals than its currency."""


def exponent(currency: str) -> int:
    """Decimals of an ISO 4217 currency code (2 unless listed otherwise)."""
    return _EXPONENTS.get(currency, 2)


def is_currency(code: str) -> bool:
    """Whether the ISO 4217 code is one whose decimals are known."""
    return code in _EXPONENTS or code in _TWO_DECIMALS


def to_minor(text: str, currency: str) -> int:
    """Parse plain decimal text in major units ("12.30") to minor units (1230).

    Raises AmountError when it is not a finite number, PrecisionError when it has too many decimals.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise AmountError(text) from None
    if not value.is_finite():
        raise AmountError(text)
    scaled = value.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise PrecisionError(text)
    return int(scaled)


def to_major(minor: int, currency: str) -> str:
    """Minor units as plain decimal text in major units: 1230 USD is "12.30"."""
    return str(Decimal(minor).scaleb(-exponent(currency)))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one currency. Adding two currencies raises ValueError."""

    minor: int
    currency: str

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __str__(self) -> str:
        return f"{to_major(self.minor, self.currency)} {self.currency}"
