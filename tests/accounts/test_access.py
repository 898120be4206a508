"""Rights by role, and whether a collector may work: both computed from rows and the instant given."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.access import RIGHTS, can, is_working, licensed_regions, membership_for, org_for, token_for, working
from accounts.models import Collector, Membership, Qualification
from accounts.services.organisations import create_token, revoke_token
from accounts.tiers import TIERS
from tests.factories import START, make_collector, make_member, make_org, make_user

SECOND = timedelta(seconds=1)
ALLOWED = {
    "owner": RIGHTS,
    "ops": {"view", "place", "publish", "dispute"},
    "finance": {"view", "money"},
    "compliance": {"view", "dispute"},
    "viewer": {"view"},
    "api": {"view", "place", "money"},
    "unknown": set(),
}


@pytest.mark.parametrize("role", ALLOWED)
def test_rights_by_role(role):
    assert {right for right in RIGHTS if can(Membership(role=role), right)} == ALLOWED[role]


def test_a_right_that_does_not_exist_grants_nothing():
    with pytest.raises(KeyError):
        can(Membership(role="owner"), "veiw")


def test_tiers():
    assert {n: (t.limit, t.cap_minor) for n, t in TIERS.items()} == {
        1: (3, 250_000), 2: (5, 1_000_000), 3: (8, 2_500_000), 4: (15, None),
    }  # fmt: skip


@pytest.mark.django_db
def test_vetting_holds_from_its_first_to_before_its_last_instant():
    collector = make_collector()
    vetting = Qualification.objects.get(collector=collector, kind="VETTING")
    for at, answer in (
        (vetting.valid_from - SECOND, False),
        (vetting.valid_from, True),
        (vetting.valid_to - SECOND, True),
        (vetting.valid_to, False),
    ):
        assert is_working(collector, at) == answer
        assert working(at).filter(pk=collector.pk).exists() == answer
        assert licensed_regions(collector, at) == (frozenset({"US-NY"}) if answer else frozenset())


@pytest.mark.django_db
def test_suspension_and_revocation_count_at_once():
    collector = make_collector(regions=("US-NY", "US-TX"))
    Qualification.objects.filter(jurisdiction="US-TX").update(revoked_at=START)
    assert licensed_regions(collector, START - SECOND) == {"US-NY", "US-TX"}
    assert licensed_regions(collector, START) == {"US-NY"}
    Collector.objects.filter(pk=collector.pk).update(status="SUSPENDED")
    assert not is_working(collector, START)
    assert not is_working(make_collector(vetted=False), START)


@pytest.mark.django_db
def test_membership_by_slug_or_the_oldest():
    first, second = make_org("first"), make_org("second")
    user = make_member(first)
    Membership.objects.create(user=user, org=second, role="viewer")
    assert org_for(user) == first
    assert org_for(user, "second") == second
    assert membership_for(user, "second").role == "viewer"
    assert org_for(make_user()) is None
    assert org_for(make_member(make_org("third")), "first") is None


@pytest.mark.django_db
def test_a_token_opens_only_while_it_is_not_revoked():
    org = make_org()
    token, raw = create_token(org=org, label="ERP", actor="user:1", at=START)
    assert token_for(raw, START) == token
    assert token_for(raw + "x", START) is None
    assert token_for("", START) is None
    revoke_token(org=org, token_id=token.pk, actor="user:1", at=START + SECOND)
    assert token_for(raw, START + SECOND) is None
