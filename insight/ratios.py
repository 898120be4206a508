"""Ratios as text and the bound that a small number of complaints proves. Pure."""

from __future__ import annotations

from decimal import Decimal, localcontext

from payments.commission import half_even


def ratio(numerator: int, denominator: int, places: int = 4) -> str | None:
    """numerator / denominator as text, ties to even; None over zero."""
    if denominator == 0:
        return None
    scaled = half_even(numerator * 10**places, denominator)
    return str(Decimal(scaled).scaleb(-places))


def poisson_lower(count: int) -> Decimal:
    """One-sided 95 % lower bound of the mean of a Poisson variable seen `count` times (0 for none)."""
    if count == 0:
        return Decimal(0)
    with localcontext() as context:
        context.prec = 40
        low, high = Decimal(0), Decimal(count)
        for _ in range(100):
            middle = (low + high) / 2
            low, high = (middle, high) if _at_least(count, middle) < Decimal("0.05") else (low, middle)
        return low


def _at_least(count: int, mean: Decimal) -> Decimal:
    """P(X >= count) of a Poisson variable."""
    term = (-mean).exp()
    below = term
    for i in range(1, count):
        term *= mean / i
        below += term
    return 1 - below
