"""A field for a share in percent, kept as basis points."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FULL = Decimal(100)


def as_percent(bps: int) -> str:
    """Basis points as people type them: 1500 is "15", 1250 is "12.5"."""
    return f"{Decimal(bps) / FULL:f}".rstrip("0").rstrip(".") if bps % 100 else str(bps // 100)


class PercentField(forms.Field):
    """A percentage ("15", "12.5 %") up to two decimals; cleans to integer basis points from `least` to 10,000."""

    default_error_messages = {
        "invalid": _("Enter a percentage in figures, for example 15 or 12.5"),
        "precision": _("A percentage has two decimals at most"),
        "range": _("A percentage is from %(least)s to 100"),
    }

    def __init__(self, *, least: int = 0, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput({"inputmode": "decimal", "autocomplete": "off", "class": "w4"}))
        super().__init__(**kwargs)
        self.least = least

    def prepare_value(self, value: Any) -> Any:
        return as_percent(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip().removesuffix("%").strip()
        if not text:
            return None
        try:
            bps = Decimal(text) * FULL
        except InvalidOperation as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not bps.is_finite():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if not self.least <= bps <= FULL * FULL:
            words = {"least": as_percent(self.least)}
            raise ValidationError(self.error_messages["range"], code="range", params=words)
        if bps != bps.to_integral_value():
            raise ValidationError(self.error_messages["precision"], code="precision")
        return int(bps)
