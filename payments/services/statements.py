"""The debtor's own word that he has paid: it freezes the debt until the creditor confirms it or says why not."""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction
from django.utils.translation import gettext as _

from compliance import states as dispute_states
from compliance.models import Dispute
from compliance.notice_words import money
from compliance.services.disputes import answer_dispute, open_dispute
from core.errors import BadInput
from core.events import record
from core.ids import new_ref
from marketplace.models import Case, Promise
from marketplace.services.promises import change_promise
from marketplace.states import ACTIVE
from payments import states
from payments.errors import StatedAboveBalance, StatedTogether, StatementAnswered
from payments.models import PaidStatement, Payment
from payments.models.payment import INSTRUMENTS
from payments.selectors.facts import local_zone
from payments.selectors.wallet import waiting_statements
from payments.services.locks import lock_for_money
from payments.services.reporting import report_payment

_KNOWN = {code for code, _label in INSTRUMENTS}


def state_paid(
    *, case: Case, amount_minor: int, paid_on: date, instrument: str, text: str, at: datetime
) -> PaidStatement:
    """Keep what the debtor says he paid, and open the dispute that stops contact until the creditor has answered.

    Statement, dispute, hold and the promise under check are one transaction. The same words twice are one statement
    while it waits; further ones stand beside it, and together they say no more than is due. Raises BadInput,
    StatedAboveBalance, StatedTogether.
    """
    if amount_minor <= 0:
        raise BadInput(field="amount", reason=_("Write how much you paid."))
    if instrument not in _KNOWN:
        raise BadInput(field="instrument", reason=_("Choose how you paid."))
    if paid_on > at.astimezone(local_zone(case)).date():
        raise BadInput(field="paid_on", reason=_("The day lies in the future. Write the day you paid."))
    with transaction.atomic():
        locked = lock_for_money(case.pk, with_person=True)
        waiting = waiting_statements(case=locked)
        twin = next((one for one in waiting if (one.amount_minor, one.paid_on) == (amount_minor, paid_on)), None)
        if twin is not None:
            return twin
        _check_sum(locked, amount_minor, said_minor=sum(one.amount_minor for one in waiting))
        for promise in Promise.objects.filter(case=locked, state=ACTIVE):
            change_promise(promise=promise, event="debtor_says_paid", actor="debtor", at=at)
        dispute = open_dispute(
            case=locked, parts=[], text=text, channel="portal", actor="debtor", at=at, kind="already_paid"
        )
        statement = PaidStatement.objects.create(
            ref=new_ref("S"), case=locked, amount_minor=amount_minor, currency=locked.debt.currency, paid_on=paid_on,
            instrument=instrument, text=text, dispute_ref=dispute.ref, said_at=at,
        )  # fmt: skip
        record(
            name="paid.stated", stream=locked.stream, actor="debtor", at=at, creditor_id=locked.org_id,
            data={"statement": statement.ref, "amount_minor": amount_minor, "currency": statement.currency},
        )  # fmt: skip
    return statement


def _check_sum(case: Case, amount_minor: int, *, said_minor: int) -> None:
    due_minor, currency = case.debt.balance_minor, case.debt.currency
    if said_minor + amount_minor <= due_minor:
        return
    due = money(due_minor, currency)
    if said_minor:
        raise StatedTogether(due=due, said=money(said_minor, currency))
    raise StatedAboveBalance(due=due)


def _locked(statement: PaidStatement) -> PaidStatement:
    lock_for_money(statement.case_id, with_person=True)
    row = PaidStatement.objects.select_for_update(of=("self",)).select_related("case__debtor", "case__debt")
    found = row.get(pk=statement.pk)
    if found.state != states.STATEMENT_OPEN:
        raise StatementAnswered
    return found


def _answer(statement: PaidStatement, outcome: str, text: str, *, actor: str, at: datetime) -> None:
    """Close the statement's dispute, which lifts its hold, unless another statement still waits under it."""
    waiting = PaidStatement.objects.filter(dispute_ref=statement.dispute_ref, state=states.STATEMENT_OPEN)
    if waiting.exists():
        return
    dispute = Dispute.objects.filter(ref=statement.dispute_ref, answered_at__isnull=True).first()
    if dispute is not None:
        answer_dispute(dispute=dispute, outcome=outcome, text=text, actor=actor, at=at)


def confirm_statement(
    *, statement: PaidStatement, external_ref: str, actor: str, at: datetime, amount_minor: int | None = None
) -> Payment:
    """The creditor found the money: the statement becomes a payment made at noon of the day the debtor named.

    `amount_minor` is what arrived when it differs. Raises StatementAnswered and whatever report_payment raises.
    """
    with transaction.atomic():
        row = _locked(statement)
        initiated = datetime.combine(row.paid_on, time(12), local_zone(row.case))
        payment = report_payment(
            case=row.case, amount_minor=amount_minor or row.amount_minor, currency=row.currency,
            initiated_at=min(initiated, row.said_at), instrument=row.instrument, external_ref=external_ref,
            actor=actor, at=at,
        )  # fmt: skip
        row.state, row.payment, row.answered_at = states.STATEMENT_CONFIRMED, payment, at
        row.save(update_fields=["state", "payment", "answered_at"])
        _answer(row, dispute_states.CORRECTED, _("The creditor has received your payment."), actor=actor, at=at)
    return payment


def reject_statement(*, statement: PaidStatement, text: str, actor: str, at: datetime) -> PaidStatement:
    """The creditor has not received it and says so to the debtor. Raises BadInput without words, StatementAnswered."""
    if not text.strip():
        raise BadInput(field="text", reason=_("Write what you looked for, so that the debtor can answer."))
    with transaction.atomic():
        row = _locked(statement)
        row.state, row.answered_at, row.answer_text = states.STATEMENT_REJECTED, at, text
        row.save(update_fields=["state", "answered_at", "answer_text"])
        _answer(row, dispute_states.VALIDATED, text, actor=actor, at=at)
    return row
