"""The ledger's only door: accounts by their name's family, and one INSERT per entry.

Amounts are integer minor units, debit positive. The trigger of payments/ledger_sql.py checks and applies an entry;
this module names the accounts, makes a key happen once and turns the database's refusals into sentences.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from payments.errors import EntryRefused, EntryReversed, KeyReused, Overdrawn
from payments.models import Balance, JournalEntry

Line = tuple[str, int]
DEBIT, CREDIT = 1, -1

PSP_PENDING, PSP_AVAILABLE = "A.psp.pending", "A.psp.available"
FEE, VAT, WITHHELD, PSP_FEES = "R.fee", "L.tax.vat", "L.tax.withheld", "X.psp"
MEMO_CONTRA = "M.contra"


@dataclass(frozen=True, slots=True)
class Family:
    """Accounts that begin with one prefix: the side they grow on, and whether they may never cross zero."""

    prefix: str
    normal: int
    has_floor: bool = True
    book: str = "cash"


FAMILIES = (
    Family("L.suspense", CREDIT, has_floor=False),
    Family("A.", DEBIT),
    Family("L.", CREDIT),
    Family("R.", CREDIT, has_floor=False),
    Family("X.", DEBIT, has_floor=False),
    Family("T.fx.", DEBIT, has_floor=False),
    Family("E.adjust", DEBIT, has_floor=False),
    Family("M.", DEBIT, has_floor=False, book="memo"),
)


def wallet(org_id: int) -> str:
    """A creditor's prepayment for services."""
    return f"L.wallet.{org_id}"


def receivable(org_id: int) -> str:
    """What a creditor owes for commission that its wallet did not cover."""
    return f"A.recv.creditor.{org_id}"


def accrued(collector_ref: str) -> str:
    """A collector's part of commission that the creditor has not paid yet."""
    return f"L.accrued.{collector_ref}"


def held(collector_ref: str) -> str:
    """A collector's part inside its holdback."""
    return f"L.held.{collector_ref}"


def ready(collector_ref: str) -> str:
    """A collector's part that may be paid out."""
    return f"L.ready.{collector_ref}"


def owed_back(collector_ref: str) -> str:
    """What a collector was paid for money that was taken back later."""
    return f"A.recv.collector.{collector_ref}"


def transit(payout_ref: str) -> str:
    """A payout on its way."""
    return f"L.transit.{payout_ref}"


def recovered(case_ref: str) -> str:
    """What the debtor paid the creditor: a memo, never our money."""
    return f"M.recovered.{case_ref}"


def family(name: str) -> Family:
    """The family of an account name. Raises ValueError for a name outside the chart."""
    for item in FAMILIES:
        if name.startswith(item.prefix):
            return item
    raise ValueError(f"{name} is not in the chart of accounts")


def ensure_accounts(names: Iterable[str], currency: str) -> None:
    """Create the accounts that do not exist yet, with zero, their family's side and its floor."""
    wanted = set(names)
    known = set(Balance.objects.filter(name__in=wanted, currency=currency).values_list("name", flat=True))
    rows = []
    for name in sorted(wanted - known):
        kin = family(name)
        rows.append(Balance(name=name, currency=currency, book=kin.book, normal=kin.normal, floor_zero=kin.has_floor))
    if rows:
        Balance.objects.bulk_create(rows, ignore_conflicts=True)


def balance(name: str, currency: str) -> int:
    """Minor units on the account's normal side (a liability of 5.00 is 500); zero for an account not yet used."""
    row = Balance.objects.filter(name=name, currency=currency).values_list("amount", "normal").first()
    return row[0] * row[1] if row else 0


def locked_balance(name: str, currency: str) -> int:
    """As `balance`, with the account locked until the transaction ends, so that the answer stays true."""
    ensure_accounts([name], currency)
    row = Balance.objects.select_for_update().get(name=name, currency=currency)
    return row.amount * row.normal


def request_hash(kind: str, book: str, currency: str, lines: Sequence[Line]) -> bytes:
    """What two posts under one key must share."""
    return hashlib.sha256(json.dumps([kind, book, currency, sorted(lines)]).encode()).digest()


def _merged(lines: Iterable[Line]) -> list[Line]:
    sums: dict[str, int] = {}
    for name, minor in lines:
        if type(minor) is not int:
            raise TypeError("ledger amounts are whole minor units")
        sums[name] = sums.get(name, 0) + minor
    return [(name, minor) for name, minor in sums.items() if minor]


def post(
    *, key: str, kind: str, at: datetime, lines: Iterable[Line], currency: str, book: str = "cash",
    case_ref: str = "", claim_ref: str = "", reverses: JournalEntry | None = None,
) -> JournalEntry:  # fmt: skip
    """Post one balanced entry under `key`, once: the same key with the same lines returns the first entry.

    Args: kind is the number of the posting rule; lines are (account, minor units, debit positive), zeros are left
    out. Accounts come into being on first use. Raises KeyReused (other lines under the key), Overdrawn (an account
    with a floor would cross zero), EntryRefused (fewer than two lines, unbalanced, wrong book).
    """
    clean = _merged(lines)
    digest = request_hash(kind, book, currency, clean)
    earlier = JournalEntry.objects.filter(key=key).first()
    if earlier is not None:
        return _same(earlier, digest)
    ensure_accounts([name for name, _minor in clean], currency)
    body = [{"account": name, "currency": currency, "amount": minor} for name, minor in clean]
    try:
        with transaction.atomic():
            return JournalEntry.objects.create(
                key=key, kind=kind, book=book, at=at, lines=body, request_hash=digest, case_ref=case_ref,
                claim_ref=claim_ref, reverses=reverses,
            )  # fmt: skip
    except IntegrityError as error:
        earlier = JournalEntry.objects.filter(key=key).first()
        if earlier is not None:
            return _same(earlier, digest)
        raise _refusal(error, key) from error


def _same(entry: JournalEntry, digest: bytes) -> JournalEntry:
    if bytes(entry.request_hash) != digest:
        raise KeyReused(key=entry.key)
    return entry


def _refusal(error: IntegrityError, key: str) -> Overdrawn | EntryRefused | EntryReversed:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if constraint == "balance_not_overdrawn":
        return Overdrawn()
    return EntryReversed() if "reverses" in constraint else EntryRefused(key=key)


def reverse_entry(*, entry: JournalEntry, key: str, at: datetime) -> JournalEntry:
    """Take an entry back by its mirror image; rows never change. Raises EntryReversed when done before."""
    lines = [(line["account"], -line["amount"]) for line in entry.lines]
    return post(
        key=key, kind="30", at=at, lines=lines, currency=entry.lines[0]["currency"], book=entry.book,
        case_ref=entry.case_ref, claim_ref=entry.claim_ref, reverses=entry,
    )  # fmt: skip
