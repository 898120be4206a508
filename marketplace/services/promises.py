"""Promises to pay: made, moved, kept, broken. Every state is stamped in PromiseChange, which attribution reads."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from core.errors import BadInput
from core.events import record
from core.ids import new_ref
from marketplace import states
from marketplace.errors import AmountAboveBalance, ClaimEnded, PromiseStands, WrongState
from marketplace.local import end_of_day, local_day
from marketplace.models import Case, Claim, Promise, PromiseChange
from marketplace.services.claims import extend_lease
from marketplace.services.locks import lock_case

GRACE_DAYS = 3
MAX_DAYS_AHEAD = 90
VERIFY_DAYS = 14

_EVENT_NAMES = {
    "funds_cleared": "promise.kept",
    "due_plus_grace": "promise.broken",
    "verify_timeout": "promise.broken",
    "hold_opened": "promise.suspended",
    "hold_lifted": "promise.resumed",
    "cancel": "promise.cancelled",
    "no_confirm": "promise.cancelled",
    "reschedule": "promise.rescheduled",
}
_OPEN_FOR_PROMISES = (states.LISTED, states.WORKING, states.ARRANGED, states.RECALL_PENDING)


def make_promise(
    *, case: Case, claim: Claim | None, amount_minor: int, due_date: date, channel: str, actor: str, at: datetime,
    replaces: Promise | None = None, plan_ref: str = "",
) -> Promise:  # fmt: skip
    """Keep a promise of `amount_minor` by the debtor's local day `due_date`; it is ACTIVE at once.

    `replaces` is the active promise whose date is moved: it becomes RESCHEDULED. The claim's lease reaches the end of
    due + 3 days. Raises BadInput (amount, due_date), AmountAboveBalance, ClaimEnded, WrongState, PromiseStands.
    """
    with transaction.atomic():
        locked = lock_case(case.pk)
        _check(locked, claim, amount_minor=amount_minor, due_date=due_date, at=at)
        if replaces is not None:
            if replaces.case_id != locked.pk:
                raise WrongState(state=replaces.get_state_display())
            change_promise(promise=replaces, event="reschedule", actor=actor, at=at)
        promise = _insert(
            Promise(
                ref=new_ref("PR"), case=locked, claim=claim, amount_minor=amount_minor, currency=locked.debt.currency,
                due_date=due_date, channel=channel, replaces=replaces, plan_ref=plan_ref, made_at=at, made_by=actor,
            )
        )  # fmt: skip
        PromiseChange.objects.create(promise=promise, state=promise.state, at=at, actor=actor)
        if claim is not None:
            extend_lease(claim=claim, until=end_of_day(locked.debtor, due_date + timedelta(days=GRACE_DAYS)))
            Claim.objects.filter(pk=claim.pk).update(first_action_due_at=None)
        data = {"promise": promise.ref, "amount_minor": amount_minor, "currency": promise.currency, "due": due_date}
        _tell(promise, "promise.made", actor=actor, at=at, data={**data, "channel": channel})
    return promise


def _check(case: Case, claim: Claim | None, *, amount_minor: int, due_date: date, at: datetime) -> None:
    if case.state not in _OPEN_FOR_PROMISES:
        raise WrongState(state=case.get_state_display())
    if claim is not None and not Claim.objects.filter(pk=claim.pk, case=case, state__in=states.LIVE_CLAIM).exists():
        raise ClaimEnded()
    if amount_minor <= 0:
        raise BadInput(field="amount", reason=_("Enter the amount they promised, more than zero."))
    if amount_minor > case.debt.balance_minor:
        raise AmountAboveBalance()
    today = local_day(case.debtor, at)
    if not today <= due_date <= today + timedelta(days=MAX_DAYS_AHEAD):
        raise BadInput(field="due_date", reason=_("Choose a day from today to 90 days ahead."))


def _insert(promise: Promise) -> Promise:
    try:
        with transaction.atomic():
            promise.save(force_insert=True)
    except IntegrityError:
        raise PromiseStands() from None
    return promise


def _tell(promise: Promise, name: str, *, actor: str, at: datetime, data: dict[str, object]) -> None:
    case = promise.case
    record(name=name, stream=case.stream, actor=actor, at=at, creditor_id=case.org_id, data=data)


def change_promise(*, promise: Promise, event: str, actor: str, at: datetime) -> Promise:
    """Move a promise by an event of states.PROMISE and stamp the new state.

    A suspended promise whose case got another active one meanwhile is cancelled instead of lifted, so that lifting a
    hold never fails. Raises WrongState when the event does not fit the state it has by now.
    """
    with transaction.atomic():
        locked = Promise.objects.select_for_update(of=("self",)).select_related("case").get(pk=promise.pk)
        if event == "hold_lifted" and _has_other(locked):
            event = "cancel"
        fits = [m for m in states.PROMISE.moves if m.event == event and m.source == locked.state]
        if not fits:
            raise WrongState(state=locked.get_state_display())
        locked.state = fits[0].target
        locked.save(update_fields=["state"])
        PromiseChange.objects.create(promise=locked, state=locked.state, at=at, actor=actor)
        if event in _EVENT_NAMES:
            _tell(locked, _EVENT_NAMES[event], actor=actor, at=at, data={"promise": locked.ref})
    promise.state = locked.state
    return locked


def _has_other(promise: Promise) -> bool:
    others = Promise.objects.filter(case_id=promise.case_id, state=states.ACTIVE, plan_ref="")
    return not promise.plan_ref and others.exclude(pk=promise.pk).exists()


def suspended_days(promise: Promise) -> int:
    """Local days for which the promise stood suspended; they move its deadline."""
    days, since = 0, None
    for change in promise.changes.all():
        if change.state == states.SUSPENDED:
            since = local_day(promise.case.debtor, change.at)
        elif since is not None:
            days, since = days + (local_day(promise.case.debtor, change.at) - since).days, None
    return days


def deadline(promise: Promise) -> datetime:
    """The end of the local day due + 3, moved by suspensions; for a payment under check 14 days later."""
    days = GRACE_DAYS + suspended_days(promise)
    if promise.state == states.VERIFYING:
        days += VERIFY_DAYS
    return end_of_day(promise.case.debtor, promise.due_date + timedelta(days=days))


def sweep_due(*, at: datetime) -> list[Promise]:
    """Mark the promises whose grace is over as BROKEN; returns them. Each in its own transaction."""
    broken = []
    for promise in _candidates(at):
        if deadline(promise) > at:
            continue
        event = "verify_timeout" if promise.state == states.VERIFYING else "due_plus_grace"
        try:
            broken.append(change_promise(promise=promise, event=event, actor="system", at=at))
        except WrongState:  # kept, moved or suspended since it was read
            continue
    return broken


def _candidates(at: datetime) -> Iterable[Promise]:
    latest = at.date() - timedelta(days=GRACE_DAYS)
    rows = Promise.objects.filter(state__in=[states.ACTIVE, states.VERIFYING], due_date__lte=latest)
    return rows.select_related("case__debtor").prefetch_related("changes").order_by("due_date", "pk")
