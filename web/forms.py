"""Forms of the pages: the renderer that gives `{{ form }}` our fields, and the few fields Django lacks."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from babel.numbers import get_currency_symbol
from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core.money import AmountError, PrecisionError, to_major, to_minor
from web.formatting import day as written

MAX_MINOR = 10**15
# An older payment is a mistyped year: debts older than six years are not collected here.
OLDEST_PAYMENT = timedelta(days=6 * 366)
_AMOUNT = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?|-?\.\d+")


class BoundField(forms.BoundField):
    """Names the question in the message for an answer left out, so that it can be understood in a list of errors."""

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = _("“%(label)s” needs an answer") % {"label": self.label}


class Renderer(TemplatesSetting):
    """FORM_RENDERER: `{{ form }}` and `{{ form.field.as_field_group }}` render label, hint, error and control."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
    bound_field_class = BoundField


class MoneyInput(forms.TextInput):
    """A text input with the currency's sign before it."""

    def __init__(self, currency: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", "class": "w10", **(attrs or {})})
        self.currency = currency

    @property
    def sign(self) -> str:
        return get_currency_symbol(self.currency, locale="en")


class MoneyField(forms.Field):
    """An amount typed in major units ("1,204.50"); cleans to integer minor units of `currency`, at least `minimum`."""

    default_error_messages = {
        "invalid": _("Enter an amount in figures, for example 45 or 45.50"),
        "precision": _("This currency has fewer decimals than you entered"),
        "small": _("Enter an amount of at least %(minimum)s"),
        "large": _("This amount is too large"),
    }

    def __init__(self, *, currency: str = "USD", minimum: int = 1, **kwargs: Any) -> None:
        kwargs.setdefault("widget", MoneyInput(currency))
        super().__init__(**kwargs)
        self.currency = currency
        self.minimum = minimum

    def set_currency(self, currency: str) -> None:
        """For forms that know the currency only when they are built."""
        self.currency = currency
        if isinstance(self.widget, MoneyInput):
            self.widget.currency = currency

    def prepare_value(self, value: Any) -> Any:
        return to_major(value, self.currency) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip().replace(" ", "").lstrip("$¥€£")
        if not text:
            return None
        # "12,34" may be meant as 12.34: only commas between thousands are passed over
        if not _AMOUNT.fullmatch(text):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        text = text.replace(",", "")
        try:
            return to_minor(text, self.currency)
        except PrecisionError as error:
            raise ValidationError(self.error_messages["precision"], code="precision") from error
        except AmountError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def validate(self, value: int | None) -> None:
        super().validate(value)
        if value is None:
            return
        if value < self.minimum:
            shown = to_major(self.minimum, self.currency)
            raise ValidationError(self.error_messages["small"], code="small", params={"minimum": shown})
        if value > MAX_MINOR:
            raise ValidationError(self.error_messages["large"], code="large")


class DatePartsInput(forms.MultiWidget):
    """Three inputs, month, day and year: easier than a calendar for a date somebody has in mind."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        part = {"inputmode": "numeric", "autocomplete": "off"}
        widgets: dict[str, forms.Widget | type[forms.Widget]] = {
            "month": forms.TextInput({**part, "class": "w4", "maxlength": 2}),
            "day": forms.TextInput({**part, "class": "w4", "maxlength": 2}),
            "year": forms.TextInput({**part, "class": "w6", "maxlength": 4}),
        }
        super().__init__(widgets, attrs)
        self.use_fieldset = True

    def decompress(self, value: date | None) -> list[str]:
        return [str(value.month), str(value.day), str(value.year)] if value else ["", "", ""]


class DatePartsField(forms.MultiValueField):
    """A date in three parts; cleans to `datetime.date`, within `earliest` and `latest` where given."""

    widget = DatePartsInput
    default_error_messages = {
        "invalid": _("Enter a real date, for example 11 20 2026"),
        "required": _("Enter a date, for example 11 20 2026"),
        "incomplete": _("Enter month, day and year"),
        "early": _("The date must be %(limit)s or later"),
        "late": _("The date must be %(limit)s or earlier"),
    }

    def __init__(self, *, earliest: date | None = None, latest: date | None = None, **kwargs: Any) -> None:
        parts = [forms.IntegerField(), forms.IntegerField(), forms.IntegerField()]
        super().__init__(parts, require_all_fields=True, **kwargs)
        self.earliest, self.latest = earliest, latest

    def clean(self, value: Any) -> date | None:
        try:
            found: date | None = super().clean(value)
        except ValidationError as error:
            is_missing = error.messages == [str(self.error_messages["required"])]
            if is_missing or getattr(error, "code", "") in {"early", "late"}:
                raise
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return found

    def compress(self, data_list: list[int]) -> date | None:
        if not data_list:
            return None
        month, day, year = data_list
        try:
            found = date(year, month, day)
        except ValueError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if self.earliest and found < self.earliest:
            limit = written(self.earliest, style="year")
            raise ValidationError(self.error_messages["early"], code="early", params={"limit": limit})
        if self.latest and found > self.latest:
            limit = written(self.latest, style="year")
            raise ValidationError(self.error_messages["late"], code="late", params={"limit": limit})
        return found


class TileSelect(forms.RadioSelect):
    """Radio buttons as large tiles. `icons` maps a choice's value to an icon name."""

    def __init__(self, icons: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.icons = icons or {}

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["icon"] = self.icons.get(str(value), "")
        option["attrs"]["class"] = "vh"
        return option


class ChipSelect(forms.RadioSelect):
    """Radio buttons as small chips, for short choices such as dates."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"]["class"] = "vh"
        return option


def relabel(form: forms.BaseForm, labels: dict[str, StrOrPromise]) -> None:
    """Give a third party's form our words: labels by field name, and no placeholder that repeats a label."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name in labels:
            field.label = labels[name]
