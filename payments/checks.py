"""System checks of the payment settings: no live money by accident."""

from __future__ import annotations

from collections.abc import Sequence

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register("payments")
def check_payment_settings(app_configs: Sequence[AppConfig] | None, **kwargs: object) -> list[CheckMessage]:
    """A live key needs the provider's written approval and the stripe backend; by hand sends nothing."""
    del app_configs, kwargs
    found: list[CheckMessage] = []
    is_live = settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_"))
    if is_live and not settings.STRIPE_APPROVAL_REFERENCE:
        found.append(
            Error(
                "A live Stripe key is set without STRIPE_APPROVAL_REFERENCE.",
                hint="Card processors need to approve debt collection in writing. Set the approval's reference.",
                id="payments.E001",
            )
        )
    if is_live and settings.PAYMENTS_BACKEND != "stripe":
        found.append(
            Error(
                "A live Stripe key is set while payments are not sent through Stripe.",
                hint="Set PAYMENTS_BACKEND=stripe or remove the key.",
                id="payments.E002",
            )
        )
    if settings.PAYMENTS_BACKEND == "manual":
        found.append(
            Warning(
                "Payments by hand send nothing: top-ups are refused and payouts wait.",
                hint="Set PAYMENTS_BACKEND=stripe, or fake for a demonstration.",
                id="payments.W001",
            )
        )
    return found
