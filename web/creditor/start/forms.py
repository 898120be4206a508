"""Forms of a creditor's beginning: the organisation, its people, its tokens."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership

PEOPLE_ROLES = [(value, label) for value, label in Membership.Role.choices if value != Membership.Role.API]


class OrgForm(forms.Form):
    """The organisation."""

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("As your customers know you. It stands on notices and is said on calls."),
        error_messages={"required": _("Enter the name your customers know you by")},
        widget=forms.TextInput({"autocomplete": "organization"}),
    )
    legal_name = forms.CharField(
        label=_("Legal name"), required=False, max_length=200, help_text=_("Where it differs, for example Harbour LLC.")
    )
    postal_address = forms.CharField(
        label=_("Postal address"),
        max_length=500,
        help_text=_("It goes on notices: people may send a dispute there on paper, so somebody must open that post."),
        error_messages={"required": _("Enter the postal address that goes on notices")},
        widget=forms.Textarea({"rows": 4, "autocomplete": "street-address"}),
    )


class MemberForm(forms.Form):
    """Add somebody."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("Of an account that the person has opened here as a creditor."),
        error_messages={
            "required": _("Enter the address of the person's account"),
            "invalid": _("Enter a whole address, for example name@example.com"),
        },
    )
    role = forms.ChoiceField(label=_("Role"), choices=PEOPLE_ROLES, initial=Membership.Role.VIEWER)


class TokenForm(forms.Form):
    """Make a token."""

    label = forms.CharField(
        label=_("Which system will use it"),
        max_length=80,
        help_text=_("For example Ledger export."),
        error_messages={"required": _("Name the system that will use this token")},
    )
