"""Forms about one case and about money."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from compliance import states as dispute_states
from marketplace.models import Recall
from marketplace.selectors.cases import CaseFilters
from payments.models.payment import INSTRUMENTS
from payments.services.topups import MOST_MINOR
from web.forms import OLDEST_PAYMENT, DatePartsField, MoneyField

ANSWERS = [
    (dispute_states.VALIDATED, _("It is owed as placed, and here is why")),
    (dispute_states.CORRECTED, _("We have corrected our records")),
    (dispute_states.CLOSED_NOT_OWED, _("It is not owed. Close the case")),
]
REVERSAL_REASONS = [
    ("bounced", _("It bounced")), ("charged back", _("It was charged back")), ("recalled", _("The payer recalled it")),
    ("reported in error", _("We reported it by mistake")),
]  # fmt: skip


def _words(label: Any, help_text: Any = "", *, required: bool = True) -> forms.CharField:
    area = forms.Textarea({"rows": 4})
    return forms.CharField(label=label, help_text=help_text, required=required, max_length=2000, widget=area)


def _reference(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, max_length=80, widget=forms.TextInput({"autocomplete": "off"}),
        error_messages={"required": _("Give the reference under which you can find it again")},
    )  # fmt: skip


class AnswerForm(forms.Form):
    """The creditor's answer to a dispute."""

    outcome = forms.ChoiceField(
        label=_("Your answer"), choices=ANSWERS, widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the three answers")},
    )  # fmt: skip
    text = _words(_("What you found"), _("The account holder reads this. Write it plainly, without blame."))


class PaymentForm(forms.Form):
    """A payment made to the creditor. Set the currency and the last possible day when building it."""

    aliases: ClassVar[dict[str, str]] = {"initiated_at": "paid_on"}

    amount = MoneyField(label=_("Amount"), help_text=_("What was applied to this debt, before any commission."))
    paid_on = DatePartsField(label=_("Day it was paid"), help_text=_("For example, 11 20 2026"))
    paid_at = forms.TimeField(
        label=_("Time of day"), required=False, widget=forms.TimeInput({"class": "w6", "placeholder": "15:30"}),
        help_text=_("On the account holder's clock. It decides whose work the payment followed."),
        error_messages={"invalid": _("Enter a time on the 24-hour clock, for example 15:30")},
    )  # fmt: skip
    instrument = forms.ChoiceField(label=_("How it was paid"), choices=[("", _("Choose")), *INSTRUMENTS])
    external_ref = _reference(_("Your reference"), _("The payment's own number in your books. It is reported once."))

    def __init__(self, *args: Any, currency: str, zone: ZoneInfo, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money, paid_on = self.fields["amount"], self.fields["paid_on"]
        assert isinstance(money, MoneyField)
        assert isinstance(paid_on, DatePartsField)
        money.set_currency(currency)
        self.zone, self.now = zone, at.astimezone(zone)
        paid_on.latest = self.now.date()
        paid_on.earliest = paid_on.latest - OLDEST_PAYMENT

    def initiated_at(self) -> datetime:
        """When it was paid: without a time, noon of that day, or now if that day is today."""
        day, at = self.cleaned_data["paid_on"], self.cleaned_data.get("paid_at")
        if at is None and day == self.now.date():
            return self.now
        return datetime.combine(day, at or time(12), self.zone)


class ConfirmForm(forms.Form):
    """The creditor found the money a debtor says he paid."""

    amount = MoneyField(label=_("Amount that arrived"))
    external_ref = _reference(_("Your reference"), _("The payment's own number in your books."))

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money = self.fields["amount"]
        assert isinstance(money, MoneyField)
        money.set_currency(currency)


class RejectForm(forms.Form):
    """The creditor has not received it."""

    text = _words(_("What you looked for"), _("The account holder reads this, and can answer with more."))


class ReversalForm(forms.Form):
    """A payment is taken back, all that is left of it."""

    reason = forms.ChoiceField(
        label=_("What happened"), choices=REVERSAL_REASONS, widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happened")},
    )  # fmt: skip
    external_ref = _reference(_("Your reference"), _("The reversal's own number in your books."))


class RecallForm(forms.Form):
    """The creditor takes a case back."""

    kind = forms.ChoiceField(
        label=_("How"), widget=forms.RadioSelect, initial=Recall.Kind.NORMAL,
        choices=[
            (Recall.Kind.NORMAL, _("With seven days' notice to whoever works it")),
            (Recall.Kind.COMPLIANCE, _("At once, because contact must stop")),
        ],
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Why"), max_length=200, error_messages={"required": _("Write why you take the case back")}
    )


class TopUpForm(forms.Form):
    """Money into the wallet."""

    amount = MoneyField(label=_("Amount"), minimum=100)
    key = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        money = self.fields["amount"]
        assert isinstance(money, MoneyField)
        money.set_currency(currency)

    def clean_amount(self) -> int:
        """The most one top-up may be."""
        minor = int(self.cleaned_data["amount"])
        if minor > MOST_MINOR:
            raise forms.ValidationError(_("Enter at most one million at a time"))
        return minor


class HelpForm(forms.Form):
    """A question to the people behind the platform."""

    text = _words(_("Your question"), _("Name the case or payment by its reference. Leave out people's names."))


def filters_form(filters: CaseFilters, choices: dict[str, list[tuple[str, Any]]]) -> forms.Form:
    """The filters of the cases table as a form that shows where one stands."""
    form = forms.Form(initial={name: getattr(filters, name) for name in choices}, use_required_attribute=False)
    labels = {"programme": _("Programme"), "state": _("State"), "bucket": _("Days past due")}
    for name, options in choices.items():
        form.fields[name] = forms.ChoiceField(label=labels[name], choices=[("", _("All")), *options])
        form.fields[name].widget.attrs["class"] = "w10"
    return form
