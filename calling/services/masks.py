"""The platform's own numbers, shown to each side in place of the other's.

A mask belongs to one debtor's number for the life of a claim and 90 days longer, so that a person who calls back late
never reaches a new collector. The primary key of the slot decides who gets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case as When
from django.db.models import Count, F, IntegerField, Q, Value
from django.db.models import When as Is

from accounts.models import CreditorOrg
from calling.errors import NoMask
from calling.models import MaskNumber, MaskSlot
from marketplace.models import Claim

QUARANTINE = timedelta(days=90)
LOAD_OF = timedelta(days=1)


def ensure_masks(
    *, e164s: Iterable[str], country: str = "US", provider: str = "twilio", creditor: CreditorOrg | None = None,
    daily_cap: int = 200,
) -> list[MaskNumber]:  # fmt: skip
    """Have these numbers in the pool, adding those that are missing; safe to repeat.

    Args: e164s in international form; daily_cap the calls a day one mask may carry. Returns the rows in that order.
    """
    with transaction.atomic():
        found = []
        for e164 in e164s:
            defaults = {
                "country": country, "area": area_of(e164), "provider": provider, "creditor": creditor,
                "daily_cap": daily_cap,
            }  # fmt: skip
            found.append(MaskNumber.objects.get_or_create(e164=e164, defaults=defaults)[0])
        return found


def area_of(e164: str) -> str:
    """The area code of a North American number, otherwise nothing: only there do people judge a call by it."""
    return e164[2:5] if e164.startswith("+1") and len(e164) == 12 else ""


def lease_mask(*, debtor_key: bytes, area: str, claim: Claim, org: CreditorOrg, at: datetime) -> MaskNumber:
    """The mask of this claim for the debtor's number: the one it has, else a free one.

    Args: debtor_key the keyed hash of the debtor's number; area its area code. Raises NoMask when every mask of the
    pool is leased, in quarantine for this number, or at its daily cap.
    """
    with transaction.atomic():
        held = MaskSlot.objects.filter(debtor_key=debtor_key, claim_ref=claim.ref, free_at__isnull=True)
        slot = held.select_related("mask").first()
        mask = slot.mask if slot else _take(debtor_key, area=area, claim=claim, org=org, at=at)
        MaskNumber.objects.filter(pk=mask.pk).update(last_used_at=at)
        return mask


def _take(debtor_key: bytes, *, area: str, claim: Claim, org: CreditorOrg, at: datetime) -> MaskNumber:
    for mask in _candidates(area=area, org=org, at=at):
        if _occupy(mask, debtor_key, claim=claim, at=at):
            return mask
    raise NoMask()


def _candidates(*, area: str, org: CreditorOrg, at: datetime) -> Iterator[MaskNumber]:
    """Best first: the debtor's area, the creditor's own, the least busy today, the longest unused."""
    today = Count("calls", filter=Q(calls__requested_at__gt=at - LOAD_OF))
    rows = MaskNumber.objects.filter(Q(creditor=org) | Q(creditor__isnull=True), status=MaskNumber.Status.READY)
    rows = rows.annotate(
        near=When(Is(area=area, then=Value(0)), default=Value(1), output_field=IntegerField()),
        own=When(Is(creditor=org, then=Value(0)), default=Value(1), output_field=IntegerField()),
        load=today,
    ).filter(load__lt=F("daily_cap"))
    yield from rows.order_by("near", "own", "load", F("last_used_at").asc(nulls_first=True), "pk")


def _occupy(mask: MaskNumber, debtor_key: bytes, *, claim: Claim, at: datetime) -> bool:
    """Take the slot of (number, mask) if nobody has it: a slot out of quarantine is taken over, else inserted."""
    over = MaskSlot.objects.filter(debtor_key=debtor_key, mask=mask, free_at__lte=at)
    if over.update(claim_ref=claim.ref, leased_at=at, free_at=None):
        return True
    try:
        with transaction.atomic():
            MaskSlot.objects.create(debtor_key=debtor_key, mask=mask, claim_ref=claim.ref, leased_at=at)
    except IntegrityError:
        return False
    return True


def quarantine_masks(*, claim_ref: str, at: datetime) -> int:
    """The claim has ended: its masks rest for 90 days before anybody gets them for the same number."""
    with transaction.atomic():
        leased = MaskSlot.objects.filter(claim_ref=claim_ref, free_at__isnull=True)
        return leased.update(free_at=at + QUARANTINE)
