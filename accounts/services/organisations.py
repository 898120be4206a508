"""Creditor organisations: founding one, its members, and the tokens of its systems."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.errors import LastOwner, OtherRole
from accounts.models import ApiToken, Collector, CreditorOrg, Membership, User
from core.crypto import keyed_hash
from core.errors import BadInput, NotFound
from core.events import record
from core.ids import new_ref, new_token


def create_org(
    *, user: User, name: str, legal_name: str, postal_address: str, actor: str, at: datetime, country: str = "US",
    slug: str = "",
) -> CreditorOrg:  # fmt: skip
    """Found an organisation with `user` as its owner.

    The postal address is where disputes may be sent (12 CFR 1006.34(c)(2)(i)), so it must be given.
    A second call by the same owner with the same name returns what the first one founded. A taken slug gets a suffix;
    two founders at once cannot share one. Raises BadInput for an empty name or address, OtherRole for a collector.
    """
    if not name.strip():
        raise BadInput(field="name", reason=_("Enter the name your customers know you by."))
    if not postal_address.strip():
        raise BadInput(field="postal_address", reason=_("Enter the postal address that goes on notices."))
    base = slug or slugify(name)[:50] or "creditor"
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # a form sent twice founds one organisation
        founded = user.memberships.filter(role=Membership.Role.OWNER, org__name=name.strip()).select_related("org")
        if earlier := founded.first():
            return earlier.org
        if Collector.objects.filter(user=user).exists():
            raise OtherRole()
        org = _insert(base, name=name.strip(), legal_name=legal_name.strip(), country=country, at=at,
                      postal_address=postal_address.strip())  # fmt: skip
        Membership.objects.create(user=user, org=org, role=Membership.Role.OWNER)
        record(
            name="org.founded", stream=f"org:{org.pk}", actor=actor, at=at, data={"slug": org.slug}, creditor_id=org.pk
        )
    return org


def _insert(base: str, *, name: str, legal_name: str, postal_address: str, country: str, at: datetime) -> CreditorOrg:
    for slug in (base, f"{base}-{new_ref('')[1:6].lower()}"):
        try:
            with transaction.atomic():
                return CreditorOrg.objects.create(
                    slug=slug, name=name, legal_name=legal_name or name, postal_address=postal_address,
                    country=country, created_at=at,
                )  # fmt: skip
        except IntegrityError:
            continue
    raise BadInput(field="name", reason=_("That name is taken. Add your city or legal form."))


def _lock(org: CreditorOrg) -> None:
    """One change of members or tokens at a time in an organisation."""
    CreditorOrg.objects.select_for_update().get(pk=org.pk)


def _check_owner_stays(org: CreditorOrg, user_id: int) -> None:
    owners = Membership.objects.filter(org=org, role=Membership.Role.OWNER)
    if owners.filter(user_id=user_id).exists() and not owners.exclude(user_id=user_id).exists():
        raise LastOwner()


def add_member(*, org: CreditorOrg, user: User, role: str, actor: str, at: datetime) -> Membership:
    """Give a user a role in an organisation, or change the role he has.

    Raises BadInput for an unknown role, OtherRole for a collector or a member of staff, LastOwner when the only owner
    would become something else.
    """
    if role not in Membership.Role.values:
        raise BadInput(field="role", reason=_("Choose one of the roles on the list."))
    if user.is_staff or Collector.objects.filter(user=user).exists():
        raise OtherRole()
    with transaction.atomic():
        _lock(org)
        if role != Membership.Role.OWNER:
            _check_owner_stays(org, user.pk)
        membership, _made = Membership.objects.update_or_create(org=org, user=user, defaults={"role": role})
        record(
            name="org.member_set", stream=f"org:{org.pk}", actor=actor, at=at, creditor_id=org.pk,
            data={"user": user.pk, "role": role},
        )  # fmt: skip
    return membership


def invite_member(*, org: CreditorOrg, email: str, role: str, actor: str, at: datetime) -> Membership:
    """Add the person who opened an account with this address and confirmed it.

    Every address that cannot be added gets the same answer, so that nobody learns whose it is: BadInput for no such
    account, one not confirmed, a collector's, staff's, or one of another organisation.
    """
    found = User.objects.filter(
        email__iexact=email.strip(), is_active=True, is_staff=False, collector__isnull=True,
        emailaddress__verified=True, emailaddress__email__iexact=email.strip(),
    ).first()  # fmt: skip
    if found is None or found.memberships.exclude(org=org).exists():
        raise BadInput(
            field="email",
            reason=_("This address cannot be added. Ask the person to open a creditor's account with it first."),
        )
    return add_member(org=org, user=found, role=role, actor=actor, at=at)


def change_member(*, org: CreditorOrg, user_id: int, role: str, actor: str, at: datetime) -> Membership:
    """Change a member's role. Raises NotFound for nobody of this organisation, BadInput, LastOwner."""
    member = Membership.objects.filter(org=org, user_id=user_id).select_related("user").first()
    if member is None:
        raise NotFound()
    return add_member(org=org, user=member.user, role=role, actor=actor, at=at)


def remove_member(*, org: CreditorOrg, user_id: int, actor: str, at: datetime) -> None:
    """End a membership at once. Raises NotFound for nobody of this organisation, LastOwner."""
    with transaction.atomic():
        _lock(org)
        _check_owner_stays(org, user_id)
        if not Membership.objects.filter(org=org, user_id=user_id).delete()[0]:
            raise NotFound()
        record(
            name="org.member_removed", stream=f"org:{org.pk}", actor=actor, at=at, creditor_id=org.pk,
            data={"user": user_id},
        )  # fmt: skip


def create_token(*, org: CreditorOrg, label: str, actor: str, at: datetime, role: str = "api") -> tuple[ApiToken, str]:
    """Make a token for one of the creditor's systems. Returns the row and the token itself, which is never shown again.

    Raises BadInput without a label, or for the label of a token in use: a form sent twice makes one token.
    """
    if not label.strip():
        raise BadInput(field="label", reason=_("Name the system that will use this token."))
    raw = f"eh_{new_token()}"
    with transaction.atomic():
        _lock(org)
        if ApiToken.objects.filter(org=org, label__iexact=label.strip(), revoked_at__isnull=True).exists():
            raise BadInput(
                field="label", reason=_("A token of this name is in use. Revoke it first, or choose another name.")
            )
        token = ApiToken.objects.create(
            org=org, label=label.strip(), role=role, token_hash=keyed_hash(raw, purpose="api-token"), created_at=at
        )
        record(
            name="org.token_made",
            stream=f"org:{org.pk}",
            actor=actor,
            at=at,
            creditor_id=org.pk,
            data={"token": token.pk},
        )
    return token, raw


def revoke_token(*, org: CreditorOrg, token_id: int, actor: str, at: datetime) -> None:
    """End a token at once. Raises NotFound when it is not this organisation's or has ended already."""
    with transaction.atomic():
        if not ApiToken.objects.filter(pk=token_id, org=org, revoked_at__isnull=True).update(revoked_at=at):
            raise NotFound()
        record(
            name="org.token_revoked", stream=f"org:{org.pk}", actor=actor, at=at, creditor_id=org.pk,
            data={"token": token_id},
        )  # fmt: skip
