"""Disputes: the debtor says it is wrong, contact stops at once, and the creditor has to answer or let it go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from compliance import states
from compliance.models import Dispute, Hold, ValidationNotice
from compliance.services.holds import close_hold, open_hold
from core.errors import BadInput, DomainError
from core.events import record
from core.ids import new_ref
from marketplace import states as market
from marketplace.local import local_day
from marketplace.models import Case, Person
from marketplace.services.cases import close_case

OPEN_STATES = (states.OPEN, states.AWAITING_CREDITOR)
PARTS = ("principal", "interest", "fees")
# Ways by which a dispute reaches us in writing (12 CFR 1006.38; a portal is writing where we offer it).
WRITTEN = frozenset({"portal", "letter", "email"})
_OUTCOMES = {"VALIDATED": states.VALIDATED, "CORRECTED": states.CORRECTED, "NOT_OWED": states.CLOSED_NOT_OWED}


class DisputeAnswered(DomainError):
    code = "dispute_answered"
    sentence = _("This dispute was answered already. Reload the page to see how.")


class CaseIsClosed(DomainError):
    code = "case_closed"
    sentence = _("This case is closed, so there is nothing left to dispute. Nobody will contact you about it.")


def open_dispute(
    *, case: Case, parts: Sequence[str], text: str, channel: str, actor: str, at: datetime, kind: str = "dispute",
    is_stolen: bool = False,
) -> Dispute:  # fmt: skip
    """Take a dispute and stop contact on the debt, in one transaction, before anybody answers.

    Args: parts of PARTS, empty for the whole debt; channel "portal", "letter", "email" or "call"; kind "dispute",
    "orig_creditor" or "already_paid"; is_stolen when somebody used the person's identity, which opens a second hold
    that the creditor's answer does not lift. A second one of a kind while the first is open returns the first, with
    whatever is new in it added (a double tap adds nothing).
    Raises BadInput for an unknown part, CaseIsClosed.
    """
    if not set(parts) <= set(PARTS):
        raise BadInput(field="parts", reason=_("Tick the parts that are wrong, or none of them for all of it."))
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True).get(debtors__cases=case)
        fresh = Case.objects.select_related("programme", "debtor").get(pk=case.pk)
        standing = Dispute.objects.filter(case=fresh, kind=kind, state__in=OPEN_STATES).first()
        if is_stolen and fresh.state != market.CLOSED:
            _freeze_identity(fresh, actor=actor, at=at)
        if standing:
            return _add_to(standing, parts, text, channel=channel, actor=actor, at=at)
        if fresh.state == market.CLOSED:
            raise CaseIsClosed()
        today = local_day(fresh.debtor, at)
        hold = open_hold(reason="DISPUTE", case=fresh, detail={"kind": kind}, actor=actor, at=at)
        dispute = Dispute.objects.create(
            ref=new_ref("D"), case=fresh, kind=kind, parts=list(parts), text=text.strip(), channel=channel, hold=hold,
            is_written=channel in WRITTEN, is_in_period=_is_in_period(fresh, today),
            received_at=at, answer_due_date=today + timedelta(days=fresh.programme.dispute_answer_days),
        )  # fmt: skip
        record(
            name="dispute.opened", stream=fresh.stream, actor=actor, at=at, creditor_id=fresh.org_id,
            data={"dispute": dispute.ref, "kind": kind, "parts": list(parts), "answer_due": dispute.answer_due_date},
        )  # fmt: skip
        Dispute.objects.filter(pk=dispute.pk).update(state=states.AWAITING_CREDITOR)
        dispute.state = states.AWAITING_CREDITOR
    return dispute


def _is_in_period(case: Case, today: date) -> bool:
    notice = ValidationNotice.objects.filter(case=case).first()
    return notice is None or today <= notice.period_ends_on


def _freeze_identity(case: Case, *, actor: str, at: datetime) -> None:
    if not Hold.objects.filter(case=case, reason="ID_THEFT", closed_at__isnull=True).exists():
        open_hold(reason="ID_THEFT", case=case, actor=actor, at=at)


def _add_to(
    row: Dispute, parts: Sequence[str], text: str, *, channel: str, actor: str, at: datetime
) -> Dispute:  # fmt: skip
    """Take up what a further word adds: more parts, more text, and that it is in writing now. Nothing is taken away."""
    before = (row.parts, row.text, row.is_written, row.is_in_period)
    row.parts = [part for part in PARTS if part in {*row.parts, *parts}] if row.parts and parts else []
    if text.strip() not in row.text:
        row.text = f"{row.text}\n{text.strip()}".strip()
    if channel in WRITTEN and not row.is_written:
        row.is_written, row.is_in_period = True, _is_in_period(row.case, local_day(row.case.debtor, at))
    if (row.parts, row.text, row.is_written, row.is_in_period) != before:
        row.save(update_fields=["parts", "text", "is_written", "is_in_period"])
        record(
            name="dispute.added_to", stream=row.case.stream, actor=actor, at=at, creditor_id=row.case.org_id,
            data={"dispute": row.ref, "parts": row.parts, "written": row.is_written},
        )  # fmt: skip
    return row


def answer_dispute(*, dispute: Dispute, outcome: str, text: str, actor: str, at: datetime) -> Dispute:
    """The creditor's answer: "VALIDATED" (verification was sent), "CORRECTED" or "NOT_OWED" (which closes the case).

    The dispute's hold is lifted with it. Raises BadInput for an unknown outcome or without a text, DisputeAnswered.
    """
    if outcome not in _OUTCOMES:
        raise BadInput(field="outcome", reason=_("Choose one of the three answers."))
    if not text.strip():
        raise BadInput(field="text", reason=_("Write what you checked and what you found: the debtor reads it."))
    with transaction.atomic():
        locked = _locked(dispute)
        verified = at if outcome in ("VALIDATED", "CORRECTED") else None
        _close(locked, _OUTCOMES[outcome], text=text, actor=actor, at=at, verified=verified)
    return locked


def time_out(*, dispute: Dispute, at: datetime) -> Dispute:
    """A dispute that nobody answered in time: the debt counts as not owed here, and the case closes."""
    with transaction.atomic():
        locked = _locked(dispute)
        _close(locked, states.CLOSED_NOT_OWED, text="", actor="system", at=at, verified=None)
    return locked


def sweep_unanswered(*, at: datetime) -> int:
    """Close what is past its day without an answer; returns how many."""
    done = 0
    overdue = Dispute.objects.filter(state=states.AWAITING_CREDITOR, answer_due_date__lte=at.date())
    for dispute in overdue.select_related("case__debtor").order_by("pk"):
        if local_day(dispute.case.debtor, at) > dispute.answer_due_date:
            try:
                time_out(dispute=dispute, at=at)
            except DisputeAnswered:
                continue
            done += 1
    return done


def _locked(dispute: Dispute) -> Dispute:
    Person.objects.select_for_update(no_key=True).get(debtors__cases=dispute.case_id)
    rows = Dispute.objects.select_for_update(of=("self",)).select_related("case", "hold")
    found = rows.get(pk=dispute.pk)
    if found.state not in OPEN_STATES:
        raise DisputeAnswered()
    return found


def _close(dispute: Dispute, state: str, *, text: str, actor: str, at: datetime, verified: datetime | None) -> None:
    dispute.state, dispute.answered_at, dispute.answered_by = state, at, actor
    dispute.answer_text, dispute.verification_sent_at = text.strip(), verified
    dispute.save(update_fields=["state", "answered_at", "answered_by", "answer_text", "verification_sent_at"])
    record(
        name="dispute.answered", stream=dispute.case.stream, actor=actor, at=at, creditor_id=dispute.case.org_id,
        data={"dispute": dispute.ref, "outcome": state},
    )  # fmt: skip
    if dispute.hold and Hold.objects.filter(pk=dispute.hold.pk, closed_at__isnull=True).exists():
        close_hold(hold=dispute.hold, actor=actor, at=at, reason=f"dispute {dispute.ref} answered")
    if state == states.CLOSED_NOT_OWED:
        _close_case(dispute.case, actor=actor, at=at)


def _close_case(case: Case, *, actor: str, at: datetime) -> None:
    fresh = Case.objects.get(pk=case.pk)
    if fresh.state != market.CLOSED:
        close_case(case=fresh, code="DIS", event="stop", actor=actor, at=at)
