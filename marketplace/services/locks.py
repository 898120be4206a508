"""Taking a case's rows in the one lock order: collector, case, task, claim."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Collector
from core.errors import NotFound
from marketplace.models import Case, Claim
from marketplace.states import LIVE_CLAIM

_TURNS = 5


class _CollectorMissed(Exception):
    """A claim was taken between reading who holds the case and locking it."""


def lock_case(case_id: int) -> Case:
    """Lock one case, with its debtor, debt and programme read along. Needs a transaction. Raises NotFound."""
    rows = Case.objects.select_for_update(no_key=True, of=("self",))
    case = rows.select_related("debtor", "debt", "programme", "org").filter(pk=case_id).first()
    if case is None:
        raise NotFound()
    return case


def lock_case_and_holders(case_id: int) -> Case:
    """Lock the collectors with a live claim on the case, then the case.

    The collectors come first in the lock order but are known only from the claims, so when a claim slips in between,
    the locks are given back and taken again.
    """
    for _turn in range(_TURNS):
        try:
            with transaction.atomic():
                return _try_lock(case_id)
        except _CollectorMissed:
            continue
    raise RuntimeError("a case's holders changed too often to be locked")


def _holders(case_id: int) -> set[int]:
    return set(Claim.objects.filter(case_id=case_id, state__in=LIVE_CLAIM).values_list("collector_id", flat=True))


def _try_lock(case_id: int) -> Case:
    holders = _holders(case_id)
    lock_collectors(holders)
    case = lock_case(case_id)
    if not _holders(case_id) <= holders:
        raise _CollectorMissed()
    return case


def lock_collectors(ids: set[int]) -> None:
    """Lock collectors in the order of their keys."""
    list(Collector.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk"))
