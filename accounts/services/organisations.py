"""Creditor organisations: founding one, its members, and the tokens of its systems."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiToken, CreditorOrg, Membership, User
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
    Raises BadInput for an empty name or address. A taken slug gets a suffix; two founders at once cannot share one.
    """
    if not name.strip():
        raise BadInput(field="name", reason=_("Enter the name your customers know you by."))
    if not postal_address.strip():
        raise BadInput(field="postal_address", reason=_("Enter the postal address that goes on notices."))
    base = slug or slugify(name)[:50] or "creditor"
    with transaction.atomic():
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


def add_member(*, org: CreditorOrg, user: User, role: str, actor: str, at: datetime) -> Membership:
    """Give a user a role in an organisation, or change the role he has. Raises BadInput for an unknown role."""
    if role not in Membership.Role.values:
        raise BadInput(field="role", reason=_("Choose one of the roles on the list."))
    with transaction.atomic():
        membership, _made = Membership.objects.update_or_create(org=org, user=user, defaults={"role": role})
        record(
            name="org.member_set", stream=f"org:{org.pk}", actor=actor, at=at, creditor_id=org.pk,
            data={"user": user.pk, "role": role},
        )  # fmt: skip
    return membership


def create_token(*, org: CreditorOrg, label: str, actor: str, at: datetime, role: str = "api") -> tuple[ApiToken, str]:
    """Make a token for one of the creditor's systems. Returns the row and the token itself, which is never shown again."""
    if not label.strip():
        raise BadInput(field="label", reason=_("Name the system that will use this token."))
    raw = f"eh_{new_token()}"
    with transaction.atomic():
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
