"""Founding an organisation, its members and its tokens: nothing twice, never without an owner, nothing learnt."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress

from accounts.access import token_for
from accounts.errors import LastOwner, OtherRole
from accounts.models import ApiToken, CreditorOrg, Membership
from accounts.services.organisations import (
    add_member,
    change_member,
    create_org,
    create_token,
    invite_member,
    remove_member,
    revoke_token,
)
from core.errors import BadInput, NotFound
from core.models import Event
from tests.factories import START, make_collector, make_member, make_org, make_user

pytestmark = pytest.mark.django_db
DOING = {"actor": "user:1", "at": START}


def found(user, name="Harbour Cards", address="1 Quay"):
    return create_org(user=user, name=name, legal_name="", postal_address=address, **DOING)


def with_address(user, *, verified=True):
    EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
    return user


def test_founding_twice_founds_once():
    user = make_user()
    org = found(user)
    assert found(user) == org
    assert (org.slug, org.legal_name) == ("harbour-cards", "Harbour Cards")
    assert Membership.objects.get().role == "owner"
    assert Event.objects.filter(name="org.founded").count() == 1


def test_two_organisations_of_one_name_have_two_slugs():
    first, second = found(make_user()), found(make_user())
    assert first.slug != second.slug


@pytest.mark.parametrize("wrong", [{"name": " "}, {"address": " "}])
def test_name_and_address_are_needed(wrong):
    with pytest.raises(BadInput):
        found(make_user(), **wrong)
    assert not CreditorOrg.objects.exists()


def test_a_collector_founds_nothing():
    with pytest.raises(OtherRole):
        found(make_collector().user)
    assert not CreditorOrg.objects.exists()


def test_an_owner_always_remains():
    org = make_org()
    owner = make_member(org)
    for act in (
        lambda: change_member(org=org, user_id=owner.pk, role="viewer", **DOING),
        lambda: remove_member(org=org, user_id=owner.pk, **DOING),
    ):
        with pytest.raises(LastOwner):
            act()
    assert Membership.objects.get().role == "owner"
    second = make_member(org, "ops")
    change_member(org=org, user_id=second.pk, role="owner", **DOING)
    remove_member(org=org, user_id=owner.pk, **DOING)
    assert Membership.objects.get().user == second


def test_members_of_others_are_not_found():
    org, stranger = make_org(), make_member(make_org())
    with pytest.raises(NotFound):
        change_member(org=org, user_id=stranger.pk, role="viewer", **DOING)
    with pytest.raises(NotFound):
        remove_member(org=org, user_id=stranger.pk, **DOING)
    assert Membership.objects.count() == 1


def test_a_collector_or_staff_joins_no_creditor():
    org = make_org()
    for user in (make_collector().user, make_user(is_staff=True)):
        with pytest.raises(OtherRole):
            add_member(org=org, user=user, role="viewer", **DOING)
    with pytest.raises(BadInput):
        add_member(org=org, user=make_user(), role="king", **DOING)
    assert not Membership.objects.exists()


def test_every_address_that_cannot_be_added_gets_the_same_answer():
    org = make_org()
    unconfirmed = with_address(make_user(), verified=False)
    elsewhere = with_address(make_member(make_org()))
    collector = with_address(make_collector().user)
    staff = with_address(make_user(is_staff=True))
    answers = set()
    for email in ("nobody@example.com", unconfirmed.email, elsewhere.email, collector.email, staff.email):
        with pytest.raises(BadInput) as refused:
            invite_member(org=org, email=email, role="viewer", **DOING)
        answers.add(refused.value.message)
    assert len(answers) == 1
    assert not org.memberships.exists()


def test_a_confirmed_address_is_added_whatever_its_case():
    org, user = make_org(), with_address(make_user())
    membership = invite_member(org=org, email=f" {user.email.upper()} ", role="finance", **DOING)
    assert (membership.user, membership.role) == (user, "finance")


def test_a_token_name_is_used_once_at_a_time():
    org = make_org()
    token, raw = create_token(org=org, label="ERP", **DOING)
    with pytest.raises(BadInput):
        create_token(org=org, label="erp ", **DOING)
    assert ApiToken.objects.count() == 1
    assert raw.encode() not in bytes(token.token_hash)
    with pytest.raises(NotFound):
        revoke_token(org=make_org(), token_id=token.pk, **DOING)
    revoke_token(org=org, token_id=token.pk, **DOING)
    with pytest.raises(NotFound):
        revoke_token(org=org, token_id=token.pk, **DOING)
    assert token_for(raw, START) is None
    create_token(org=org, label="ERP", **DOING)
    create_token(org=make_org(), label="ERP", **DOING)
