"""Who may do what: rights of a creditor's members, and whether a collector may work at an instant and where.

Every answer is computed from rows and the instant given; no job has to run for an expiry to bite.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import ApiToken, Collector, CreditorOrg, Membership, Qualification, User
from core.crypto import keyed_hash

RIGHTS = frozenset({"view", "place", "publish", "money", "dispute", "team", "api"})

_BY_ROLE: dict[str, frozenset[str]] = {
    Membership.Role.OWNER: RIGHTS,
    Membership.Role.OPS: frozenset({"view", "place", "publish", "dispute"}),
    Membership.Role.FINANCE: frozenset({"view", "money"}),
    Membership.Role.COMPLIANCE: frozenset({"view", "dispute"}),
    Membership.Role.VIEWER: frozenset({"view"}),
    Membership.Role.API: frozenset({"view", "place", "money"}),
}


class HasRole(Protocol):
    """A membership or an API token."""

    role: str


def can(membership: HasRole, right: str) -> bool:
    """Whether the role carries `right`: view, place, publish, money (report payments, pay in), dispute (answer),
    team (members) or api (tokens). Raises KeyError for a right that does not exist, so a typing error never grants."""
    if right not in RIGHTS:
        raise KeyError(right)
    return right in _BY_ROLE.get(membership.role, frozenset())


def membership_for(user: User, slug: str | None = None) -> Membership | None:
    """The user's membership in the organisation `slug`, or his oldest one; None when there is none."""
    found = Membership.objects.filter(user=user).select_related("org").order_by("pk")
    return found.filter(org__slug=slug).first() if slug else found.first()


def org_for(user: User, slug: str | None = None) -> CreditorOrg | None:
    """The organisation behind `membership_for`."""
    membership = membership_for(user, slug)
    return membership.org if membership else None


def current(kind: str, at: datetime) -> QuerySet[Qualification]:
    """Qualifications of `kind` that hold at `at`: begun, not over, not revoked by then."""
    held = Qualification.objects.filter(kind=kind, valid_from__lte=at, valid_to__gt=at)
    return held.exclude(revoked_at__lte=at)


def working(at: datetime) -> QuerySet[Collector]:
    """The collectors who may work at `at`: active, and vetted right then."""
    vetted = current(Qualification.Kind.VETTING, at).filter(collector=OuterRef("pk"))
    return Collector.objects.filter(Exists(vetted), status=Collector.Status.ACTIVE)


def is_working(collector: Collector, at: datetime) -> bool:
    """Whether this collector may see the board and act on cases at `at`, as the database has it now."""
    return working(at).filter(pk=collector.pk).exists()


def licensed_regions(collector: Collector, at: datetime) -> frozenset[str]:
    """The regions ("US-TX") in which the collector's licence is current at `at`."""
    held = current(Qualification.Kind.LICENCE, at).filter(collector=collector)
    return frozenset(held.values_list("jurisdiction", flat=True))


def token_for(raw: str, at: datetime) -> ApiToken | None:
    """The unrevoked API token whose text is `raw`, with its organisation; None when there is none."""
    found = ApiToken.objects.filter(token_hash=keyed_hash(raw, purpose="api-token"), created_at__lte=at)
    return found.exclude(revoked_at__lte=at).select_related("org").first()
