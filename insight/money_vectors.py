"""Money cases: run each through the product's own pure functions and compare with what is expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.money import is_currency
from insight import kpi, money_facts, money_words
from insight.money_facts import Facts, FactsError
from marketplace import settlement
from payments import attribution, commission

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT.*")
_RULE_ERRORS = (
    attribution.AttributionError,
    commission.CommissionError,
    settlement.SettlementError,
    kpi.KpiError,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One case: what was expected, what the product says, and why."""

    id: str
    passed: bool
    expected: Any
    actual: dict[str, Any]
    why: str


def _in_zone(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat()


def _run_attribution(facts: Facts) -> tuple[dict[str, Any], str]:
    found = attribution.attribute(money_facts.attribution_facts(facts))
    return {"rule": found.rule, "claim": found.claim}, money_words.of_attribution(found)


def _run_commission(facts: Facts) -> tuple[dict[str, Any], str]:
    zone = ZoneInfo(facts["tz"])
    plan = money_facts.commission_plan(facts["plan"])
    commission.validate_plan(plan)
    claim = money_facts.claim_terms(facts["claim"], plan.currency, zone)
    result = commission.compute(plan, claim, money_facts.commission_events(facts["events"], plan.currency))
    events = [
        {
            "id": line.id,
            "fee": line.fee,
            **line.parts,
            "vat": line.vat,
            "withheld": line.withheld,
            "held_until": _in_zone(line.held_until, zone),
        }
        for line in result.lines
    ]
    sums = result.cumulative
    cumulative = {"base": sums.base, "fee": sums.fee, **sums.parts, "vat": sums.vat, "withheld": sums.withheld}
    return {"events": events, "cumulative": cumulative}, money_words.of_commission(result)


def _run_kpi(facts: Facts) -> tuple[dict[str, Any], str]:
    found = kpi.measure(money_facts.kpi_facts(facts))
    return asdict(found), money_words.of_kpis(found)


def _run_settlement(facts: Facts) -> tuple[dict[str, Any], str]:
    if "propose" in facts:
        return _run_proposal(facts)
    found = settlement.decide(money_facts.settlement_facts(facts))
    return asdict(found), money_words.of_settlement(found)


def _run_proposal(facts: Facts) -> tuple[dict[str, Any], str]:
    currency, wanted = facts["currency"], facts["propose"]
    if not is_currency(currency):
        raise FactsError("CURRENCY")
    parts = settlement.propose(
        total=money_facts.amount(wanted["total"], currency),
        count=wanted["count"],
        first_due=date.fromisoformat(wanted["first_due"]),
        min_instalment=money_facts.plan_rules(facts.get("plan_rules") or {}, currency).min_instalment,
    )
    if not parts:
        return {"decision": "refused", "rule": "PLAN_FLOOR"}, "an instalment before the last is below the floor"
    rows = [{"due": part.due.isoformat(), "amount": part.amount} for part in parts]
    return {"instalments": rows}, f"{len(rows)} instalments, spare units to the earliest"


_RUNNERS: dict[str, Callable[[Facts], tuple[dict[str, Any], str]]] = {
    "attribution": _run_attribution,
    "commission": _run_commission,
    "kpi": _run_kpi,
    "settlement": _run_settlement,
}


def run(case: Mapping[str, Any]) -> Verdict:
    """Run one case. Facts of an unknown shape make the case fail, they never stop the others."""
    expected = case.get("expect")
    try:
        actual, why = _RUNNERS[case["facts"]["op"]](case["facts"])
    except (FactsError, *_RULE_ERRORS) as error:
        actual, why = {"error": error.code}, f"refused: {error.code}"
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        actual, why = {"unreadable": f"{type(error).__name__}: {error}"}, "the facts do not have the known shape"
    passed = isinstance(expected, Mapping) and all(
        name in actual and same(value, actual[name]) for name, value in expected.items()
    )
    return Verdict(str(case.get("id")), passed, expected, actual, why)


def same(expected: object, actual: object) -> bool:
    """Equality of JSON values: objects and lists exactly, two instants as instants, 1 is not true."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return expected.keys() == actual.keys() and all(same(expected[key], actual[key]) for key in expected)
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(same(*pair) for pair in zip(expected, actual, strict=True))
    if isinstance(expected, str) and isinstance(actual, str) and _INSTANT.match(expected) and _INSTANT.match(actual):
        return money_facts.instant(expected) == money_facts.instant(actual)
    return type(expected) is type(actual) and bool(expected == actual)
