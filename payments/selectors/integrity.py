"""Named integrity checks of the ledger; each returns sentences about what is wrong, none when all is well."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from payments import states
from payments.models import Accrual, Attribution
from payments.selectors.work import cleared_events, computed, work_of

Check = Callable[[], list[str]]


def _rows(sql: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def entries_balance() -> list[str]:
    """I1: every entry sums to zero per currency, and has two postings at least."""
    found = _rows(
        "SELECT e.key, p.currency, sum(p.amount) FROM payments_journalentry e LEFT JOIN payments_posting p"
        " ON p.entry_id = e.id GROUP BY e.id, p.currency HAVING coalesce(sum(p.amount), 1) <> 0 OR count(p.id) < 2"
    )
    return [f"entry {key} does not balance in {currency}" for key, currency, _sum in found]


def no_account_is_overdrawn() -> list[str]:
    """I2: no account with a floor is below zero on its normal side."""
    found = _rows("SELECT name, currency FROM payments_balance WHERE floor_zero AND normal * amount < 0")
    return [f"account {name} {currency} is overdrawn" for name, currency in found]


def balances_are_their_postings() -> list[str]:
    """I3: cached balances are the sums of postings, and each posting carries the running sum."""
    found = _rows(
        "SELECT b.name, b.currency FROM payments_balance b LEFT JOIN payments_posting p ON p.account_id = b.id"
        " GROUP BY b.id HAVING b.amount <> coalesce(sum(p.amount), 0)"
    )
    return [f"account {name} {currency} is not the sum of its postings" for name, currency in found]


def postings_are_their_entries() -> list[str]:
    """I4: postings say what their entry's lines say."""
    found = _rows(
        "SELECT e.key FROM payments_journalentry e CROSS JOIN LATERAL (SELECT l.account, l.currency, sum(l.amount) AS"
        " amount FROM jsonb_to_recordset(e.lines) AS l(account text, currency text, amount bigint) GROUP BY 1, 2) l"
        " LEFT JOIN payments_balance b ON b.name = l.account AND b.currency = l.currency"
        " LEFT JOIN payments_posting p ON p.entry_id = e.id AND p.account_id = b.id"
        " WHERE l.amount <> coalesce(p.amount, 0) GROUP BY e.key"
    )
    return [f"entry {key} was posted otherwise than it says" for (key,) in found]


def commission_is_its_terms() -> list[str]:
    """I5: what is booked for a claim is its terms applied to the cumulative base net of reversals."""
    wrong, seen = [], set()
    charged = Attribution.objects.exclude(rule__in=["A1", "A6"])
    for attribution in charged.select_related("claim__collector", "payment__case__debt"):
        work = work_of(attribution)
        if work is None or work.ref in seen:
            continue
        seen.add(work.ref)
        booked = work.lines().exclude(state=states.PENDING).values_list("fee_minor", "collector_minor")
        result = computed(work, cleared_events(work))
        owed = (result.cumulative.fee, result.cumulative.collector) if result else (0, 0)
        if (sum(fee for fee, _k in booked), sum(k for _fee, k in booked)) != owed:
            wrong.append(f"commission of {work.ref} is not its terms")
    return wrong


def lines_are_the_ledger() -> list[str]:
    """Open parts of commission lines add up to the collectors' accounts."""
    found = _rows(
        "WITH lines AS (SELECT CASE a.state WHEN 'EARNED' THEN 'L.accrued.' WHEN 'PAYABLE' THEN 'L.ready.'"
        " WHEN 'CLAWBACK_DUE' THEN 'A.recv.collector.' ELSE 'L.held.' END || c.ref AS name, a.currency,"
        " sum(a.open_minor) AS open FROM payments_accrual a JOIN accounts_collector c ON c.id = a.collector_id"
        " WHERE a.state IN ('EARNED', 'HELD', 'FROZEN', 'PAYABLE', 'CLAWBACK_DUE') GROUP BY 1, 2)"
        " SELECT coalesce(l.name, b.name) FROM lines l FULL JOIN (SELECT * FROM payments_balance WHERE name ~"
        " '^(L[.](accrued|held|ready)[.]|A[.]recv[.]collector[.])') b ON b.name = l.name AND b.currency = l.currency"
        " WHERE coalesce(l.open, 0) <> coalesce(b.normal * b.amount, 0)"
    )
    return [f"lines of {name} do not add up to the account" for (name,) in found]


def nobody_is_paid_while_owing() -> list[str]:
    """I9: nothing is ready for a collector who owes, and no payout of his was created while he did."""
    found = _rows(
        "SELECT r.name FROM payments_balance r JOIN payments_balance o ON o.currency = r.currency"
        " AND o.name = 'A.recv.collector.' || substr(r.name, 9) WHERE r.name LIKE 'L.ready.%' AND r.amount < 0"
        " AND o.amount > 0"
    )
    return [f"{name} holds money while the collector owes" for (name,) in found]


def estimates_book_nothing() -> list[str]:
    """A line that is only estimated has nothing open."""
    open_lines = Accrual.objects.filter(state=states.PENDING).exclude(open_minor=0)
    return [f"line {ref} is open before it cleared" for ref in open_lines.values_list("ref", flat=True)]


CHECKS: dict[str, Check] = {
    "I1 entries balance": entries_balance,
    "I2 no account is overdrawn": no_account_is_overdrawn,
    "I3 balances are their postings": balances_are_their_postings,
    "I4 postings are their entries": postings_are_their_entries,
    "I5 commission is its terms": commission_is_its_terms,
    "I9 nobody is paid while owing": nobody_is_paid_while_owing,
    "lines are the ledger": lines_are_the_ledger,
    "estimates book nothing": estimates_book_nothing,
}


def faults() -> dict[str, list[str]]:
    """Every check by name with what is wrong."""
    return {name: check() for name, check in CHECKS.items()}
