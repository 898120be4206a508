"""Why a money rule decided as it did, in one line for people who check cases."""

from __future__ import annotations

from insight.kpi import Kpis
from marketplace.settlement import Decision
from payments.attribution import Attribution
from payments.commission import Line, Result

_RULES = {
    "A1": "before the first contact: nothing is charged",
    "A2": "an unbroken promise covers it",
    "A3": "a live claim had touched the debtor",
    "A4": "the last touch is within the tail",
    "A5": "nobody earned it: only the platform's part",
    "A6": "only a void claim would have earned: nothing is charged",
}
_LIMITS = {
    "rate": "by rate and fixed fee",
    "minimum": "raised to the minimum",
    "cap": "cut to the cap",
    "recovered": "cut to what was recovered",
    "fixed": "the fixed fee",
    "none": "nothing to charge",
}
_DECISIONS = {
    "AUTHORITY": "nobody needs to be asked",
    "APPROVED": "approved by a member whose role the band names",
    "APPROVER_NEEDED": "a member whose role the band names has to approve",
}


def of_attribution(found: Attribution) -> str:
    """The rule in words, with the promise or touch that decided."""
    details = [f"promise {found.promise}"] if found.promise else []
    if found.touched_at is not None:
        details.append(f"touched {found.touched_at.isoformat()}")
    return ", ".join([f"{found.rule}: {_RULES.get(found.rule, 'as its original')}", *details])


def of_commission(result: Result) -> str:
    """Each event's cumulative figures."""
    return "; ".join(_of_line(line) for line in result.lines) or "no event"


def _of_line(line: Line) -> str:
    return f"{line.id}: base {line.totals.base} -> fee {line.totals.fee} ({_LIMITS[line.totals.limit]})"


def of_settlement(found: Decision) -> str:
    """The decision with the amounts it was measured against."""
    auto = "an approver always" if found.least_auto is None else f"nobody from {found.least_auto}"
    return f"{found.rule}: {_DECISIONS.get(found.rule, 'refused')}; needs {auto}, lowest band {found.least}"


def of_kpis(found: Kpis) -> str:
    """The sums most figures are made of."""
    return f"placed {found.placed}, net cleared {found.net}, workable {found.workable}, promises due {found.ptp_due}"
