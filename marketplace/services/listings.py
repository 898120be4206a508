"""Putting work on the board, pausing it, and taking it off."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import QuerySet, Value

from core.events import record
from core.ids import new_ref
from marketplace import states
from marketplace.bands import band_of
from marketplace.errors import WrongState
from marketplace.models import Case, Task
from marketplace.places import region_key, region_name
from marketplace.services.locks import lock_case

_CHUNK = 200


def board_words(case: Case, ref: str) -> SearchVector:
    """What free text finds a task by: only what the board shows."""
    debtor, debt = case.debtor, case.debt
    words = (
        ref, debt.product, debtor.city, debtor.region, region_name(debtor.country, debtor.region), debtor.language,
        case.org.name,
    )  # fmt: skip
    return SearchVector(Value(" ".join(word for word in words if word)), config="simple")


def list_case(
    *, case: Case, notice_ref: str, funding_ref: str, rate_bps: int, at: datetime, actor: str = "system"
) -> Task:
    """Put a NOTICED case on the board (or a LISTED one that has lost its task) and return the open task.

    `notice_ref` and `funding_ref` prove what a listing needs; `rate_bps` is the collector's part of recovered
    principal and interest. Raises WrongState.
    """
    with transaction.atomic():
        locked = lock_case(case.pk)
        live = locked.tasks.filter(state__in=[states.OPEN, states.PAUSED, states.CLAIMED]).exists()
        if locked.state not in (states.NOTICED, states.LISTED) or live:
            raise WrongState(state=locked.get_state_display())
        Case.objects.filter(pk=locked.pk).update(state=states.LISTED, not_listed_reason="")
        task = _open_task(locked, notice_ref=notice_ref, funding_ref=funding_ref, rate_bps=rate_bps, at=at)
        _listed(locked, task, actor=actor, at=at)
    return task


def _open_task(case: Case, *, notice_ref: str, funding_ref: str, rate_bps: int, at: datetime) -> Task:
    debtor, debt, ref = case.debtor, case.debt, new_ref("T")
    return Task.objects.create(
        ref=ref, case=case, notice_ref=notice_ref, funding_ref=funding_ref, country=debtor.country,
        region=debtor.region, area=debtor.city or debtor.region, currency=debt.currency,
        amount_band=band_of(debt.balance_minor, debt.currency), delinquency_date=debt.delinquency_date,
        language=debtor.language, product=debt.product, rate_bps=rate_bps, listed_at=at,
        board_text=board_words(case, ref),
    )  # fmt: skip


def _listed(case: Case, task: Task, *, actor: str, at: datetime) -> None:
    record(
        name="case.listed", stream=case.stream, actor=actor, at=at, creditor_id=case.org_id,
        data={"task": task.ref, "rate_bps": task.rate_bps, "region": region_key(task.country, task.region)},
    )  # fmt: skip


def relist(case: Case, *, actor: str, at: datetime) -> Task | None:
    """Open a new task for a locked LISTED case on the proofs of its last one; None when it never had one."""
    last = case.tasks.order_by("-pk").first()
    if last is None:
        return None
    task = _open_task(
        case, notice_ref=last.notice_ref, funding_ref=last.funding_ref, rate_bps=last.rate_bps, at=at
    )  # fmt: skip
    _listed(case, task, actor=actor, at=at)
    return task


def retire_tasks(case: Case, target: str) -> None:
    """Take every live task of a locked case off: DONE or WITHDRAWN."""
    live = case.tasks.filter(state__in=[states.OPEN, states.PAUSED, states.CLAIMED])
    live.update(state=target, pause_reason="")


def pause_task(*, task: Task, reason: str, actor: str, at: datetime) -> Task:
    """Take an open task off the board for a reason of Task.Pause. Raises WrongState when it is not open."""
    with transaction.atomic():
        case = lock_case(task.case_id)
        if not Task.objects.filter(pk=task.pk, state=states.OPEN).update(state=states.PAUSED, pause_reason=reason):
            raise WrongState(state=Task.objects.get(pk=task.pk).get_state_display())
        _changed(case, task.ref, "case.paused", reason=reason, actor=actor, at=at)
    task.refresh_from_db()
    return task


def resume_task(*, task: Task, actor: str, at: datetime) -> Task:
    """Put a paused task back on the board. Raises WrongState when it is not paused."""
    with transaction.atomic():
        case = lock_case(task.case_id)
        reason = Task.objects.get(pk=task.pk).pause_reason
        if not Task.objects.filter(pk=task.pk, state=states.PAUSED).update(state=states.OPEN, pause_reason=""):
            raise WrongState(state=Task.objects.get(pk=task.pk).get_state_display())
        _changed(case, task.ref, "case.resumed", reason=reason, actor=actor, at=at)
    task.refresh_from_db()
    return task


def _changed(case: Case, ref: str, name: str, *, reason: str, actor: str, at: datetime) -> None:
    data = {"task": ref, "reason": reason}
    record(name=name, stream=case.stream, actor=actor, at=at, creditor_id=case.org_id, data=data)


def pause_tasks(*, tasks: QuerySet[Task], reason: str, actor: str, at: datetime) -> int:
    """Pause those of `tasks` that are open; returns how many.

    In transactions of 200, because each case's stream takes a lock of the server's limited table.
    """
    return _move_many(tasks.filter(state=states.OPEN), reason=reason, actor=actor, at=at, pause=True)


def resume_tasks(*, tasks: QuerySet[Task], reason: str, actor: str, at: datetime) -> int:
    """Resume those of `tasks` that were paused for `reason`; returns how many. Other pauses stay."""
    paused = tasks.filter(state=states.PAUSED, pause_reason=reason)
    return _move_many(paused, reason=reason, actor=actor, at=at, pause=False)


def _move_many(tasks: QuerySet[Task], *, reason: str, actor: str, at: datetime, pause: bool) -> int:
    moved = 0
    source, target = (states.OPEN, states.PAUSED) if pause else (states.PAUSED, states.OPEN)
    pks = list(tasks.order_by("case_id").values_list("pk", flat=True))
    for start in range(0, len(pks), _CHUNK):
        with transaction.atomic():
            for task in _locked(pks[start : start + _CHUNK]):
                still = Task.objects.filter(pk=task.pk, state=source)
                if still.update(state=target, pause_reason=reason if pause else ""):
                    name = "case.paused" if pause else "case.resumed"
                    _changed(task.case, task.ref, name, reason=reason, actor=actor, at=at)
                    moved += 1
    return moved


def _locked(pks: list[int]) -> Iterable[Task]:
    cases = Case.objects.select_for_update(no_key=True).filter(tasks__pk__in=pks).order_by("pk")
    list(cases.values_list("pk"))
    return Task.objects.filter(pk__in=pks).select_related("case").order_by("case_id")
