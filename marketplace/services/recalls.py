"""The creditor takes a case back. A normal recall leaves the claim seven local days, a compliance recall none."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.errors import BadInput
from core.events import record
from marketplace import states
from marketplace.errors import RecallStands, WrongState
from marketplace.local import end_of_day, local_day
from marketplace.models import Case, Recall
from marketplace.services.cases import close_case
from marketplace.services.listings import relist
from marketplace.services.locks import lock_case, lock_case_and_holders

NOTICE_DAYS = 7
_UNWORKED = (states.READY, states.NOTICED, states.LISTED)


def recall_case(*, case: Case, kind: str, reason: str, actor: str, at: datetime) -> Recall:
    """Recall a case. Nobody works it: it closes at once. Worked: a normal recall ends it after seven local days.

    A compliance recall closes it at once in any state. Raises BadInput without a reason, WrongState, RecallStands.
    """
    if kind not in Recall.Kind.values or not reason.strip():
        raise BadInput(field="reason", reason=_("Say why the case is recalled."))
    with transaction.atomic():
        locked = lock_case_and_holders(case.pk)
        at_once = kind == Recall.Kind.COMPLIANCE or locked.state in _UNWORKED
        today = local_day(locked.debtor, at)
        recall = _insert(
            Recall(
                case=locked, kind=kind, state_before=locked.state, reason=reason.strip()[:200], notice_at=at,
                final_date=today if at_once else today + timedelta(days=NOTICE_DAYS),
            )
        )  # fmt: skip
        if at_once:
            event = "stop" if kind == Recall.Kind.COMPLIANCE else "withdraw"
            _finish(locked, event=event, actor=actor, at=at)
        else:
            _notice(locked, recall, actor=actor, at=at)
    recall.refresh_from_db()
    return recall


def _insert(recall: Recall) -> Recall:
    try:
        with transaction.atomic():
            recall.save(force_insert=True)
    except IntegrityError:
        raise RecallStands() from None
    return recall


def _tell(case: Case, name: str, *, actor: str, at: datetime, data: dict[str, object]) -> None:
    record(name=name, stream=case.stream, actor=actor, at=at, creditor_id=case.org_id, data=data)


def _notice(case: Case, recall: Recall, *, actor: str, at: datetime) -> None:
    if case.state not in states.CASE.sources("recall_notice"):
        raise WrongState(state=case.get_state_display())
    Case.objects.filter(pk=case.pk).update(state=states.RECALL_PENDING)
    _tell(case, "case.recall_noticed", actor=actor, at=at, data={"final": recall.final_date})


def _finish(case: Case, *, event: str, actor: str, at: datetime) -> None:
    close_case(case=case, code="RCL", event=event, actor=actor, at=at)
    _tell(case, "case.recalled", actor=actor, at=at, data={"event": event})


def cancel_recall(*, recall: Recall, actor: str, at: datetime) -> Case:
    """Take back a recall that is not final: the case returns to the state before, or to the board when its claim has
    ended meanwhile. Raises WrongState."""
    with transaction.atomic():
        case = lock_case(recall.case_id)
        pending = Recall.objects.filter(pk=recall.pk, cancelled_at=None, finished_at=None)
        if case.state != states.RECALL_PENDING or not pending.update(cancelled_at=at):
            raise WrongState(state=case.get_state_display())
        Case.objects.filter(pk=case.pk).update(state=recall.state_before)
        _tell(case, "case.recall_cancelled", actor=actor, at=at, data={})
        case.refresh_from_db(fields=["state"])
        if case.state == states.WORKING and not case.claims.filter(state__in=states.LIVE_CLAIM).exists():
            _back_to_board(case, actor=actor, at=at)
    recall.refresh_from_db()
    return case


def _back_to_board(case: Case, *, actor: str, at: datetime) -> None:
    Case.objects.filter(pk=case.pk).update(state=states.LISTED)
    case.refresh_from_db(fields=["state"])
    relist(case, actor=actor, at=at)


def finish_due(*, at: datetime) -> list[Case]:
    """Close the cases whose seven local days are over; returns them. Each in its own transaction."""
    closed = []
    due = Recall.objects.filter(cancelled_at=None, finished_at=None, final_date__lte=at.date())
    for recall in due.select_related("case__debtor").order_by("pk"):
        if end_of_day(recall.case.debtor, recall.final_date) > at:
            continue
        try:
            with transaction.atomic():
                _finish(recall.case, event="recall_final", actor="system", at=at)
        except WrongState:  # paid, cancelled or stopped since it was read
            continue
        closed.append(recall.case)
    return closed
