"""The payment services under one name."""

from __future__ import annotations

from payments.services.reporting import report_payment, reverse_payment

__all__ = ["report_payment", "reverse_payment"]
