from marketplace.models.batch import Batch, BatchRow
from marketplace.models.case import Case, Recall
from marketplace.models.claim import Claim
from marketplace.models.debt import Debt
from marketplace.models.note import Note
from marketplace.models.person import ContactPoint, Debtor, NumberStanding, Person
from marketplace.models.programme import Programme
from marketplace.models.promise import Promise, PromiseChange
from marketplace.models.support import SupportMessage, SupportTicket
from marketplace.models.task import Task

__all__ = [
    "Batch",
    "BatchRow",
    "Case",
    "Claim",
    "ContactPoint",
    "Debt",
    "Debtor",
    "Note",
    "NumberStanding",
    "Person",
    "Programme",
    "Promise",
    "PromiseChange",
    "Recall",
    "SupportMessage",
    "SupportTicket",
    "Task",
]
