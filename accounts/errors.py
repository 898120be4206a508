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


# Regions whose licensing statute names the individual collector: Minn. Stat. 332.33.
LICENCE_RULES = {"US-MN": "US.MN.332.33"}
