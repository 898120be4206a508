"""Taking a collector's part back when the debtor's money is taken back, and netting what he owes.

The sum of `open_minor` over lines in EARNED, HELD and PAYABLE is the collector's accrued, held and ready account;
over lines in CLAWBACK_DUE it is what he owes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from accounts.models import Collector
from payments import ledger, states
from payments.models import Accrual

_ORDER = {states.EARNED: 0, states.HELD: 1, states.FROZEN: 1, states.PAYABLE: 2}


@dataclass(frozen=True, slots=True)
class Taken:
    """Debit lines that take the amount back, and the part that the collector now owes."""

    lines: list[ledger.Line] = field(default_factory=list)
    owed: int = 0


def account_of(line: Accrual) -> str:
    """The account in which a line's open part sits."""
    assert line.collector is not None
    names = {states.EARNED: ledger.accrued, states.PAYABLE: ledger.ready}
    return names.get(line.state, ledger.held)(line.collector.ref)


def take_from_collector(collector: Collector | None, currency: str, minor: int, *, own: Accrual | None) -> Taken:
    """Take `minor` from the reversed line itself, then from the same claim's and all other lines that are not paid out
    (accrued, then held, then ready), and leave the rest owed. The caller holds the collector's lock.
    """
    if collector is None or minor <= 0:
        return Taken()
    lines: list[ledger.Line] = []
    open_lines = Accrual.objects.select_for_update(of=("self",)).select_related("collector").filter(
        collector=collector, currency=currency, open_minor__gt=0, state__in=_ORDER
    )  # fmt: skip
    claim_id = own.claim_id if own else None

    def rank(line: Accrual) -> tuple[bool, bool, int, int]:
        return (own is None or line.pk != own.pk, line.claim_id != claim_id, _ORDER[line.state], line.pk)

    for line in sorted(open_lines, key=rank):
        part = min(minor, line.open_minor)
        if part:
            Accrual.objects.filter(pk=line.pk).update(open_minor=line.open_minor - part)
            lines.append((account_of(line), part))
            minor -= part
    if minor:
        lines.append((ledger.owed_back(collector.ref), minor))
    return Taken(lines, owed=minor)


def settle_debt(collector: Collector, currency: str, minor: int) -> None:
    """Note that `minor` of what the collector owes was netted: oldest reversal first."""
    due = Accrual.objects.select_for_update().filter(
        collector=collector, currency=currency, state=states.CLAWBACK_DUE, kind=Accrual.Kind.REVERSAL
    )  # fmt: skip
    for line in due.order_by("pk"):
        part = min(minor, line.open_minor)
        left = line.open_minor - part
        state = states.CLAWBACK_DUE if left else states.RECOVERED
        Accrual.objects.filter(pk=line.pk).update(open_minor=left, state=state)
        minor -= part
        if not minor:
            return


def net_ready(collector: Collector, currency: str, *, at: datetime) -> int:
    """Entry 18: what a collector owes is taken from what is ready for him. Returns minor units netted."""
    owed = ledger.balance(ledger.owed_back(collector.ref), currency)
    lines = Accrual.objects.select_for_update().filter(
        collector=collector, currency=currency, state=states.PAYABLE, open_minor__gt=0
    )  # fmt: skip
    netted = 0
    for line in lines.order_by("pk"):
        part = min(owed - netted, line.open_minor)
        if part <= 0:
            break
        Accrual.objects.filter(pk=line.pk).update(open_minor=line.open_minor - part)
        ledger.post(
            key=f"net:{line.ref}:{at.isoformat()}", kind="18", at=at, currency=currency,
            lines=[(ledger.ready(collector.ref), part), (ledger.owed_back(collector.ref), -part)],
            case_ref=line.case.ref,
        )  # fmt: skip
        netted += part
    if netted:
        settle_debt(collector, currency, netted)
    return netted
