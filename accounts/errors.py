"""Refusals that follow from who somebody is."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NotVetted(DomainError):
    """The collector's vetting has not been given, has expired or is suspended at the moment of the act."""

    code = "VET.EXPIRED"
    http_status = 403
    sentence = _("Your vetting is not valid today, so work is closed to you. Renew it on your application page.")


class ConflictOfInterest(DomainError):
    """The collector is the debtor, as far as a shared number can show it."""

    code = "VET.CONFLICT"
    http_status = 403
    sentence = _("You cannot work this case, because it may concern you. Choose another one.")


class NotLicensedHere(DomainError):
    """No current licence for the debtor's region. `code` is the rule's own name where the region has one."""

    code = "VET.LICENCE"
    http_status = 403
    sentence = _(
        "You have no current licence for %(region)s. Add one on your application page, or choose another place."
    )

    def __init__(self, *, region: str) -> None:
        super().__init__(region=region)
        self.code = LICENCE_RULES.get(region, self.code)


class OtherRole(DomainError):
    """One account plays one part: nobody collects for a creditor he belongs to, and no reviewer applies to himself."""

    code = "other_role"
    http_status = 403
    sentence = _("This account already has another part here. Open a second account with another e-mail address.")


class ApplicationClosed(DomainError):
    """The application is with the reviewers or decided."""

    code = "application_closed"
    sentence = _("This application is with our reviewers or has been decided. It cannot be changed now.")


class ApplicationIncomplete(DomainError):
    """Something is missing; `missing` names it in words."""

    code = "application_incomplete"
    http_status = 400
    sentence = _("Something is still missing: %(missing)s.")


class AlreadyDecided(DomainError):
    """Another reviewer was first, or the applicant took the application back to change it."""

    code = "already_decided"
    sentence = _("This application is not waiting for a decision any more. Reload the page to see who decided.")


class OwnApplication(DomainError):
    """A reviewer would decide about himself."""

    code = "own_application"
    http_status = 403
    sentence = _("You cannot decide your own application. Ask another reviewer.")


class LastOwner(DomainError):
    """An organisation would be left without an owner."""

    code = "last_owner"
    sentence = _("An organisation needs an owner. Make somebody else an owner first.")


# Regions whose licensing statute names the individual collector: Minn. Stat. 332.33.
LICENCE_RULES = {"US-MN": "US.MN.332.33"}
