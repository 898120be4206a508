"""Forms of an application, one a part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from accounts.models import ApplicationDocument
from accounts.services.applications import MAX_DOCUMENT_BYTES, LicenceClaim
from marketplace.placement.regions import US_STATES
from web.forms import DatePartsField
from web.phones import PhoneField

STATES = sorted(((f"US-{code}", name) for code, (name, _zones) in US_STATES.items()), key=lambda pair: pair[1])
STATE_NAMES: dict[str, str] = dict(STATES)
LEAST_ROWS, MOST_ROWS = 3, len(STATES)


class ContactForm(forms.Form):
    """The name used on calls and the phone where calls arrive."""

    alias = forms.CharField(
        label=_("Name on calls"),
        max_length=80,
        help_text=_("What people you call will hear and what creditors never see. First name and initial is usual."),
        error_messages={"required": _("Enter the name you will use on calls, for example Dana O.")},
        widget=forms.TextInput({"autocomplete": "given-name"}),
    )
    phone = PhoneField(label=_("Your phone"))

    def __init__(self, *args: Any, kept_ending: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        phone = self.fields["phone"]
        phone.help_text = _(
            "Calls ring here first and are then connected, so nobody you call sees it. "
            "We store it encrypted and never show it again, only how it ends."
        )
        if kept_ending:
            phone.required = False
            phone.label = _("Another phone")
            phone.help_text = _("We have the number that ends in %(ending)s. Leave this empty to keep it.") % {
                "ending": kept_ending
            }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors and cleaned.get("phone"):
            self.add_error("phone", _("Enter the phone once more: we do not write it back into a page."))
        return cleaned


class IdentityForm(forms.Form):
    """Who the applicant is."""

    legal_name = forms.CharField(
        label=_("Legal name"),
        max_length=120,
        help_text=_("As on your identity document. Only our reviewers see it."),
        error_messages={"required": _("Enter your name as it is on your identity document")},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    birth_date = DatePartsField(
        label=_("Date of birth"),
        help_text=_("For example, 4 28 1990. You must be 18 or older."),
        error_messages={
            "required": _("Enter your date of birth, for example 4 28 1990"),
            "invalid": _("Enter a real date, for example 4 28 1990"),
        },
    )
    statement = forms.CharField(
        label=_("What our reviewers should know"),
        required=False,
        max_length=2000,
        help_text=_("Where you learnt this work, in a few sentences."),
        widget=forms.Textarea({"rows": 4}),
    )


class AddressForm(forms.Form):
    """Where the applicant lives."""

    address = forms.CharField(
        label=_("Home address"),
        max_length=500,
        help_text=_("Street, city, state and ZIP code, as on your proof of address. Stored encrypted."),
        error_messages={"required": _("Enter street, city, state and ZIP code")},
        widget=forms.Textarea({"rows": 4, "autocomplete": "street-address"}),
    )


class RowChoice(forms.ChoiceField):
    """A choice that belongs to a row: empty only together with the rest of its row, which the form judges."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class RowText(forms.CharField):
    """A text that belongs to a row."""

    def validate(self, value: Any) -> None:
        if value:
            super().validate(value)


class LicencesForm(forms.Form):
    """States and licence numbers, one a row; `rows` of them are shown, empty ones are left out."""

    use_required_attribute = False

    def __init__(self, data: Mapping[str, Any] | None = None, *, held: list[dict[str, str]], more: int = 0) -> None:
        super().__init__(data)
        asked = str(data.get("rows", "")) if data is not None else ""
        rows = int(asked) if asked.isdecimal() and len(asked) < 4 else 0
        self.row_count = min(max(rows + more, len(held) + 1, LEAST_ROWS), MOST_ROWS)
        for row in range(self.row_count):
            one = held[row] if row < len(held) else {"region": "", "number": ""}
            self.fields[f"region_{row}"] = RowChoice(
                label=_("State"), choices=[("", _("Choose")), *STATES], initial=one["region"]
            )
            self.fields[f"number_{row}"] = RowText(
                label=_("Licence number"), max_length=60, initial=one["number"],
                widget=forms.TextInput({"autocomplete": "off"}),
            )  # fmt: skip

    def rows(self) -> Iterator[tuple[int, BoundField, BoundField]]:
        """Number, state and licence number of each row, for the template."""
        for row in range(self.row_count):
            yield row + 1, self[f"region_{row}"], self[f"number_{row}"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        claims: list[LicenceClaim] = []
        for row in range(self.row_count):
            region, number = cleaned.get(f"region_{row}", ""), cleaned.get(f"number_{row}", "")
            if region and not number:
                self.add_error(f"number_{row}", _("Enter the licence number for this state"))
            elif number and not region:
                self.add_error(f"region_{row}", _("Choose the state of this licence"))
            elif region in {claim.region for claim in claims}:
                self.add_error(f"region_{row}", _("This state is in the list already. Remove the second one."))
            elif region:
                claims.append(LicenceClaim(region, number))
        if not claims and not self.errors:
            self.add_error("region_0", _("Choose at least one state in which you are licensed"))
        return {**cleaned, "claims": claims}


class DocumentForm(forms.Form):
    """One document."""

    kind = forms.ChoiceField(
        label=_("What it shows"),
        choices=ApplicationDocument.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what the document shows")},
    )
    region = forms.ChoiceField(label=_("State, for a licence"), required=False)
    file = forms.FileField(
        label=_("File or photo"),
        allow_empty_file=True,
        help_text=_("PDF, JPEG or PNG, up to 5 MB. All four corners visible."),
        error_messages={"required": _("Choose a file or take a photo")},
        widget=forms.FileInput({"accept": "application/pdf,image/jpeg,image/png"}),
    )

    def __init__(self, *args: Any, regions: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(region, STATE_NAMES.get(region, region)) for region in regions]
        region = self.fields["region"]
        assert isinstance(region, forms.ChoiceField)
        region.choices = [("", _("Choose")), *choices]

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_DOCUMENT_BYTES:
            raise forms.ValidationError(_("The file is over 5 MB. Take the photo at a lower size."))
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("kind") == ApplicationDocument.Kind.LICENCE and not cleaned.get("region"):
            self.add_error("region", _("Choose the state of this licence"))
        return cleaned


class CodeForm(forms.Form):
    """The conduct code."""

    accepts = forms.BooleanField(
        label=_("I have read this and will work by it"),
        error_messages={"required": _("Tick the box when you have read the code and accept it")},
    )
