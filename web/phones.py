"""A field for a phone number that is stored sealed: checked, and never written back into a page."""

from __future__ import annotations

from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

# Numbers one can be called on: no premium, shared-cost or toll-free lines, which are not a person's own.
_REACHABLE = {
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    phonenumbers.PhoneNumberType.VOIP,
}


class PhoneInput(forms.TextInput):
    """A telephone input that does not show what was typed before."""

    input_type = "tel"

    def __init__(self) -> None:
        super().__init__({"autocomplete": "tel", "inputmode": "tel", "class": "w10"})

    def format_value(self, value: Any) -> None:
        """Nothing: the number stays out of every page."""
        del value


class PhoneField(forms.CharField):
    """A number as people write it ("(212) 555-0142", "+1 212 555 0142"); cleans to E.164 of one of `countries`."""

    widget = PhoneInput
    default_error_messages = {
        "required": _("Enter the number where calls reach you, for example 212 555 0142"),
        "invalid": _("Enter a whole phone number with its area code, for example 212 555 0142"),
        "country": _("Enter a number in the United States. Calls are connected from there."),
        "kind": _("Enter a number of your own. Toll-free and premium numbers cannot be called."),
    }

    def __init__(self, *, countries: tuple[str, ...] = ("US",), **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        self.countries = countries

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text, self.countries[0])
        except phonenumbers.NumberParseException as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        if not phonenumbers.is_valid_number(number) or number.extension:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if phonenumbers.region_code_for_number(number) not in self.countries:
            raise ValidationError(self.error_messages["country"], code="country")
        if phonenumbers.number_type(number) not in _REACHABLE:
            raise ValidationError(self.error_messages["kind"], code="kind")
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
