"""Refusals of the market: each says what to do instead."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class CaseTaken(DomainError):
    """The task is no longer open: somebody else was first, or it was paused or withdrawn."""

    code = "case_taken"
    sentence = _("Someone else has it now. Here are similar ones.")


class ClaimLimitReached(DomainError):
    """The collector holds as many live claims as his tier allows."""

    code = "claim_limit"
    sentence = _("You hold as many cases as your tier allows. Release or finish one first.")


class AboveYourBand(DomainError):
    """The case's balance is above the amount the collector's tier may take."""

    code = "above_your_band"
    http_status = 403
    sentence = _("This case is above the amount for your tier. Choose a smaller band.")


class NotOnBoard(DomainError):
    """The offer exists but is not open: the page shows similar ones."""

    code = "not_on_board"
    http_status = 410
    sentence = _("Someone else has it now. Here are similar ones.")


class WrongState(DomainError):
    """The row's state does not allow the act; it may have changed since the page was opened."""

    code = "wrong_state"
    sentence = _("This is not possible while it is %(state)s. Reload the page to see where it stands.")


class ClaimEnded(DomainError):
    """The claim is not live any more."""

    code = "claim_ended"
    sentence = _("You do not hold this case any more. Find new work on the board.")


class PromiseStands(DomainError):
    """The case already has an active promise."""

    code = "promise_stands"
    sentence = _("There is a promise on this case already. Change its date instead of adding another.")


class AmountAboveBalance(DomainError):
    """More money than is still owed, or more taken back than was paid."""

    code = "amount_above_balance"
    sentence = _("The amount is larger than what is left. Check it against the balance.")


class KeyReused(DomainError):
    """The same idempotency key came with other content."""

    code = "key_reused"
    sentence = _("This was already saved with other content. Reload the page and write it again.")


class RecallStands(DomainError):
    """A recall of the case is already under way."""

    code = "recall_stands"
    sentence = _("This case is being recalled already. Cancel that recall first.")


class ChangedMeanwhile(DomainError):
    """A colleague changed the same thing after this page was opened."""

    code = "changed_meanwhile"
    sentence = _("A colleague has changed this since you opened it. Open the page again to see the newest terms.")
