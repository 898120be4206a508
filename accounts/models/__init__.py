from accounts.models.application import Application, ApplicationDocument, VettingReview
from accounts.models.collector import Agency, Collector, Qualification
from accounts.models.organisation import ApiToken, CreditorOrg, Membership
from accounts.models.user import User

__all__ = [
    "Agency",
    "ApiToken",
    "Application",
    "ApplicationDocument",
    "Collector",
    "CreditorOrg",
    "Membership",
    "Qualification",
    "User",
    "VettingReview",
]
