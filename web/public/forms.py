"""The account pages' forms in our words (ACCOUNT_FORMS and MFA_FORMS name them)."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as account
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from web.forms import relabel

LABELS: dict[str, StrOrPromise] = {
    "login": _("E-mail address"),
    "email": _("E-mail address"),
    "password": _("Password"),
    "password1": _("Password"),
    "password2": _("The same password again"),
    "oldpassword": _("Your password now"),
    "remember": _("Keep me signed in on this device"),
    "code": _("Code"),
}
# One sentence for AUTH_PASSWORD_VALIDATORS.
PASSWORD_HINT = _("At least 8 characters, not only figures, and not a common password")


class Ours:
    """Mixed into a form of allauth: our labels, no placeholders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        relabel(self, LABELS)  # type: ignore[arg-type]
        if "password1" in self.fields:  # type: ignore[attr-defined]
            self.fields["password1"].help_text = PASSWORD_HINT  # type: ignore[attr-defined]


class LoginForm(Ours, account.LoginForm):
    """Sign in."""


class SignupForm(Ours, account.SignupForm):
    """Open an account."""


class AddEmailForm(Ours, account.AddEmailForm):
    """Add an address."""


class ChangePasswordForm(Ours, account.ChangePasswordForm):
    """Change the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")


class ResetPasswordForm(Ours, account.ResetPasswordForm):
    """Ask for a link."""


class ResetPasswordKeyForm(Ours, account.ResetPasswordKeyForm):
    """Set a password through the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")


class ReauthenticateForm(Ours, account.ReauthenticateForm):
    """Show the password once more."""


class CodeForm(Ours, mfa.AuthenticateForm):
    """The second step of signing in."""


class CodeAgainForm(Ours, mfa.ReauthenticateForm):
    """Show the second step once more."""


class ActivateForm(Ours, totp.ActivateTOTPForm):
    """Turn the second step on."""
