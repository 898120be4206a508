"""Forms on a case: a note, a promise made outside a call, giving it back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.outcomes import ACTIONS, PAIRS, RESULTS
from marketplace.services.claims import RELEASE_REASONS
from marketplace.services.promises import MAX_DAYS_AHEAD
from web.formatting import day
from web.forms import ChipSelect, DatePartsField, MoneyField

# What can be noted here: the result of a call through the platform is written in its wrap-up.
NOTED_ACTIONS = ("CHECK", "INBOUND", "LETTER", "EMAIL")
PROMISE_DAYS = (0, 3, 7, 14)
OTHER_DAY = "other"


def _pairs() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (
            str(ACTIONS[action]),
            [(f"{action}/{code}", f"{ACTIONS[action]}: {RESULTS[code].label}") for code in RESULTS
             if code in PAIRS[action]],
        )
        for action in NOTED_ACTIONS
    ]  # fmt: skip


class NoteForm(forms.Form):
    """What was done, how it ended, and what was said. `key` makes a second tap the same note."""

    pair = forms.ChoiceField(label=gettext_lazy("What did you do, and how did it end?"))
    text = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Write what was said. Leave out opinions about the person, and numbers."),
    )  # fmt: skip
    key = forms.CharField(widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["pair"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = _pairs()

    def action_and_result(self) -> tuple[str, str]:
        action, _slash, result = self.cleaned_data["pair"].partition("/")
        return action, result


class PromiseForm(forms.Form):
    """A promise made outside a call, for example when the debtor wrote. `due` is a day near by, or "other"."""

    amount = MoneyField(
        label=gettext_lazy("How much was promised?"),
        error_messages={"required": gettext_lazy("Enter the amount they promised, for example 800")},
    )
    due = forms.ChoiceField(
        label=gettext_lazy("By which day?"), widget=ChipSelect,
        error_messages={"required": gettext_lazy("Choose the day they promised")},
    )  # fmt: skip
    other_day = DatePartsField(label=gettext_lazy("Other day"), required=False)

    def __init__(self, *args: Any, today: date, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        days = [(str(n), _("Today") if n == 0 else day(today + timedelta(days=n))) for n in PROMISE_DAYS]
        due, amount, other = self.fields["due"], self.fields["amount"], self.fields["other_day"]
        assert isinstance(due, forms.ChoiceField)
        assert isinstance(amount, MoneyField)
        assert isinstance(other, DatePartsField)
        due.choices = [*days, (OTHER_DAY, _("Other day"))]
        amount.set_currency(currency)
        other.earliest, other.latest = today, today + timedelta(days=MAX_DAYS_AHEAD)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_missing = not cleaned.get("other_day") and "other_day" not in self.errors
        if cleaned.get("due") == OTHER_DAY and is_missing:
            self.add_error("other_day", _("Enter the day, for example 11 20 2026"))
        return cleaned

    def due_date(self) -> date:
        due = self.cleaned_data["due"]
        chosen: date = self.cleaned_data["other_day"]
        return chosen if due == OTHER_DAY else self.today + timedelta(days=int(due))


class ReleaseForm(forms.Form):
    """Why a case is given back."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why do you give it back?"), widget=forms.RadioSelect, choices=list(RELEASE_REASONS.items()),
        error_messages={"required": gettext_lazy("Choose a reason")},
    )  # fmt: skip
