"""The commission plan: its shape, its check and its JSON form. Pure: no database, no clock, no Django.

The JSON form is what a claim keeps as its frozen terms, so `Plan.from_json(plan.to_json()) == plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.money import is_currency

ROLES = ("collector", "platform", "referrer", "supervisor")
BASES = ("principal", "principal_interest", "none")
FULL_BPS = 10_000


class CommissionError(ValueError):
    """Facts that cannot be evaluated.

    `code` is one of NO_ORIGINAL, OVER_REVERSAL, CURRENCY, NO_RATE, RATE, SPLIT, MINIMUM_ABOVE_CAP, AMOUNT,
    NOT_INTEGER_MONEY, BAD_TIME, or PLAN for terms of an unknown shape.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def whole_money(value: object) -> int:
    """The value as minor units. Raises NOT_INTEGER_MONEY for anything but an integer, AMOUNT below zero."""
    if type(value) is not int:
        raise CommissionError("NOT_INTEGER_MONEY")
    if value < 0:
        raise CommissionError("AMOUNT")
    return value


@dataclass(frozen=True, slots=True)
class Bracket:
    """A rate in basis points for amounts up to and including `up_to` minor units; None is no limit."""

    up_to: int | None
    bps: int


@dataclass(frozen=True, slots=True)
class Tier:
    """The brackets for debts at least `from_age` days past due, smallest limit first."""

    from_age: int
    brackets: tuple[Bracket, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Terms of commission. Amounts in minor units of `currency`, rates and shares in basis points.

    `age_at` is "claim" or "payment", `bracket_mode` "whole" or "marginal"; `holdback` maps an instrument (and
    "outcome" for accepted fixed-fee work) to days by the collector's trust level.
    """

    currency: str
    basis: str
    tiers: tuple[Tier, ...]
    split: Mapping[str, int]
    age_at: str = "claim"
    bracket_mode: str = "whole"
    fixed_fee: int = 0
    minimum: int = 0
    cap: int | None = None
    vat_bps: int = 0
    withholding_bps: int = 0
    holdback: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """The plan that `to_json` wrote. Raises CommissionError PLAN when a part is missing or misshapen."""
        try:
            return cls(
                currency=data["currency"],
                basis=data["basis"],
                tiers=tuple(sorted((_tier(row) for row in data["tiers"]), key=lambda tier: tier.from_age)),
                split=dict(data["split"]),
                age_at=data.get("age_at", "claim"),
                bracket_mode=data.get("bracket_mode", "whole"),
                fixed_fee=data.get("fixed_fee") or 0,
                minimum=data.get("minimum") or 0,
                cap=data.get("cap"),
                vat_bps=data.get("vat_bps") or 0,
                withholding_bps=data.get("withholding_bps") or 0,
                holdback={name: dict(row) for name, row in (data.get("holdback") or {}).items()},
            )
        except (KeyError, TypeError, AttributeError):
            raise CommissionError("PLAN") from None

    def to_json(self) -> dict[str, Any]:
        """The plan as plain JSON values, amounts in minor units."""
        return {
            "currency": self.currency,
            "basis": self.basis,
            "tiers": [
                {"from_age": tier.from_age, "brackets": [{"up_to": b.up_to, "bps": b.bps} for b in tier.brackets]}
                for tier in self.tiers
            ],
            "split": dict(self.split),
            "age_at": self.age_at,
            "bracket_mode": self.bracket_mode,
            "fixed_fee": self.fixed_fee,
            "minimum": self.minimum,
            "cap": self.cap,
            "vat_bps": self.vat_bps,
            "withholding_bps": self.withholding_bps,
            "holdback": {name: dict(row) for name, row in self.holdback.items()},
        }


def _tier(row: Mapping[str, Any]) -> Tier:
    brackets = [Bracket(up_to=item.get("up_to"), bps=item["bps"]) for item in row["brackets"]]
    brackets.sort(key=lambda item: (item.up_to is None, item.up_to or 0))
    return Tier(from_age=row["from_age"], brackets=tuple(brackets))


def _is_rate(value: object) -> bool:
    return type(value) is int and 0 <= value <= FULL_BPS


def _check_split(split: Mapping[str, int]) -> None:
    known = set(split) <= set(ROLES) and {"collector", "platform"} <= set(split)
    if not known or not all(_is_rate(share) for share in split.values()) or sum(split.values()) != FULL_BPS:
        raise CommissionError("SPLIT")


def validate_plan(plan: Plan) -> None:
    """Refuse a plan that cannot be applied.

    Raises CommissionError: CURRENCY (decimals unknown), PLAN (unknown word or shape), RATE (outside 0 to 100 %),
    SPLIT (not 100 %, or an unknown role), NOT_INTEGER_MONEY, AMOUNT (negative), MINIMUM_ABOVE_CAP.
    """
    if not is_currency(plan.currency):
        raise CommissionError("CURRENCY")
    if (
        plan.basis not in BASES
        or plan.age_at not in ("claim", "payment")
        or plan.bracket_mode not in ("whole", "marginal")
        or not all(type(tier.from_age) is int for tier in plan.tiers)
        or not all(type(days) is int for row in plan.holdback.values() for days in row.values())
    ):
        raise CommissionError("PLAN")
    rates = [bracket.bps for tier in plan.tiers for bracket in tier.brackets]
    if not all(_is_rate(rate) for rate in [*rates, plan.vat_bps, plan.withholding_bps]):
        raise CommissionError("RATE")
    _check_split(plan.split)
    limits = [bracket.up_to for tier in plan.tiers for bracket in tier.brackets]
    for amount in (plan.fixed_fee, plan.minimum, plan.cap, *limits):
        if amount is not None:
            whole_money(amount)
    if plan.cap is not None and plan.minimum > plan.cap:
        raise CommissionError("MINIMUM_ABOVE_CAP")


def tier_for(plan: Plan, age_days: int) -> Tier:
    """The tier with the greatest `from_age` not above `age_days`. Raises NO_RATE for a debt younger than all."""
    fitting = [tier for tier in plan.tiers if tier.from_age <= age_days]
    if not fitting:
        raise CommissionError("NO_RATE")
    return max(fitting, key=lambda tier: tier.from_age)


def bracket_for(tier: Tier, amount_minor: int) -> Bracket:
    """The first bracket whose limit the amount does not pass (limits inclusive). Raises NO_RATE above all."""
    for bracket in tier.brackets:
        if bracket.up_to is None or amount_minor <= bracket.up_to:
            return bracket
    raise CommissionError("NO_RATE")


def rate_bps(plan: Plan, age_days: int, amount_minor: int) -> int:
    """The rate for a debt of this age and size, for a preview before anything is recovered.

    With marginal brackets it is the rate of the last unit of `amount_minor`. Raises CommissionError NO_RATE.
    """
    return bracket_for(tier_for(plan, age_days), amount_minor).bps
