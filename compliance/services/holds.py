"""Holds: opening and lifting the overlays that stop contact, and what else stands still meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from compliance.errors import HoldClosed
from compliance.models import Hold
from compliance.models.hold import REASONS
from core.errors import NotFound
from core.events import record
from marketplace import states
from marketplace.models import Case, Person, Promise, Task
from marketplace.services.listings import pause_tasks, resume_tasks
from marketplace.services.promises import change_promise

# These concern the person on every case of every creditor (domain.md, section 3).
PERSON_WIDE = frozenset({"DECEASED", "BANKRUPT", "VULNERABLE", "CEASE"})
_WORDS = dict(REASONS)


def open_hold(
    *, reason: str, actor: str, at: datetime, case: Case | None = None, person: Person | None = None,
    detail: dict[str, Any] | None = None, from_at: datetime | None = None, to_at: datetime | None = None,
    evidence: str = "",
) -> Hold:  # fmt: skip
    """Stop contact on a case, or with a person for a reason that goes with the person.

    Args: reason one of the hold reasons; from_at may lie in the past (earlier attempts stay, they were made before we
    knew); detail the facts of the reason. Open tasks pause and active promises are suspended in the same transaction.
    Raises NotFound for an unknown reason or without a case or person. Holds stack: a second one is another row.
    """
    if reason not in _WORDS or (case is None and person is None):
        raise NotFound()
    with transaction.atomic():
        owner = person or Person.objects.get(debtors__cases=case)
        Person.objects.select_for_update(no_key=True).get(pk=owner.pk)
        wide = reason in PERSON_WIDE or case is None
        hold = Hold.objects.create(
            scope=Hold.Scope.PERSON if wide else Hold.Scope.CASE, case=None if wide else case, person=owner,
            reason=reason, detail=detail or {}, from_at=from_at or at, to_at=to_at, opened_by=actor, opened_at=at,
            evidence=evidence,
        )  # fmt: skip
        for touched in _cases_of(hold):
            record(
                name="hold.opened", stream=touched.stream, actor=actor, at=at, creditor_id=touched.org_id,
                data={"hold": hold.pk, "reason": reason, "scope": hold.scope, "from": hold.from_at},
            )  # fmt: skip
            _suspend(touched, actor=actor, at=at)
    return hold


def close_hold(*, hold: Hold, actor: str, at: datetime, reason: str) -> None:
    """Lift one hold; others keep standing, and work goes on when none is left. Raises HoldClosed if it was lifted."""
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(pk=hold.person_id)
        waiting = Hold.objects.filter(pk=hold.pk, closed_at__isnull=True)
        if not waiting.update(closed_at=at, closed_by=actor, close_reason=reason):
            raise HoldClosed()
        for touched in _cases_of(hold):
            record(
                name="hold.closed", stream=touched.stream, actor=actor, at=at, creditor_id=touched.org_id,
                data={"hold": hold.pk, "reason": hold.reason},
            )  # fmt: skip
            if not standing(touched, at=at).exists():
                _resume(touched, actor=actor, at=at)


def standing(case: Case, *, at: datetime) -> Any:
    """The holds that cover the case at `at`, the person's included."""
    person_id = Case.objects.values_list("debtor__person_id", flat=True).get(pk=case.pk)
    covering = Hold.objects.filter(from_at__lte=at, closed_at__isnull=True).exclude(to_at__lte=at)
    return covering.filter(Q(case=case) | Q(scope=Hold.Scope.PERSON, person=person_id)).order_by("pk")


def _cases_of(hold: Hold) -> list[Case]:
    rows = Case.objects.exclude(state=states.CLOSED).order_by("pk")
    if hold.scope == Hold.Scope.CASE and hold.case_id is not None:
        return list(rows.filter(pk=hold.case_id))
    return list(rows.filter(debtor__person_id=hold.person_id))


def _suspend(case: Case, *, actor: str, at: datetime) -> None:
    pause_tasks(tasks=Task.objects.filter(case=case), reason=Task.Pause.HOLD, actor=actor, at=at)
    for promise in Promise.objects.filter(case=case, state=states.ACTIVE):
        change_promise(promise=promise, event="hold_opened", actor="system", at=at)


def _resume(case: Case, *, actor: str, at: datetime) -> None:
    resume_tasks(tasks=Task.objects.filter(case=case), reason=Task.Pause.HOLD, actor=actor, at=at)
    for promise in Promise.objects.filter(case=case, state=states.SUSPENDED):
        change_promise(promise=promise, event="hold_lifted", actor="system", at=at)
