from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace.models import Programme


class UploadForm(forms.Form):
    """A file for one of the creditor's programmes."""

    programme = forms.ModelChoiceField(
        label=_("Programme"), queryset=Programme.objects.none(), empty_label=None,
        error_messages={"required": _("Choose a programme"), "invalid_choice": _("Choose one of your programmes")},
    )  # fmt: skip
    file = forms.FileField(
        label=_("File"), help_text=_("CSV with comma, semicolon or tab. Columns are found by their headings."),
        error_messages={"required": _("Choose a file"), "empty": _("The file is empty. Choose another one.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
    )  # fmt: skip
    as_of = forms.DateField(
        label=_("Ages are counted to"), help_text=_("The day on which the file was made"),
        widget=forms.DateInput(attrs={"type": "date", "class": "w10"}),
        error_messages={"invalid": _("Enter a date, for example 2026-11-03")},
    )  # fmt: skip

    def __init__(self, *args: Any, programmes: QuerySet[Programme], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["programme"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = programmes
