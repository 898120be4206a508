"""Reviews, qualifications and the counter of live claims attacked behind the services' back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F

from accounts.models import Collector, Membership, Qualification, VettingReview
from accounts.services.vetting import review_application
from tests.accounts.kit import make_staff, submitted
from tests.factories import START, make_claim, make_collector, make_member, make_org
from tests.invariants.attack import CHECK, UNIQUE, append_only, refused, sql

pytestmark = pytest.mark.django_db
APPROVE = {"reason_code": "complete", "reason_text": "Checked.", "valid_to": START + timedelta(days=100)}


def review(application) -> VettingReview:
    return review_application(
        application=application, reviewer=make_staff(), decision="APPROVE", regions=["US-NY"], at=START, **APPROVE
    )


def test_a_review_stays_as_written():
    row = review(submitted())
    append_only(row, "reason_text", "Another reason.")
    append_only(row, "valid_to", START + timedelta(days=9999))
    append_only(row, "decision", "REFUSE")


def test_an_approval_ends_and_a_review_has_a_reason():
    row = review(submitted())
    for change in ({"valid_to": None}, {"valid_to": START}, {"reason_text": ""}):
        values = {
            "application": row.application, "reviewer": row.reviewer, "decision": "APPROVE", "reason_code": "x",
            "reason_text": "y", "valid_to": START + timedelta(days=1), "at": START,
        } | change  # fmt: skip
        if change != {"valid_to": None}:
            refused(VettingReview(**values).save, CHECK)
            refused(lambda values=values: VettingReview.objects.bulk_create([VettingReview(**values)]), CHECK)


def test_the_counter_never_passes_the_limit():
    collector = make_collector(live_limit=1)
    make_claim(collector=collector)
    rows = Collector.objects.filter(pk=collector.pk)
    collector.refresh_from_db()
    collector.live_claims = 2
    refused(collector.save, CHECK)
    refused(lambda: rows.update(live_claims=F("live_claims") + 1), CHECK)
    refused(lambda: Collector.objects.bulk_update([collector], ["live_claims"]), CHECK)
    refused(sql("UPDATE accounts_collector SET live_claims = 2 WHERE id = %s", collector.pk), CHECK)
    refused(sql("UPDATE accounts_collector SET live_claims = -1 WHERE id = %s", collector.pk), CHECK)
    refused(lambda: rows.update(live_limit=0), CHECK)
    assert rows.get().live_claims == 1


@pytest.mark.parametrize(("field", "value"), [("status", "KING"), ("tier", 9)])
def test_status_and_tier_are_known_words(field, value):
    collector = make_collector()
    setattr(collector, field, value)
    refused(collector.save, CHECK)
    refused(lambda: Collector.objects.filter(pk=collector.pk).update(**{field: value}), CHECK)
    refused(sql(f"UPDATE accounts_collector SET {field} = %s WHERE id = %s", value, collector.pk), CHECK)


def test_a_qualification_ends_after_it_begins():
    rows = Qualification.objects.filter(collector=make_collector(), kind="VETTING")
    refused(lambda: rows.update(valid_to=F("valid_from")), CHECK)
    refused(lambda: rows.update(kind="CROWN"), CHECK)


def test_one_membership_a_person_and_organisation():
    org = make_org()
    user = make_member(org)
    refused(lambda: Membership.objects.bulk_create([Membership(user=user, org=org, role="viewer")]), UNIQUE)


def test_an_address_is_one_account():
    first, second = make_member(make_org()), make_member(make_org())
    refused(sql("UPDATE accounts_user SET email = %s WHERE id = %s", first.email, second.pk), UNIQUE)
