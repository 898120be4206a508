"""The reviewer's form."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Application, Collector, VettingReview
from accounts.vetting import OTHER_REASON, REASONS, reason_words
from core.clock import MARKET_ZONE

_D = VettingReview.Decision
USUAL_APPROVAL = timedelta(days=365)


def end_of(day: date) -> datetime:
    """The last second of a day in the market's zone."""
    return datetime.combine(day, time(23, 59, 59), MARKET_ZONE)


class ReviewForm(forms.Form):
    """One decision. Regions, tier and expiry count for an approval only; the service checks them."""

    decision = forms.ChoiceField(
        label=_("Your decision"), widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in (_D.APPROVE, _D.ASK_MORE, _D.REFUSE)],
        error_messages={"required": _("Choose one of the three decisions.")},
    )  # fmt: skip
    reason_code = forms.ChoiceField(label=_("Reason"), error_messages={"required": _("Choose a reason.")})
    reason_text = forms.CharField(
        label=_("In your words, the applicant reads this"), max_length=2000, widget=forms.Textarea({"rows": 4}),
        error_messages={"required": _("Say why, in a sentence the applicant can understand.")},
    )  # fmt: skip
    regions = forms.MultipleChoiceField(
        label=_("If approved: states"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one state, and only states that were asked for.")},
    )  # fmt: skip
    tier = forms.TypedChoiceField(label=_("If approved: tier"), choices=Collector.Tier.choices, coerce=int)
    valid_to = forms.DateField(
        label=_("If approved: last day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "invalid": _("Give a real day."),
            "required": _("Give the day on which this approval ends, later than today."),
        },
    )  # fmt: skip

    def __init__(self, *args: Any, application: Application, at: datetime, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).update(
            regions=[licence["region"] for licence in application.licences],
            tier=application.collector.tier,
            valid_to=(at.astimezone(MARKET_ZONE) + USUAL_APPROVAL).date(),
        )
        super().__init__(*args, **kwargs)
        if self.is_bound and self.data.get("decision") in (_D.ASK_MORE, _D.REFUSE):
            for name in ("regions", "tier", "valid_to"):
                self.fields[name].required = False
        regions, reasons = self.fields["regions"], self.fields["reason_code"]
        assert isinstance(regions, forms.MultipleChoiceField)
        assert isinstance(reasons, forms.ChoiceField)
        regions.choices = [
            (licence["region"], _("%(region)s, number %(number)s") % licence) for licence in application.licences
        ]
        reasons.choices = [
            ("", _("Choose")),
            *((str(_D(code).label), list(words.items())) for code, words in REASONS.items()),
            (OTHER_REASON, reason_words(OTHER_REASON)),
        ]
