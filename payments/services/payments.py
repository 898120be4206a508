"""The payment services under one name."""

from __future__ import annotations

from payments.services.reporting import report_payment, reverse_payment
from payments.services.statements import confirm_statement, reject_statement, state_paid

__all__ = ["confirm_statement", "reject_statement", "report_payment", "reverse_payment", "state_paid"]
