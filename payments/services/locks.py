"""Locks of a booking, in the one order: collectors, person, case; ledger accounts come last, inside the entry."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Collector
from marketplace.models import Case, Claim, Person
from marketplace.services.locks import lock_case, lock_collectors

_TURNS = 5


class _Missed(Exception):
    """A claim was taken between reading who worked the debt and locking them."""


def _workers(case_id: int) -> set[int]:
    return set(Claim.objects.filter(case__debt__cases__pk=case_id).values_list("collector_id", flat=True))


def lock_for_money(case_id: int, *, with_person: bool = False) -> Case:
    """Lock everybody who ever claimed the debt, the debtor's person where holds will move, then the case.

    Raises NotFound. Needs a transaction.
    """
    for _turn in range(_TURNS):
        try:
            with transaction.atomic():
                workers = _workers(case_id)
                lock_collectors(workers)
                if with_person:
                    list(Person.objects.select_for_update(no_key=True).filter(debtors__cases=case_id).values_list("pk"))
                case = lock_case(case_id)
                if not _workers(case_id) <= workers:
                    raise _Missed
                return case
        except _Missed:
            continue
    raise RuntimeError("the debt's claims changed too often to be locked")


def lock_collector(collector_id: int) -> Collector:
    """Lock one collector; whatever moves his money waits for it."""
    return Collector.objects.select_for_update(no_key=True, of=("self",)).get(pk=collector_id)
