"""V01 to V15 played through the services: claims, calls, promises, recalls and payments as they happened in March 2027.

Each vector asserts the rule, whose line it is, and what the ledger says once the payment has cleared. Every payment is
100.30 on a debt 35 days past due at 15 %, so a collector's line is 10.53 and the platform's part 4.51.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from compliance.services.claiming import claim_case, release_case
from marketplace import states as market
from marketplace.models import Promise, PromiseChange
from marketplace.services import promises
from marketplace.services.claims import end_claim
from marketplace.services.recalls import recall_case
from payments import ledger
from payments.models import Accrual
from payments.selectors.integrity import faults
from payments.services.settlement_run import settle
from tests.factories import make_case, make_collector, make_debt, make_debtor, make_notice, make_programme, make_task
from tests.payments.kit import pay, top_up, touch

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("America/New_York")
FLOAT = 50_000
EARNS, HOUSE, NOTHING = (1053, 451), (0, 451), (0, 0)


def day(number: int, hour: int = 12, minute: int = 0, second: int = 0, month: int = 3) -> datetime:
    return datetime(2027, month, number, hour, minute, second, tzinfo=ZONE)


class Scene:
    """One listed case, noticed on 2 March, and the two collectors of the vectors."""

    def __init__(self, *, noticed: bool = True) -> None:
        programme = make_programme()
        debt = make_debt(make_debtor(programme.org), delinquency_date=date(2027, 1, 27))
        self.case = make_case(programme, debt=debt, state=market.LISTED, placed_at=day(28, month=2))
        make_task(self.case)
        if noticed:
            make_notice(self.case, sent_at=day(2))
        top_up(programme.org, FLOAT, at=day(1, 8))
        until = day(30, month=12)
        self.c1, self.c2 = make_collector(valid_to=until), make_collector(valid_to=until)

    def claim(self, who, at):
        return claim_case(case_ref=self.case.ref, collector=who, at=at)

    def release(self, claim, at):
        return release_case(claim=claim, reason="no_time", actor=claim.collector.actor, at=at)

    def promise(self, claim, due, at):
        return promises.make_promise(
            case=self.case, claim=claim, amount_minor=10_030, due_date=due, channel="call",
            actor=claim.collector.actor, at=at,
        )  # fmt: skip

    def first_claim(self, *, touched=None, ended=None):
        claim = self.claim(self.c1, day(3))
        if touched:
            touch(self.case, self.c1, touched)
        if ended:
            self.release(claim, ended)
        return claim

    def second_claim(self, *, touched=None):
        claim = self.claim(self.c2, day(18))
        if touched:
            touch(self.case, self.c2, touched)
        return claim


def expect(scene, paid_at, rule, claim, amounts, *, reported_at=None):
    payment = pay(scene.case, 10_030, reported_at or paid_at, initiated_at=paid_at)
    assert (payment.attribution.rule, payment.attribution.claim) == (rule, claim)
    settle(as_of=payment.clears_at)
    collector, platform = amounts
    worker = claim.collector if claim else scene.c1
    assert ledger.balance(ledger.held(worker.ref), "USD") == collector
    assert ledger.balance(ledger.FEE, "USD") == platform
    assert ledger.balance(ledger.wallet(scene.case.org_id), "USD") == FLOAT - collector - platform
    assert ledger.balance(ledger.recovered(scene.case.ref), "USD") == 10_030
    assert Accrual.objects.filter(payment=payment).exists() == (amounts != NOTHING)
    assert not any(faults().values())
    return payment


def test_v01_paid_before_the_first_contact():
    scene = Scene()
    scene.first_claim(touched=day(4))
    payment = expect(scene, day(1, 23, 59), "A1", None, NOTHING, reported_at=day(6))
    assert payment.is_late_report


def test_v02_paid_after_a_call_under_a_live_claim():
    scene = Scene()
    claim = scene.first_claim(touched=day(4))
    expect(scene, day(5), "A3", claim, EARNS)


def test_v03_never_touched_is_house():
    scene = Scene()
    scene.first_claim()
    expect(scene, day(5), "A5", None, HOUSE)


def test_v04_reported_twenty_days_late_keeps_the_fee():
    scene = Scene()
    claim = scene.first_claim(touched=day(10), ended=day(17))
    payment = expect(scene, day(12), "A3", claim, EARNS, reported_at=day(1, month=4))
    assert payment.is_late_report


def test_v05_tail_of_the_last_touch():
    scene = Scene()
    claim = scene.first_claim(touched=day(10), ended=day(17))
    expect(scene, day(8, month=4), "A4", claim, EARNS)


def test_v06_the_tail_has_run_out():
    scene = Scene()
    scene.first_claim(touched=day(10), ended=day(17))
    expect(scene, day(10, 0, 1, month=4), "A5", None, HOUSE)


def test_v07_the_live_claim_with_a_touch_earns():
    scene = Scene()
    scene.first_claim(touched=day(16), ended=day(17))
    claim = scene.second_claim(touched=day(19))
    expect(scene, day(20), "A3", claim, EARNS)


def test_v08_a_promise_stays_with_who_obtained_it():
    scene = Scene()
    claim = scene.first_claim(touched=day(16))
    scene.promise(claim, date(2027, 3, 25), day(16))
    scene.release(claim, day(17))
    scene.second_claim(touched=day(19))
    expect(scene, day(24), "A2", claim, EARNS)
    assert Promise.objects.get().state == market.KEPT


def test_v09_a_broken_promise_gives_nothing():
    scene = Scene()
    first = scene.first_claim(touched=day(16))
    scene.promise(first, date(2027, 3, 20), day(16))
    scene.release(first, day(17))
    claim = scene.second_claim(touched=day(30))
    promises.sweep_due(at=day(24))
    assert Promise.objects.get().state == market.BROKEN
    expect(scene, day(31), "A3", claim, EARNS)


@pytest.mark.parametrize(("paid_at", "rule"), [(day(28, 23, 59, 59), "A2"), (day(29, 0), "A4")])
def test_v10_the_last_second_of_grace(paid_at, rule):
    scene = Scene()
    claim = scene.first_claim(touched=day(16))
    scene.promise(claim, date(2027, 3, 25), day(16))
    scene.release(claim, day(17))
    expect(scene, paid_at, rule, claim, EARNS)


def test_v11_a_voided_claim_earns_nobody_anything():
    scene = Scene()
    claim = scene.first_claim(touched=day(4))
    end_claim(claim=claim, event="revoke_conduct", reason="abuse", actor="user:1", at=day(6))
    expect(scene, day(5), "A6", None, NOTHING, reported_at=day(7))


def test_v12_an_untouched_live_claim_does_not_displace_the_tail():
    scene = Scene()
    claim = scene.first_claim(touched=day(16), ended=day(17))
    scene.second_claim()
    expect(scene, day(21), "A4", claim, EARNS)


def test_v13_a_pending_recall_leaves_the_claim_live():
    scene = Scene()
    claim = scene.first_claim(touched=day(10))
    recall_case(case=scene.case, kind="normal", reason="back in house", actor="user:1", at=day(12))
    expect(scene, day(15), "A3", claim, EARNS)


def test_v14_an_instalment_long_after_the_claim_is_house():
    scene = Scene()
    claim = scene.first_claim(touched=day(16))
    due = day(17) + timedelta(days=105)
    promise = Promise.objects.create(
        ref="PR-14", case=scene.case, claim=claim, amount_minor=10_030, currency="USD", due_date=due.date(),
        channel="call", plan_ref="PL-1", made_at=day(16), made_by=scene.c1.actor,
    )  # fmt: skip
    PromiseChange.objects.create(promise=promise, state=market.ACTIVE, at=day(16), actor=scene.c1.actor)
    scene.release(claim, day(17))
    expect(scene, due, "A5", None, HOUSE)


def test_v15_no_contact_was_ever_made():
    scene = Scene(noticed=False)
    scene.first_claim()
    expect(scene, day(5), "A1", None, NOTHING)
