"""Payments as the creditor reports them, and what is taken back. The money itself never enters the platform."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from compliance.notice_words import money
from core.errors import BadInput
from core.events import record
from core.ids import new_ref
from marketplace.models import Case, Claim
from marketplace.services import cases as case_moves
from marketplace.services import debts
from marketplace.states import CLEARING, CLOSED
from payments import ledger, states
from payments.attribution import HOUSE, attribute
from payments.errors import AboveBalance, NothingToReverse, PaymentReferenceUsed
from payments.models import Attribution, Payment, Reversal
from payments.models.payment import INSTRUMENTS
from payments.selectors.facts import as_json, attribution_facts
from payments.selectors.work import left_of
from payments.services.booking import book_reversal, drop_estimate, estimate
from payments.services.locks import lock_for_money

LATE_AFTER = timedelta(hours=72)
_KNOWN = {code for code, _label in INSTRUMENTS}


def _digest(*facts: object) -> bytes:
    return hashlib.sha256(json.dumps([str(fact) for fact in facts]).encode()).digest()


def clears_at(case: Case, *, instrument: str, initiated_at: datetime, reported_at: datetime) -> datetime:
    """When a payment counts: the programme's days for its instrument after it was made (an unknown one waits the
    longest), and never before it was reported."""
    days = case.programme.clearing_days
    wait = days.get(instrument, max(days.values(), default=0))
    return max(reported_at, initiated_at + timedelta(days=int(wait)))


def report_payment(
    *, case: Case, amount_minor: int, currency: str, initiated_at: datetime, instrument: str, external_ref: str,
    actor: str, at: datetime, route: str = Payment.Route.DIRECT,
) -> Payment:  # fmt: skip
    """Record a payment the debtor made to the creditor, decide whose it is (A1 to A6), and estimate the commission.

    Args: amount in minor units of `currency` (the debt's); `initiated_at` when the debtor paid, which alone decides
    attribution; `instrument` of INSTRUMENTS; `external_ref` the creditor's own reference, by which a repeated report
    returns the first payment. A report after 72 hours is accepted, marked late and loses no fee. Money is applied
    principal first and fees last; a debt paid in full moves its case to CLEARING.
    Raises BadInput, AboveBalance, PaymentReferenceUsed. The case's row lock decides between two equal reports.
    """
    _check(amount_minor, currency, initiated_at, instrument, external_ref, at, case)
    digest = _digest(amount_minor, currency, initiated_at.timestamp(), instrument, route)
    with transaction.atomic():
        locked = lock_for_money(case.pk)
        earlier = Payment.objects.filter(case=locked, external_ref=external_ref).first()
        if earlier is not None:
            if bytes(earlier.request_hash) != digest:
                raise PaymentReferenceUsed(reference=external_ref)
            return earlier
        locked.debt.refresh_from_db()
        if amount_minor > locked.debt.balance_minor:
            raise AboveBalance(due=money(locked.debt.balance_minor, currency))
        parts = debts.split_payment(locked.debt, amount_minor)
        payment = Payment.objects.create(
            ref=new_ref("Y"), case=locked, external_ref=external_ref, amount_minor=amount_minor, currency=currency,
            principal_minor=parts.principal, interest_minor=parts.interest, fees_minor=parts.fees,
            instrument=instrument, route=route, initiated_at=initiated_at, reported_at=at, reported_by=actor,
            is_late_report=at - initiated_at > LATE_AFTER, request_hash=digest,
            clears_at=clears_at(locked, instrument=instrument, initiated_at=initiated_at, reported_at=at),
        )  # fmt: skip
        attribution = _attribute(payment, locked, at=at)
        debts.apply_parts(debt=locked.debt, parts=parts)
        _memo(payment, amount_minor, key=f"recovery:{payment.ref}", at=at)
        estimate(attribution, at=at)
        _record("payment.reported", payment, actor=actor, at=at, rule=attribution.rule, is_late=payment.is_late_report)
        locked.debt.refresh_from_db()
        if not locked.debt.balance_minor and locked.state not in (CLOSED, CLEARING):
            case_moves.start_clearing(case=locked, actor=actor, at=at)
    return payment


def _check(
    amount_minor: int, currency: str, initiated_at: datetime, instrument: str, external_ref: str, at: datetime,
    case: Case,
) -> None:  # fmt: skip
    if type(amount_minor) is not int or amount_minor <= 0:
        raise BadInput(field="amount", reason=_("Write an amount above zero."))
    if currency != case.debt.currency:
        raise BadInput(field="currency", reason=_("This debt is in %s.") % case.debt.currency)
    if instrument not in _KNOWN:
        raise BadInput(field="instrument", reason=_("Choose how it was paid."))
    if not external_ref.strip() or len(external_ref) > 80:
        raise BadInput(field="external_ref", reason=_("Give the payment's own reference, at most 80 characters."))
    if initiated_at.tzinfo is None or initiated_at > at:
        raise BadInput(field="initiated_at", reason=_("The day of payment lies in the future. Write when it was paid."))


def _attribute(payment: Payment, case: Case, *, at: datetime) -> Attribution:
    facts = attribution_facts(case=case, initiated_at=payment.initiated_at, reported_at=at)
    decision = attribute(facts)
    kept: dict[str, Any] = as_json(facts) | {"touched_at": decision.touched_at and decision.touched_at.isoformat()}
    is_house = decision.claim == HOUSE
    if is_house:
        kept["house_terms"] = case.programme.terms
    claim = Claim.objects.get(pk=int(decision.claim)) if decision.claim and not is_house else None
    return Attribution.objects.create(
        payment=payment, rule=decision.rule, claim=claim, is_house=is_house, facts=kept, decided_at=at
    )


def _memo(payment: Payment, minor: int, *, key: str, at: datetime) -> None:
    ledger.post(
        key=key, kind="1", book="memo", at=at, currency=payment.currency, case_ref=payment.case.ref,
        lines=[(ledger.recovered(payment.case.ref), minor), (ledger.MEMO_CONTRA, -minor)],
    )  # fmt: skip


def _record(name: str, payment: Payment, *, actor: str, at: datetime, **more: object) -> None:
    case = payment.case
    data = {
        "payment": payment.ref, "amount_minor": payment.amount_minor, "currency": payment.currency,
        "instrument": payment.instrument, **more,
    }  # fmt: skip
    record(name=name, stream=case.stream, actor=actor, at=at, creditor_id=case.org_id, data=data)


def reverse_payment(
    *, payment: Payment, external_ref: str, reason: str, actor: str, at: datetime,
    parts: debts.Parts | None = None,
) -> Reversal:  # fmt: skip
    """Take a payment back, whole or the named parts of it: it bounced, was recalled or charged back.

    The commission follows by entry 16; whoever was paid already owes it (CLAWBACK_DUE). The debt grows again and a
    case that was clearing or closed as paid goes back. The same `external_ref` again returns the first reversal.
    Raises NothingToReverse (more than is left, or nothing is left), BadInput.
    """
    if not external_ref.strip() or len(external_ref) > 80:
        raise BadInput(field="external_ref", reason=_("Give the reversal's own reference, at most 80 characters."))
    with transaction.atomic():
        case = lock_for_money(payment.case_id)
        payment = Payment.objects.select_for_update(of=("self",)).select_related("case").get(pk=payment.pk)
        earlier = payment.reversals.filter(external_ref=external_ref).first()
        if earlier is not None:
            return _same_reversal(earlier, parts)
        left = left_of(payment)
        taken = (parts.principal, parts.interest, parts.fees) if parts else left
        if not any(taken) or any(part < 0 or part > rest for part, rest in zip(taken, left, strict=True)):
            raise NothingToReverse
        reversal = Reversal.objects.create(
            payment=payment, external_ref=external_ref, reason=reason[:40], principal_minor=taken[0],
            interest_minor=taken[1], fees_minor=taken[2], at=at, reported_by=actor,
        )  # fmt: skip
        debts.take_back(debt=case.debt, parts=debts.Parts(*taken))
        _memo(payment, -reversal.amount_minor, key=f"recovery:{payment.ref}:back:{external_ref}"[:120], at=at)
        if payment.cleared_at is None:
            drop_estimate(payment)
        else:
            book_reversal(reversal, at=at)
        if taken == left:
            Payment.objects.filter(pk=payment.pk).update(state=states.REVERSED)
        _record(
            "payment.reversed", payment, actor=actor, at=at, reversed_minor=reversal.amount_minor, reason=reason[:40]
        )
        _case_back(case, at=at)
    payment.refresh_from_db()
    return reversal


def _same_reversal(earlier: Reversal, parts: debts.Parts | None) -> Reversal:
    was = (earlier.principal_minor, earlier.interest_minor, earlier.fees_minor)
    if parts is not None and (parts.principal, parts.interest, parts.fees) != was:
        raise PaymentReferenceUsed(reference=earlier.external_ref)
    return earlier


def _case_back(case: Case, *, at: datetime) -> None:
    """Money that is owed again brings a case back that was clearing, or closed because it was paid."""
    is_closed_paid = case.state == CLOSED and case.close_code == "PIF"
    placed_again = Case.objects.filter(debt_id=case.debt_id).exclude(state=CLOSED).exclude(pk=case.pk).exists()
    if case.state == CLEARING or (is_closed_paid and not placed_again):
        case_moves.reverse_clearing(case=case, at=at)
