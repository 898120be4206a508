"""Claiming, releasing, and every refusal on the way, which leaves nothing behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.errors import ConflictOfInterest, NotLicensedHere, NotVetted
from accounts.models import Collector, Qualification
from compliance.models import Hold
from compliance.services.claiming import CaseOnHold, claim_case, release_case
from core.errors import BadInput, NotFound
from core.events import run_pending
from core.models import Event
from marketplace import states
from marketplace.errors import AboveYourBand, CaseTaken, ClaimEnded, ClaimLimitReached
from marketplace.models import Case, Claim, Task
from marketplace.services.claims import LEASE, end_claim
from tests.factories import (
    START,
    make_case,
    make_claim,
    make_collector,
    make_debt,
    make_debtor,
    make_person,
    make_programme,
    make_task,
)

pytestmark = pytest.mark.django_db


def everything() -> dict[str, list]:
    """What a refusal must leave as it was."""
    return {
        "claims": list(Claim.objects.order_by("pk").values()),
        "tasks": list(Task.objects.order_by("pk").values("pk", "state", "pause_reason")),
        "cases": list(Case.objects.order_by("pk").values("pk", "state")),
        "collectors": list(Collector.objects.order_by("pk").values("pk", "live_claims")),
        "events": list(Event.objects.order_by("pk").values("pk")),
    }


def refused(error, *, ref, collector, at=START):
    before = everything()
    with pytest.raises(error) as raised:
        claim_case(case_ref=ref, collector=collector, at=at)
    assert everything() == before
    return raised.value


def test_a_claim_freezes_terms_age_and_balance():
    task, collector = make_task(), make_collector()
    claim = claim_case(case_ref=task.ref, collector=collector, at=START)
    assert claim.terms == {**task.case.programme.terms, "terms_version": 1}
    assert (claim.balance_minor, claim.currency) == (123457, "USD")
    assert (START.date() - claim.past_due_since).days == 35
    assert claim.lease_until == START + LEASE
    task.refresh_from_db()
    collector.refresh_from_db()
    assert (task.state, task.case.state, collector.live_claims) == (states.CLAIMED, states.WORKING, 1)
    event = Event.objects.get(name="case.claimed")
    assert (event.actor, event.stream) == (collector.actor, task.case.stream)
    assert event.creditor_id == task.case.org_id


def test_a_later_change_of_the_plan_never_alters_a_claim():
    task = make_task()
    claim = claim_case(case_ref=task.ref, collector=make_collector(), at=START)
    programme = task.case.programme
    programme.terms = {**programme.terms, "vat_bps": 2000}
    programme.save()
    claim.refresh_from_db()
    assert claim.terms["vat_bps"] == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=claim.pk).update(terms={})


@pytest.mark.parametrize("how", ["never", "expired", "suspended", "revoked"])
def test_without_vetting_a_claim_is_refused_with_no_job_run(how):
    task = make_task()
    collector = make_collector(vetted=how != "never")
    at = START
    if how == "expired":
        at = START + timedelta(days=200)
    if how == "suspended":
        Collector.objects.filter(pk=collector.pk).update(status="SUSPENDED")
    if how == "revoked":
        Qualification.objects.filter(collector=collector, kind="VETTING").update(revoked_at=START)
    refusal = refused(NotVetted, ref=task.ref, collector=collector, at=at)
    assert (refusal.http_status, refusal.code) == (403, "VET.EXPIRED")


def test_the_last_second_of_vetting_still_counts():
    task, collector = make_task(), make_collector(valid_to=START + timedelta(days=1))
    assert claim_case(case_ref=task.ref, collector=collector, at=START + timedelta(days=1, seconds=-1))


def task_in(region: str):
    programme = make_programme()
    debtor = make_debtor(programme.org, make_person(region))
    return make_task(make_case(programme, debt=make_debt(debtor), state=states.LISTED))


def test_the_licence_must_be_of_the_debtors_region():
    collector = make_collector(regions=("US-NY",))
    refusal = refused(NotLicensedHere, ref=task_in("TX").ref, collector=collector)
    assert (refusal.http_status, refusal.code) == (403, "VET.LICENCE")
    assert "US-TX" in refusal.message
    assert refused(NotLicensedHere, ref=task_in("MN").ref, collector=collector).code == "US.MN.332.33"
    assert claim_case(case_ref=task_in("TX").ref, collector=make_collector(regions=("US-TX",)), at=START)


def test_nobody_works_his_own_case():
    programme = make_programme()
    debtor = make_debtor(programme.org, e164="+12125550142")
    task = make_task(make_case(programme, debt=make_debt(debtor), state=states.LISTED))
    refused(ConflictOfInterest, ref=task.ref, collector=make_collector(e164="+12125550142"))


def test_the_amount_is_capped_by_tier():
    programme = make_programme()
    cases = [
        make_case(
            programme, debt=make_debt(make_debtor(programme.org), principal=p, interest=0, fees=0), state="LISTED"
        )
        for p in (250_000, 250_001)
    ]
    collector = make_collector()
    assert refused(AboveYourBand, ref=make_task(cases[1]).ref, collector=collector).http_status == 403
    assert claim_case(case_ref=make_task(cases[0]).ref, collector=collector, at=START)


def test_a_junior_cannot_hold_a_fourth_case():
    collector = make_collector()
    for _turn in range(3):
        claim_case(case_ref=make_task().ref, collector=collector, at=START)
    assert refused(ClaimLimitReached, ref=make_task().ref, collector=collector).http_status == 409


def test_what_is_taken_paused_or_unknown_cannot_be_claimed():
    taken = make_task()
    claim_case(case_ref=taken.ref, collector=make_collector(), at=START)
    assert refused(CaseTaken, ref=taken.ref, collector=make_collector()).http_status == 409
    paused = make_task()
    Task.objects.filter(pk=paused.pk).update(state=states.PAUSED, pause_reason="low_float")
    refused(CaseTaken, ref=paused.ref, collector=make_collector())
    refused(NotFound, ref="T-NOWHERE", collector=make_collector())


def hold(case, **extra):
    values = {
        "scope": "case",
        "case": case,
        "person": case.debtor.person,
        "reason": "DISPUTE",
        "from_at": START,
    } | extra
    return Hold.objects.create(opened_by="debtor", opened_at=START, **values)


def test_a_held_case_cannot_be_claimed():
    task = make_task()
    hold(task.case)
    refused(CaseOnHold, ref=task.ref, collector=make_collector())
    other = make_task()
    hold(other.case, scope="person", reason="CEASE")
    refused(CaseOnHold, ref=other.ref, collector=make_collector())


def test_a_release_returns_the_case_to_the_board_and_the_place_to_the_collector():
    claim = make_claim()
    ended = release_case(claim=claim, reason="", actor=claim.collector.actor, at=START)
    assert (ended.state, ended.ended_at, ended.end_reason) == (states.TAIL, START, "release")
    assert Case.objects.get(pk=claim.case_id).state == states.LISTED
    assert Task.objects.get(pk=claim.task_id).state == states.OPEN
    assert Collector.objects.get(pk=claim.collector_id).live_claims == 0
    with pytest.raises(ClaimEnded):
        release_case(claim=claim, reason="", actor=claim.collector.actor, at=START)
    assert Collector.objects.get(pk=claim.collector_id).live_claims == 0


def test_a_released_case_on_hold_stays_off_the_board():
    claim = make_claim()
    hold(claim.case)
    release_case(claim=claim, reason="no_time", actor=claim.collector.actor, at=START)
    task = Task.objects.get(pk=claim.task_id)
    assert (task.state, task.pause_reason) == (states.PAUSED, "hold")


def test_a_lease_that_ends_under_a_hold_leaves_the_case_off_the_board():
    claim = make_claim()
    hold(claim.case)
    end_claim(claim=claim, event="lease_expired", reason="", actor="system", at=START)
    run_pending()
    task = Task.objects.get(pk=claim.task_id)
    assert (task.state, task.pause_reason) == (states.PAUSED, "hold")


def test_a_reason_is_a_code_of_the_list():
    claim = make_claim()
    before = everything()
    with pytest.raises(BadInput):
        release_case(claim=claim, reason="because", actor=claim.collector.actor, at=START)
    assert everything() == before


@pytest.mark.parametrize("state", [states.ARRANGED, states.RECALL_PENDING, states.CLEARING])
def test_a_case_with_something_under_way_is_not_listed_again(state):
    claim = make_claim()
    Case.objects.filter(pk=claim.case_id).update(state=state)
    end_claim(claim=claim, event="lease_expired", reason="", actor="system", at=START)
    assert Case.objects.get(pk=claim.case_id).state == state
    assert Task.objects.get(pk=claim.task_id).state == states.WITHDRAWN


def test_a_revoked_claim_is_void_also_in_its_tail():
    claim = make_claim()
    ended = end_claim(claim=claim, event="release", reason="", actor="system", at=START)
    again = end_claim(claim=ended, event="revoke_conduct", reason="abuse", actor="user:1", at=START + timedelta(days=1))
    assert (again.state, again.ended_at, again.end_reason) == (states.VOID, START, "abuse")
    assert Collector.objects.get(pk=claim.collector_id).live_claims == 0
