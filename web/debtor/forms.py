from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from compliance.services.disputes import PARTS
from payments.models.payment import INSTRUMENTS
from web.forms import OLDEST_PAYMENT, DatePartsField, MoneyField

QUESTIONS = [
    ("postal", _("My postal code")),
    ("account", _("The last 4 characters of the account reference in the letter")),
    ("payment", _("The amount of my last payment")),
]


class SecondFactForm(forms.Form):
    """One thing that only the person is likely to know. The question is a help to think; any right answer opens."""

    question = forms.ChoiceField(
        label=_("Which one is at hand?"), choices=QUESTIONS, widget=forms.RadioSelect, initial="postal"
    )
    answer = forms.CharField(
        label=_("Your answer"), help_text=_("Spaces and hyphens do not matter"), max_length=40,
        error_messages={"required": _("Enter your answer, for example your postal code")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "w10"}),
    )  # fmt: skip


MOST_WORDS = 2000
REASONS = [
    ("not_mine", _("This is not my debt")),
    ("amount", _("The amount is wrong")),
    ("paid", _("I have paid it already")),
    ("fraud", _("Somebody used my identity")),
    ("orig_creditor", _("I want the name and address of the original creditor")),
    ("other", _("Something else is wrong")),
]
PART_WORDS = [("principal", _("The amount itself")), ("interest", _("The interest")), ("fees", _("The fees"))]


class DisputeForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("What is wrong?"), choices=REASONS, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is wrong")},
    )  # fmt: skip
    parts = forms.MultipleChoiceField(
        label=_("Which part?"), choices=PART_WORDS, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nothing if all of it is wrong"),
    )  # fmt: skip
    text = forms.CharField(
        label=_("Tell us more, in your own words"), required=False, max_length=MOST_WORDS,
        help_text=_("Up to 2,000 characters"), widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"max_length": _("Shorten it to 2,000 characters; you can send more in a second message")},
    )  # fmt: skip

    def clean_parts(self) -> list[str]:
        return [part for part in self.cleaned_data["parts"] if part in PARTS]


class PaidForm(forms.Form):
    """What the debtor says he has paid the creditor: how much, when and how."""

    amount = MoneyField(label=_("How much did you pay?"))
    paid_on = DatePartsField(label=_("When did you pay?"))
    instrument = forms.ChoiceField(
        label=_("How did you pay?"), choices=INSTRUMENTS, widget=forms.RadioSelect,
        error_messages={"required": _("Choose how you paid")},
    )  # fmt: skip
    text = forms.CharField(
        label=_("Anything that helps to find it"), required=False, max_length=500,
        help_text=_("For example the reference on your receipt"),
    )  # fmt: skip

    def __init__(self, *args: Any, currency: str, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount, paid_on = self.fields["amount"], self.fields["paid_on"]
        assert isinstance(amount, MoneyField)
        assert isinstance(paid_on, DatePartsField)
        amount.set_currency(currency)
        paid_on.latest, paid_on.earliest = today, today - OLDEST_PAYMENT
