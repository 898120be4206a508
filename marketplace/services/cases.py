"""The steps of a case's life. Listing and pausing live in services.listings and are offered here as well."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from core.events import Entry, record, record_many
from marketplace import states
from marketplace.errors import WrongState
from marketplace.models import Case, Claim, Promise
from marketplace.services.claims import finish
from marketplace.services.listings import (
    list_case,
    pause_task,
    pause_tasks,
    relist,
    resume_task,
    resume_tasks,
    retire_tasks,
)
from marketplace.services.locks import lock_case, lock_case_and_holders
from marketplace.services.promises import change_promise

__all__ = [
    "arrange",
    "arrangement_broken",
    "close_case",
    "finish_clearing",
    "list_case",
    "mark_many_noticed",
    "mark_noticed",
    "pause_task",
    "pause_tasks",
    "resume_task",
    "resume_tasks",
    "reverse_clearing",
    "start_clearing",
]

_DONE_EVENTS = frozenset({"cleared", "plan_completed"})


def _move(case: Case, target: str, *, name: str, actor: str, at: datetime, data: dict[str, object]) -> None:
    """Move a locked case and record it. Raises WrongState for a move the state table does not have."""
    if not states.CASE.allows(case.state, target):
        raise WrongState(state=case.get_state_display())
    before, case.state = case.state, target
    case.save(update_fields=["state", "closed_at", "close_code"])
    record(
        name=name, stream=case.stream, actor=actor, at=at, creditor_id=case.org_id, data={"from": before, **data}
    )  # fmt: skip


def _is_held(case: Case) -> bool:
    return case.claims.filter(state__in=states.LIVE_CLAIM).exists()


def mark_noticed(*, case: Case, at: datetime, notice_ref: str = "", actor: str = "system") -> Case:
    """READY to NOTICED: the validation notice has been sent. Raises WrongState."""
    with transaction.atomic():
        locked = lock_case(case.pk)
        _move(locked, states.NOTICED, name="case.noticed", actor=actor, at=at, data={"notice": notice_ref})
    return locked


def mark_many_noticed(*, notices: Sequence[tuple[Case, str]], at: datetime, actor: str = "system") -> None:
    """Like mark_noticed for a few hundred locked cases, each with its notice. Raises WrongState for all of them."""
    with transaction.atomic():
        waiting = Case.objects.filter(pk__in=[case.pk for case, _ref in notices], state=states.READY)
        if waiting.update(state=states.NOTICED) != len(notices):
            raise WrongState(state=states.NOTICED)
        entries = [Entry(case.stream, {"from": states.READY, "notice": ref}, case.org_id) for case, ref in notices]
        record_many(entries, name="case.noticed", actor=actor, at=at)


def close_case(*, case: Case, code: str, event: str, actor: str, at: datetime) -> Case:
    """Close a case by `event` (withdraw, listing_expires, recall_final, stop, cleared) with a close code.

    Ends its live claims and takes its tasks off. Its promises are cancelled, except on a recall, where they go on
    covering what the debtor pays. Raises WrongState when the event does not lead from this state to the end.
    """
    with transaction.atomic():
        locked = lock_case_and_holders(case.pk)
        if locked.state not in states.CASE.sources(event):
            raise WrongState(state=locked.get_state_display())
        locked.closed_at, locked.close_code = at, code
        _move(locked, states.CLOSED, name="case.closed", actor=actor, at=at, data={"code": code, "event": event})
        retire_tasks(locked, states.DONE if event in _DONE_EVENTS else states.WITHDRAWN)
        is_recall = code == "RCL"
        for claim in _live_claims(locked):
            ending = "recall" if is_recall else "case_closed"
            finish(claim, case=locked, event=ending, reason=ending, actor=actor, at=at)
        if not is_recall:
            _cancel_promises(locked, actor=actor, at=at)
        locked.recalls.filter(cancelled_at=None, finished_at=None).update(finished_at=at)
    return locked


def _live_claims(case: Case) -> list[Claim]:
    rows = Claim.objects.select_for_update(of=("self",)).filter(case=case, state__in=states.LIVE_CLAIM)
    return list(rows.select_related("collector").order_by("pk"))


def _cancel_promises(case: Case, *, actor: str, at: datetime) -> None:
    for promise in Promise.objects.filter(case=case, state__in=[states.ACTIVE, states.SUSPENDED]).order_by("pk"):
        change_promise(promise=promise, event="cancel", actor=actor, at=at)


def start_clearing(*, case: Case, actor: str, at: datetime) -> Case:
    """The whole balance (or the agreed settlement) has been paid and waits to clear. Raises WrongState.

    A live claim stays; a listing nobody holds leaves the board.
    """
    with transaction.atomic():
        locked = lock_case(case.pk)
        _move(locked, states.CLEARING, name="case.clearing", actor=actor, at=at, data={})
        if not _is_held(locked):
            retire_tasks(locked, states.WITHDRAWN)
        locked.recalls.filter(cancelled_at=None, finished_at=None).update(finished_at=at)
    return locked


def finish_clearing(*, case: Case, at: datetime, code: str = "PIF", actor: str = "system") -> Case:
    """The money has cleared: close the case as paid (PIF) or settled (SIF). Raises WrongState."""
    return close_case(case=case, code=code, event="cleared", actor=actor, at=at)


def reverse_clearing(*, case: Case, at: datetime, actor: str = "system") -> Case:
    """The money came back: a CLEARING case returns to its holder or to the board, a CLOSED one to the board.

    A case that was never listed returns to LISTED without a task, until it is listed. Raises WrongState.
    """
    with transaction.atomic():
        locked = lock_case(case.pk)
        was = locked.state
        held = was == states.CLEARING and _is_held(locked)
        if was not in (states.CLEARING, states.CLOSED):
            raise WrongState(state=locked.get_state_display())
        locked.closed_at, locked.close_code = None, ""
        target = states.WORKING if held else states.LISTED
        _move(locked, target, name="case.reopened", actor=actor, at=at, data={"held": held})
        if not held:
            relist(locked, actor=actor, at=at)
    return locked


def arrange(*, case: Case, actor: str, at: datetime) -> Case:
    """WORKING to ARRANGED: a plan has been agreed. Raises WrongState."""
    with transaction.atomic():
        locked = lock_case(case.pk)
        _move(locked, states.ARRANGED, name="case.arranged", actor=actor, at=at, data={})
    return locked


def arrangement_broken(*, case: Case, at: datetime, actor: str = "system") -> Case:
    """The plan is broken: back to the holder, or to the board when nobody holds the case. Raises WrongState."""
    with transaction.atomic():
        locked = lock_case(case.pk)
        if locked.state != states.ARRANGED:
            raise WrongState(state=locked.get_state_display())
        held = _is_held(locked)
        target = states.WORKING if held else states.LISTED
        _move(locked, target, name="case.arrangement_broken", actor=actor, at=at, data={"held": held})
        if not held:
            relist(locked, actor=actor, at=at)
    return locked
