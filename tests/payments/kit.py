"""Shorthand for money tests: a funded creditor, a worked claim, touches, and the ledger as a dict."""

from __future__ import annotations

from datetime import datetime, timedelta

from compliance.models import AttemptOutcome, ContactAttempt, Permit
from payments import ledger
from payments.models import Balance
from payments.services.reporting import report_payment
from payments.services.topups import start_topup
from payments.services.webhooks import deliver_simulated
from tests.factories import START, make_claim, make_collector, make_notice, number


def deliver(at):
    """Every webhook the simulated processor owes, received and handled."""
    return deliver_simulated(at=at)


def top_up(org, minor, at=START):
    topup = start_topup(org=org, amount_minor=minor, currency="USD", actor="user:1", at=at)
    deliver(at)
    topup.refresh_from_db()
    return topup


def touch(case, collector, at: datetime, *, answered_by="right_party", outcome="answered", conversation=True):
    """A call that reached the right party."""
    permit = Permit.objects.create(
        ref=f"G-{number()}", case=case, person=case.debtor.person, channel="call", actor=collector.actor, at=at,
        redeemed_at=at, expires_at=at + timedelta(minutes=5), facts={}, packs=[],
    )  # fmt: skip
    attempt = ContactAttempt.objects.create(
        permit=permit, case=case, person=case.debtor.person, channel="call", at=at,
        debt_refs=[f"debt:{case.debt_id}"], collector_ref=collector.ref,
    )  # fmt: skip
    AttemptOutcome.objects.create(
        attempt=attempt, at=at, outcome=outcome, answered_by=answered_by, is_conversation=conversation, source="call"
    )
    return attempt


def worked_claim(wallet=100_000, collector=None, case=None, **extra):
    """The worked example's claim: noticed, claimed, touched an hour later, its creditor's float funded."""
    claim = make_claim(case=case, collector=collector or make_collector(), **extra)
    make_notice(claim.case)
    touch(claim.case, claim.collector, claim.accepted_at + timedelta(hours=1))
    if wallet:
        top_up(claim.case.org, wallet)
    return claim


def pay(case, minor, at, *, instrument="transfer", ref="", initiated_at=None):
    return report_payment(
        case=case, amount_minor=minor, currency="USD", initiated_at=initiated_at or at, instrument=instrument,
        external_ref=ref or f"EX-{number()}", actor="user:1", at=at,
    )  # fmt: skip


def books(claim) -> dict[str, int]:
    """The accounts a claim's commission touches, on their normal side."""
    org, who = claim.case.org_id, claim.collector.ref
    names = {
        "wallet": ledger.wallet(org), "receivable": ledger.receivable(org), "fee": ledger.FEE,
        "accrued": ledger.accrued(who), "held": ledger.held(who), "ready": ledger.ready(who),
        "owed": ledger.owed_back(who),
    }  # fmt: skip
    return {short: ledger.balance(name, "USD") for short, name in names.items()}


def in_transit() -> int:
    return -sum(Balance.objects.filter(name__startswith="L.transit.").values_list("amount", flat=True))
