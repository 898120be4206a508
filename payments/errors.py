"""What payments refuse, each with a sentence that says what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class KeyReused(DomainError):
    """A journal key came back with other lines: one of the two callers is wrong, so nothing is posted."""

    code = "ledger_key_reused"
    sentence = _("This booking exists already with other amounts. Nothing was booked; tell support the key %(key)s.")


class EntryRefused(DomainError):
    """The database refused an entry: it does not balance, or names an unknown account."""

    code = "ledger_entry_refused"
    sentence = _("This booking does not balance. Nothing was booked; tell support the key %(key)s.")


class Overdrawn(DomainError):
    """An account would cross zero."""

    code = "ledger_overdrawn"
    sentence = _("There is not enough money in the account for this. Top up first, then try again.")


class EntryReversed(DomainError):
    """An entry is taken back at most once."""

    code = "ledger_entry_reversed"
    sentence = _("This booking has been taken back already.")


class PaymentReferenceUsed(DomainError):
    """The creditor's reference belongs to another payment of this case."""

    code = "payment_reference_used"
    sentence = _("Reference %(reference)s was reported before with other details. Use the payment's own reference.")


class AboveBalance(DomainError):
    """More was reported than is still due."""

    code = "above_balance"
    sentence = _("This is more than the %(due)s still due. Report what was applied to this debt.")


class StatedAboveBalance(AboveBalance):
    """The debtor says that more was paid than is still due."""

    sentence = _(
        "This account has %(due)s still due. Write that amount here, and what you paid in all in the last box."
    )


class StatedTogether(AboveBalance):
    """What the debtor says now and said before is together more than is still due."""

    sentence = _(
        "You have told us of %(said)s already, and %(due)s is due in all. Write only what you paid besides that; if it "
        "was the same payment, there is nothing more to do."
    )


class NothingToReverse(DomainError):
    """The parts to take back are more than what is left of the payment."""

    code = "nothing_to_reverse"
    sentence = _("That is more than what is left of this payment. Check the amounts and try again.")


class StatementAnswered(DomainError):
    """The debtor's statement has its answer."""

    code = "statement_answered"
    sentence = _("This statement was answered before. Reload the page to see the answer.")


class GatewayRefused(DomainError):
    """The payment provider said no."""

    code = "gateway_refused"
    http_status = 502
    sentence = _(
        "The payment provider refused this (%(reason)s). Nothing was charged; check the details and try again."
    )


class GatewayUnknown(DomainError):
    """The provider's answer got lost: it is looked up later and never sent again blindly."""

    code = "gateway_unknown"
    http_status = 502
    sentence = _("The payment provider did not answer. We look up what happened; do not send it again.")


class GatewayUnavailable(DomainError):
    """The chosen backend cannot do this."""

    code = "gateway_unavailable"
    http_status = 501
    sentence = _("Payments by hand cannot do this here. Set PAYMENTS_BACKEND to stripe or fake.")


class WebhookRefused(DomainError):
    """A webhook that is not the provider's, is stale, or belongs to the other mode."""

    code = "webhook_refused"
    http_status = 400
    sentence = _("This message could not be verified (%(reason)s).")
