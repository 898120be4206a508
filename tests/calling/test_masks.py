"""Masks: one debtor's number never shows the same mask for two claims until it has rested."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from calling.errors import NoMask
from calling.models import MaskNumber, MaskSlot
from calling.services.masks import QUARANTINE, ensure_masks, lease_mask, quarantine_masks
from core.crypto import keyed_hash
from core.events import run_pending
from marketplace.services.claims import end_claim
from tests.calling.kit import MASKS, ready, threaded
from tests.factories import START, make_org

KEY = keyed_hash("+12125550101", purpose="mask")


def lease(claim, key=KEY, area="303", at=START):
    return lease_mask(debtor_key=key, area=area, claim=claim, org=claim.case.org, at=at)


@pytest.mark.django_db
def test_ensure_masks_is_safe_to_repeat():
    first = ensure_masks(e164s=MASKS)
    assert [mask.pk for mask in ensure_masks(e164s=MASKS)] == [mask.pk for mask in first]
    assert {mask.area for mask in first} == {"303"}


@pytest.mark.django_db
def test_a_claim_keeps_its_mask():
    claim = ready()
    assert lease(claim) == lease(claim)
    assert MaskSlot.objects.count() == 1


@pytest.mark.django_db
def test_the_debtors_area_comes_first_then_the_creditors_own_then_the_longest_unused():
    claim = ready()
    near = ensure_masks(e164s=["+14155550150"])[0]
    own = ensure_masks(e164s=["+13035550160"], creditor=claim.case.org)[0]
    foreign = ensure_masks(e164s=["+14155550151"], creditor=make_org())[0]
    assert lease(claim, area="415") == near
    assert lease(claim, keyed_hash("another", purpose="mask")) == own
    assert foreign.last_used_at is None
    MaskNumber.objects.exclude(e164__in=MASKS[:2]).update(status="retired")
    MaskNumber.objects.filter(e164=MASKS[0]).update(last_used_at=START)
    assert lease(claim, keyed_hash("third", purpose="mask")).e164 == MASKS[1]


@pytest.mark.django_db
def test_quarantined_mask_never_reaches_new_collector():
    claim, new = ready(), ready()
    MaskNumber.objects.exclude(e164=MASKS[0]).update(status="retired")
    mask = lease(claim)
    with pytest.raises(NoMask):
        lease(new)
    end_claim(claim=claim, event="release", reason="no_time", actor=claim.collector.actor, at=START)
    run_pending()
    assert MaskSlot.objects.get().free_at == START + QUARANTINE
    with pytest.raises(NoMask):
        lease(new, at=START + QUARANTINE - timedelta(seconds=1))
    assert lease(new, at=START + QUARANTINE) == mask
    assert MaskSlot.objects.get().claim_ref == new.ref


@pytest.mark.django_db
def test_resting_twice_keeps_the_first_end():
    claim = ready()
    lease(claim)
    assert quarantine_masks(claim_ref=claim.ref, at=START) == 1
    assert quarantine_masks(claim_ref=claim.ref, at=START + timedelta(days=5)) == 0


@pytest.mark.django_db
def test_a_full_mask_is_left_out():
    claim = ready()
    MaskNumber.objects.update(daily_cap=0)
    with pytest.raises(NoMask):
        lease(claim)


def test_mask_unique_per_debtor_until_free_with_threads(real_db):
    claims = [ready() for _turn in range(len(MASKS))]
    got, gate = [], threading.Barrier(len(claims))

    def take(claim):
        gate.wait(10)
        got.append(lease(claim).pk)

    threads = [threading.Thread(target=threaded(lambda c=c: take(c))) for c in claims]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(got)) == len(claims)
    with pytest.raises(NoMask):
        lease(ready())
