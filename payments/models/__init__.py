from payments.models.accrual import Accrual, Attribution
from payments.models.fake import FakePspEvent, FakePspObject, FakePspRequest
from payments.models.ledger import Balance, JournalEntry, Posting
from payments.models.payment import PaidStatement, Payment, Reversal
from payments.models.transfer import Payout, PspEvent, TopUp

__all__ = [
    "Accrual",
    "Attribution",
    "Balance",
    "FakePspEvent",
    "FakePspObject",
    "FakePspRequest",
    "JournalEntry",
    "PaidStatement",
    "Payment",
    "Payout",
    "Posting",
    "PspEvent",
    "Reversal",
    "TopUp",
]
