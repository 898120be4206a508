"""A programme's terms of commission: checked before they are kept, and shown as what one payment would cost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg
from core.errors import BadInput
from marketplace.models import Programme
from marketplace.services import programmes
from marketplace.services.programmes import ALWAYS_ON, ProgrammeValues
from payments.commission import ClaimTerms, PaymentEvent, compute
from payments.plans import CommissionError, Plan, rate_bps, validate_plan
from payments.services.publish import refresh_funding

# What running calls, evidence and settlement costs: a creditor cannot share out the platform's part.
LEAST_PLATFORM_BPS = 2_000
MAX_HOLDBACK_DAYS = 120
MAX_VAT_BPS = 3_000

FAULTS: dict[str, tuple[str, Any]] = {
    "CURRENCY": ("currency", _("Choose one of the currencies on the list.")),
    "RATE": ("terms", _("A rate is from 0 to 100 %.")),
    "SPLIT": ("split", _("The parts of collector and platform add up to 100 %.")),
    "AMOUNT": ("terms", _("An amount is zero or more.")),
    "MINIMUM_ABOVE_CAP": ("terms", _("The least commission is above the highest.")),
}
_SHAPE = _("These terms cannot be applied. Check ages, amounts and rates.")


@dataclass(frozen=True, slots=True)
class FeePreview:
    """What one payment would cost: rate in basis points, the rest in minor units of the terms' currency."""

    bps: int
    amount: int
    fee: int
    collector: int
    platform: int
    vat: int

    @property
    def left(self) -> int:
        """What stays with the creditor."""
        return self.amount - self.fee - self.vat


def check_plan(plan: Plan) -> None:
    """Refuse terms that cannot be applied or that leave out what every programme needs. Raises BadInput."""
    try:
        validate_plan(plan)
    except CommissionError as error:
        named, reason = FAULTS.get(error.code, ("terms", _SHAPE))
        raise BadInput(field=named, reason=reason) from error
    if not plan.tiers or not all(tier.brackets for tier in plan.tiers):
        raise BadInput(field="terms", reason=_("Enter at least one age with its rate."))
    if any(tier.from_age < 0 for tier in plan.tiers):
        raise BadInput(field="terms", reason=_("An age is zero days or more."))
    if len({tier.from_age for tier in plan.tiers}) != len(plan.tiers):
        raise BadInput(field="terms", reason=_("Each age appears once. Remove the second one."))
    if plan.split["platform"] < LEAST_PLATFORM_BPS:
        raise BadInput(field="split", reason=_("The collector's part is 80 % at most; the platform keeps the rest."))
    if plan.vat_bps > MAX_VAT_BPS:
        raise BadInput(field="vat", reason=_("VAT is 30 % at most."))
    if not all(0 <= days <= MAX_HOLDBACK_DAYS for row in plan.holdback.values() for days in row.values()):
        raise BadInput(field="holdback", reason=_("Commission is held for 0 to 120 days."))


def preview_fee(*, plan: Plan, age_days: int, amount_minor: int, at: datetime) -> FeePreview:
    """What the plan charges when a debt of this age and size is paid in full as principal, by the very arithmetic that
    books it. Raises BadInput when the plan has no rate for it."""
    try:
        bps = rate_bps(plan, age_days, amount_minor)
        since = at.date() - timedelta(days=age_days)
        claim = ClaimTerms(at, since, amount_minor, trust="new", zone=ZoneInfo("UTC"))
        paid = PaymentEvent("preview", principal=amount_minor, instrument="transfer", initiated_at=at, cleared_at=at)
        sums = compute(plan, claim, [paid]).cumulative
    except CommissionError as error:
        raise BadInput(field="preview_age", reason=_("These terms have no rate for a debt of this age.")) from error
    return FeePreview(bps, amount_minor, sums.fee, sums.collector, sums.platform, sums.vat)


def open_programme(
    *, org: CreditorOrg, values: ProgrammeValues, plan: Plan, actor: str, at: datetime, slug: str = "",
    pack_ids: tuple[str, ...] = ALWAYS_ON,
) -> Programme:  # fmt: skip
    """Make a programme with checked terms. Raises BadInput; a form sent twice makes one."""
    check_plan(plan)
    return programmes.create_programme(
        org=org, values=values, currency=plan.currency, terms=plan.to_json(), slug=slug, pack_ids=pack_ids, actor=actor,
        at=at,
    )  # fmt: skip


def change_programme(
    *, programme: Programme, values: ProgrammeValues, plan: Plan, version: int, actor: str, at: datetime
) -> Programme:
    """Change a programme and its terms from now on; a floor above the float pauses open tasks at once.

    Raises BadInput, ChangedMeanwhile.
    """
    check_plan(plan)
    # the same plan written in another way is no new version
    terms = programme.terms if Plan.from_json(programme.terms) == plan else plan.to_json()
    with transaction.atomic():
        changed = programmes.update_programme(
            programme=programme, values=values, terms=terms, version=version, actor=actor, at=at
        )
        refresh_funding(org=changed.org, at=at)
    return changed
