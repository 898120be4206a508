from compliance.models.attempt import AttemptOutcome, ContactAttempt, InboundContact, SlotRelease
from compliance.models.decision import Permit, Refusal
from compliance.models.dispute import Dispute
from compliance.models.hold import Consent, Hold, Preference
from compliance.models.notice import ValidationNotice
from compliance.models.pack import PackVersion
from compliance.models.portal import PortalTries

__all__ = [
    "AttemptOutcome",
    "Consent",
    "ContactAttempt",
    "Dispute",
    "Hold",
    "InboundContact",
    "PackVersion",
    "Permit",
    "PortalTries",
    "Preference",
    "Refusal",
    "SlotRelease",
    "ValidationNotice",
]
