"""Putting work on the board, pausing it, and taking it off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import QuerySet, Value

from core.events import Entry, record, record_many
from core.ids import new_ref
from marketplace import states
from marketplace.bands import band_of
from marketplace.errors import WrongState
from marketplace.models import Case, Task
from marketplace.places import region_key, region_name
from marketplace.services.locks import lock_case

_CHUNK = 200
_LIVE = (states.OPEN, states.PAUSED, states.CLAIMED)


def board_words(case: Case, ref: str) -> SearchVector:
    """What free text finds a task by: only what the board shows."""
    debtor, debt = case.debtor, case.debt
    words = (
        ref, debt.product, debtor.city, debtor.region, region_name(debtor.country, debtor.region), debtor.language,
        case.org.name,
    )  # fmt: skip
    return SearchVector(Value(" ".join(word for word in words if word)), config="simple")


@dataclass(frozen=True, slots=True)
class Listing:
    """A case to be listed: the proofs that a listing needs, and the collector's part of what is recovered."""

    case: Case
    notice_ref: str
    funding_ref: str
    rate_bps: int


def list_case(
    *, case: Case, notice_ref: str, funding_ref: str, rate_bps: int, at: datetime, actor: str = "system"
) -> Task:
    """Put a NOTICED case on the board (or a LISTED one that has lost its task) and return the open task.

    `notice_ref` and `funding_ref` prove what a listing needs; `rate_bps` is the collector's part of recovered
    principal and interest. Raises WrongState.
    """
    tasks = list_many(listings=[Listing(case, notice_ref, funding_ref, rate_bps)], at=at, actor=actor)
    if not tasks:
        raise WrongState(state=Case.objects.get(pk=case.pk).get_state_display())
    return tasks[0]


def list_many(*, listings: Sequence[Listing], at: datetime, actor: str = "system") -> list[Task]:
    """Put a few hundred cases on the board at once; a case that cannot be listed by now is passed over."""
    with transaction.atomic():
        cases = _listable([listing.case.pk for listing in listings])
        Case.objects.filter(pk__in=cases).update(state=states.LISTED, not_listed_reason="")
        rows = [
            _new_task(
                cases[one.case.pk], notice_ref=one.notice_ref, funding_ref=one.funding_ref, rate_bps=one.rate_bps, at=at
            )
            for one in listings
            if one.case.pk in cases
        ]  # fmt: skip
        tasks = Task.objects.bulk_create(rows)
        _listed(tasks, actor=actor, at=at)
    return tasks


def _listable(pks: list[int]) -> dict[int, Case]:
    rows = Case.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=pks)
    rows = rows.select_related("debtor", "debt", "org").order_by("pk")
    cases = {case.pk: case for case in rows if case.state in (states.NOTICED, states.LISTED)}
    live = Task.objects.filter(case__in=cases, state__in=_LIVE).values_list("case_id", flat=True)
    return {pk: case for pk, case in cases.items() if pk not in set(live)}


def _new_task(case: Case, *, notice_ref: str, funding_ref: str, rate_bps: int, at: datetime) -> Task:
    debtor, debt, ref = case.debtor, case.debt, new_ref("T")
    return Task(
        ref=ref, case=case, notice_ref=notice_ref, funding_ref=funding_ref, country=debtor.country,
        region=debtor.region, area=debtor.city or debtor.region, currency=debt.currency,
        amount_band=band_of(debt.balance_minor, debt.currency), delinquency_date=debt.delinquency_date,
        language=debtor.language, product=debt.product, rate_bps=rate_bps, listed_at=at,
        board_text=board_words(case, ref),
    )  # fmt: skip


def _listed(tasks: list[Task], *, actor: str, at: datetime) -> None:
    entries = []
    for task in tasks:
        data = {"task": task.ref, "rate_bps": task.rate_bps, "region": region_key(task.country, task.region)}
        entries.append(Entry(task.case.stream, data, task.case.org_id))
    record_many(entries, name="case.listed", actor=actor, at=at)


def relist(case: Case, *, actor: str, at: datetime) -> Task | None:
    """Open a new task for a locked LISTED case on the proofs of its last one; None when it never had one."""
    last = case.tasks.order_by("-pk").first()
    if last is None:
        return None
    task = _new_task(
        case, notice_ref=last.notice_ref, funding_ref=last.funding_ref, rate_bps=last.rate_bps, at=at
    )  # fmt: skip
    task.save(force_insert=True)
    _listed([task], actor=actor, at=at)
    return task


def retire_tasks(case: Case, target: str) -> None:
    """Take every live task of a locked case off: DONE or WITHDRAWN."""
    live = case.tasks.filter(state__in=_LIVE)
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
    pks = list(tasks.order_by("case_id").values_list("pk", flat=True))
    return sum(
        _move_chunk(pks[start : start + _CHUNK], reason=reason, actor=actor, at=at, pause=pause)
        for start in range(0, len(pks), _CHUNK)
    )


def _move_chunk(pks: list[int], *, reason: str, actor: str, at: datetime, pause: bool) -> int:
    source, target = (states.OPEN, states.PAUSED) if pause else (states.PAUSED, states.OPEN)
    with transaction.atomic():
        tasks = [task for task in _locked(pks) if task.state == source]
        moved = Task.objects.filter(pk__in=[task.pk for task in tasks])
        moved.update(state=target, pause_reason=reason if pause else "")
        entries: dict[str, Entry] = {}
        for task in tasks:  # one event a case, however many kinds of work it offers
            data = {"task": task.ref, "reason": reason}
            entries.setdefault(task.case.stream, Entry(task.case.stream, data, task.case.org_id))
        record_many(entries.values(), name="case.paused" if pause else "case.resumed", actor=actor, at=at)
    return len(tasks)


def _locked(pks: list[int]) -> Iterable[Task]:
    cases = Case.objects.select_for_update(no_key=True).filter(tasks__pk__in=pks).order_by("pk")
    list(cases.values_list("pk"))
    return Task.objects.filter(pk__in=pks).select_related("case").order_by("case_id")
