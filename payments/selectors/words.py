"""What money is called on a page: rules, states and postings in plain words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from payments import states

RULES: dict[str, Any] = {
    "A1": _("Paid before anyone made contact, so nothing is charged."),
    "A2": _("Paid within a promise that you obtained."),
    "A3": _("Paid while you held the case and had reached the debtor."),
    "A4": _("Paid within 30 days of your last contact, after your claim ended."),
    "A5": _("Nobody's work led to it, so only the platform's part is charged."),
    "A6": _("The work behind it was voided for misconduct, so nothing is charged."),
}

CREDITOR_RULES: dict[str, Any] = {
    "A1": _("Paid before anyone made contact: no commission."),
    "A2": _("Paid within a promise obtained by a collector."),
    "A3": _("Paid while a collector held the case and had reached the debtor."),
    "A4": _("Paid within 30 days of a collector's last contact."),
    "A5": _("No collector's work led to it: the platform's part only."),
    "A6": _("The work behind it was voided for misconduct: no commission."),
}

STATES: dict[str, Any] = {
    states.PENDING: _("Estimated"),
    states.EARNED: _("Earned, waiting for the creditor"),
    states.HELD: _("Held until %(date)s"),
    states.FROZEN: _("Under review"),
    states.PAYABLE: _("Available"),
    states.IN_TRANSIT: _("On its way"),
    states.PAID: _("Paid"),
    states.REVERSED: _("Taken back"),
    states.CLAWBACK_DUE: _("To be netted"),
    states.RECOVERED: _("Netted"),
    states.WRITTEN_OFF: _("Written off"),
}

ENTRIES: dict[str, Any] = {
    "1": _("Debtor's payment, or its return (memo)"),
    "2": _("Top-up arrived"),
    "3": _("Provider's fee"),
    "4": _("Top-up available"),
    "7": _("Commission from the float"),
    "8": _("Commission invoiced"),
    "11": _("Holdback over"),
    "11b": _("Holdback over, netted with what was owed"),
    "12": _("Payout created"),
    "13": _("Payout confirmed"),
    "14": _("Payout refused"),
    "16": _("Payment taken back"),
    "18": _("Netted with what was owed"),
    "30": _("Correction"),
}
