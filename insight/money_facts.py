"""Money cases written as JSON, parsed to the typed facts that the product's pure functions take.

An amount is integer minor units; in commission and settlement text is major units. Facts are parsed in the order in
which the rules read them, so that the first fault of a case decides its error code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.money import AmountError, PrecisionError, is_currency, to_minor
from insight import kpi
from marketplace import settlement
from payments import attribution, commission

Facts = Mapping[str, Any]
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class FactsError(ValueError):
    """Facts that cannot be parsed; `code` is one of the evaluation's codes."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def instant(value: object) -> datetime:
    """An ISO instant. Raises FactsError BAD_TIME without an offset."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise FactsError("BAD_TIME") from None
    if moment.tzinfo is None:
        raise FactsError("BAD_TIME")
    return moment


def _maybe_instant(value: object) -> datetime | None:
    return None if value is None else instant(value)


def amount(value: object, currency: str) -> Any:
    """Major-unit text as minor units; anything else is left to the rules, which refuse what is no integer."""
    if not isinstance(value, str):
        return value
    if not _PLAIN_NUMBER.fullmatch(value):
        raise FactsError("AMOUNT")
    try:
        return to_minor(value, currency)
    except PrecisionError:
        raise FactsError("PRECISION") from None
    except AmountError:
        raise FactsError("AMOUNT") from None


def _known(shape: type[Any], row: Facts) -> dict[str, Any]:
    """The keys that the shape has; a case may carry others."""
    return {item.name: row[item.name] for item in fields(shape) if item.name in row}


def _count(value: object) -> int:
    if type(value) is not int:
        raise FactsError("NOT_INTEGER_MONEY")
    if value < 0:
        raise FactsError("AMOUNT")
    return value


def attribution_facts(facts: Facts) -> attribution.AttributionFacts:
    """The typed facts of an attribution case."""
    payment, recall = facts["payment"], facts.get("recall")
    return attribution.AttributionFacts(
        zone=ZoneInfo(facts["tz"]),
        payment=attribution.Payment(
            initiated_at=_maybe_instant(payment.get("initiated_at")),
            reported_at=_maybe_instant(payment.get("reported_at")),
            debt=payment.get("debt") or "D1",
            reversal_of=payment.get("reversal_of"),
        ),
        contacts=[
            attribution.Contact(
                instant(row["at"]), row["kind"], None if row.get("debts") is None else frozenset(row["debts"])
            )
            for row in facts.get("contacts") or ()
        ],
        claims=[
            attribution.ClaimSpan(
                id=row["id"],
                start=instant(row["start"]),
                end=_maybe_instant(row.get("end")),
                debt=row.get("debt") or "D1",
                is_void=bool(row.get("void")),
            )
            for row in facts.get("claims") or ()
        ],
        touches=[
            attribution.Touch(row["claim"], instant(row["at"]), row["kind"]) for row in facts.get("touches") or ()
        ],
        promises=[_promise(row) for row in facts.get("promises") or ()],
        recall=None
        if recall is None
        else attribution.Recall(
            kind=recall["kind"],
            notice_at=instant(recall["notice_at"]),
            cancelled_at=_maybe_instant(recall.get("cancelled_at")),
            debt=recall.get("debt") or "D1",
        ),
        settings=attribution.Settings(**_known(attribution.Settings, facts.get("settings") or {})),
        attributed=[
            attribution.PriorAttribution(row["payment"], row["rule"], row.get("claim"))
            for row in facts.get("attributed") or ()
        ],
    )


def _promise(row: Facts) -> attribution.PromiseFacts:
    return attribution.PromiseFacts(
        id=row["id"],
        claim=row["claim"],
        due=date.fromisoformat(row["due"]),
        history=tuple((instant(at), state) for at, state in row["history"]),
        plan=row.get("plan"),
        replaces=row.get("replaces"),
    )


def commission_plan(data: Facts) -> commission.Plan:
    """The plan of a commission case, amounts parsed."""
    currency = data["currency"]
    if not is_currency(currency):
        raise FactsError("CURRENCY")
    parsed = dict(data)
    for name in ("fixed_fee", "minimum", "cap"):
        parsed[name] = amount(data.get(name), currency)
    parsed["tiers"] = [
        {**tier, "brackets": [{**row, "up_to": amount(row.get("up_to"), currency)} for row in tier["brackets"]]}
        for tier in data.get("tiers") or ()
    ]
    return commission.Plan.from_json(parsed)


def claim_terms(claim: Facts, currency: str, zone: ZoneInfo) -> commission.ClaimTerms:
    """What the claim of a commission case brings to its plan."""
    return commission.ClaimTerms(
        accepted_at=instant(claim["accepted_at"]),
        past_due_since=date.fromisoformat(claim["past_due_since"]),
        amount=amount(claim["amount"], currency),
        trust=claim["trust"],
        zone=zone,
        is_house=bool(claim.get("house")),
    )


def commission_events(rows: list[Facts], currency: str) -> Iterator[commission.Event]:
    """The events of a commission case, each parsed only when the rules come to it."""
    for row in rows:
        if row.get("currency") not in (None, currency):
            raise FactsError("CURRENCY")
        if row["kind"] == "outcome":
            yield commission.OutcomeEvent(row["id"], instant(row["cleared_at"]))
            continue
        parts = [amount(row.get(name), currency) for name in ("principal", "interest", "costs")]
        if row["kind"] == "reversal":
            yield commission.ReversalEvent(row["id"], row["of"], *parts)
            continue
        principal, interest, costs = (0 if part is None else part for part in parts)
        yield commission.PaymentEvent(
            id=row["id"],
            principal=principal,
            instrument=row["instrument"],
            initiated_at=instant(row["initiated_at"]),
            cleared_at=instant(row["cleared_at"]),
            interest=interest,
            costs=costs,
        )


def kpi_facts(facts: Facts) -> kpi.KpiFacts:
    """The typed facts of a KPI case; amounts must be integers already."""
    complaints = facts.get("complaints") or {}
    substantiated = _count(complaints.get("substantiated", 0))
    return kpi.KpiFacts(
        zone=ZoneInfo(facts["tz"]),
        start=date.fromisoformat(facts["period"]["from"]),
        end=date.fromisoformat(facts["period"]["to"]),
        accounts=[
            kpi.Account(**{**_known(kpi.Account, row), "balance": _count(row["balance"])})
            for row in facts.get("accounts") or ()
        ],
        tiers=[kpi.RateTier(row["from_age"], row["bps"]) for row in facts.get("tiers") or ()],
        attempts=facts.get("attempts") or {},
        denies=facts.get("denies") or (),
        promises=[_promise_row(row) for row in facts.get("promises") or ()],
        payments=[_payment_row(row) for row in facts.get("payments") or ()],
        disputes=[row["outcome"] for row in facts.get("disputes") or ()],
        costs={name: _count(cost) for name, cost in (facts.get("costs") or {}).items()},
        complaints_received=_count(complaints.get("received", substantiated)),
        complaints_substantiated=substantiated,
        attempted=facts.get("attempted"),
        grace_days=facts.get("grace_days", 3),
    )


def _promise_row(row: Facts) -> kpi.PromiseRow:
    return kpi.PromiseRow(
        account=row["account"],
        amount=_count(row["amount"]),
        due=date.fromisoformat(row["due"]),
        state=row["state"],
        via=row.get("via", "rpc"),
        state_at=_maybe_instant(row.get("state_at")),
        made_at=_maybe_instant(row.get("made_at")),
    )


def _payment_row(row: Facts) -> kpi.PaymentRow:
    paid = _count(row["amount"])
    reversals = tuple((instant(item["at"]), _count(item["amount"])) for item in row.get("reversals") or ())
    if not paid:
        raise FactsError("AMOUNT")
    if sum(part for _at, part in reversals) > paid:
        raise FactsError("OVER_REVERSAL")
    return kpi.PaymentRow(
        account=row["account"],
        amount=paid,
        initiated_at=instant(row["initiated_at"]),
        cleared_at=_maybe_instant(row.get("cleared_at")),
        reversals=reversals,
    )


def settlement_facts(facts: Facts) -> settlement.SettlementFacts:
    """The typed facts of a settlement case."""
    currency = facts["currency"]
    if not is_currency(currency):
        raise FactsError("CURRENCY")
    offer, approval = facts["offer"], facts.get("approval")
    return settlement.SettlementFacts(
        currency=currency,
        org=facts["org"],
        zone=ZoneInfo(facts["tz"]),
        balance=amount(facts["balance"], currency),
        age=facts["age"],
        authority=tuple(
            settlement.AgeBands(row["from_age"], tuple(_band(band) for band in row["bands"]))
            for row in facts["authority"]
        ),
        offer=settlement.Offer(
            amount=amount(offer["amount"], currency),
            by=offer["by"],
            at=instant(offer["at"]),
            expires_at=_maybe_instant(offer.get("expires_at")),
            plan=tuple(
                settlement.Instalment(date.fromisoformat(row["due"]), amount(row["amount"], currency))
                for row in offer.get("plan") or ()
            ),
        ),
        approval=None
        if approval is None
        else settlement.Approval(approval["by"], approval["role"], approval["org"], instant(approval["at"])),
        plan_rules=plan_rules(facts.get("plan_rules") or {}, currency),
    )


def _band(row: Facts) -> settlement.Band:
    return settlement.Band(row["min_bps"], None if row["needs"] is None else frozenset(row["needs"]))


def plan_rules(rules: Facts, currency: str) -> settlement.PlanRules:
    """The limits of a plan; a missing one is no limit."""
    known = _known(settlement.PlanRules, rules)
    return settlement.PlanRules(**{**known, "min_instalment": amount(rules.get("min_instalment"), currency)})
