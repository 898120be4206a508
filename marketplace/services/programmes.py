"""Programmes: a creditor's terms for one kind of debt. Live claims keep the terms they were taken on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import CreditorOrg, User
from core.errors import BadInput, NotAllowed
from core.events import record
from core.money import is_currency
from marketplace.errors import ChangedMeanwhile
from marketplace.models import Programme

ALWAYS_ON = ("US-FED", "HOUSE")
MAX_ANSWER_DAYS = 30
MAX_CLEARING_DAYS = 90


@dataclass(frozen=True, slots=True)
class ProgrammeValues:
    """What a creditor decides about a programme, terms of commission apart.

    `clearing_days` by instrument; `settlement_authority` as marketplace.settlement reads it, shares in basis points
    of the balance; `float_floor_minor` in minor units of the programme's currency.
    """

    name: str
    product: str
    ways_to_pay: str
    clearing_days: Mapping[str, int]
    settlement_authority: list[dict[str, Any]] = field(default_factory=list)
    funding_cover: str = Programme.Cover.FLOAT
    float_floor_minor: int = 0
    dispute_answer_days: int = MAX_ANSWER_DAYS


def _check(values: ProgrammeValues) -> None:
    if not values.name.strip():
        raise BadInput(field="name", reason=_("Name the programme, for example Autumn cards."))
    if not values.product.strip():
        raise BadInput(field="product", reason=_("Say what kind of debt it is, for example credit card."))
    if not values.ways_to_pay.strip():
        raise BadInput(
            field="ways_to_pay", reason=_("Say how people can pay you. It is shown to them as you write it.")
        )
    if values.funding_cover not in Programme.Cover.values:
        raise BadInput(field="funding_cover", reason=_("Choose the float or the mandate."))
    if values.float_floor_minor < 0:
        raise BadInput(field="float_floor", reason=_("The floor is zero or more."))
    if not 1 <= values.dispute_answer_days <= MAX_ANSWER_DAYS:
        raise BadInput(field="dispute_answer_days", reason=_("Answer a dispute within 1 to 30 days."))
    if not all(0 <= days <= MAX_CLEARING_DAYS for days in values.clearing_days.values()):
        raise BadInput(field="clearing_days", reason=_("A payment clears within 0 to 90 days."))
    _check_authority(values.settlement_authority)


def _check_authority(rows: list[dict[str, Any]]) -> None:
    """Each row: an age once, bands whose shares fall as more people are asked."""
    ages = [row["from_age"] for row in rows]
    if len(set(ages)) != len(ages):
        raise BadInput(field="settlement_authority", reason=_("Each age appears once. Remove the second one."))
    for row in rows:
        shares = [band["min_bps"] for band in row["bands"]]
        if not shares or not all(0 < share <= 10_000 for share in shares):
            raise BadInput(field="settlement_authority", reason=_("A share of the balance is above 0 and up to 100 %."))
        if shares != sorted(set(shares), reverse=True):
            raise BadInput(
                field="settlement_authority", reason=_("The more people have to agree, the lower the share must be.")
            )


def create_programme(
    *, org: CreditorOrg, values: ProgrammeValues, currency: str, terms: dict[str, Any], actor: str, at: datetime,
    slug: str = "", pack_ids: tuple[str, ...] = ALWAYS_ON,
) -> Programme:  # fmt: skip
    """Make a programme of `org`; a form sent twice makes one.

    `terms` is a commission plan that payments.services.terms has checked: call that service, not this one. US-FED and
    HOUSE are always among the packs. Raises BadInput for a value that cannot be, or another programme's name.
    """
    _check(values)
    if not is_currency(currency) or terms.get("currency") != currency:
        raise BadInput(field="currency", reason=_("Choose one of the currencies on the list."))
    packs = list(dict.fromkeys((*ALWAYS_ON, *pack_ids)))
    slug = slug or slugify(values.name)[:60] or "programme"
    stored = _stored(values)
    with transaction.atomic():
        CreditorOrg.objects.select_for_update().get(pk=org.pk)
        if earlier := Programme.objects.filter(org=org, slug=slug).first():
            if earlier.terms == terms and all(getattr(earlier, name) == value for name, value in stored.items()):
                return earlier
            raise BadInput(field="name", reason=_("You have a programme of this name. Choose another name."))
        try:
            programme = Programme.objects.create(
                org=org, slug=slug, currency=currency, country=org.country, terms=terms, pack_ids=packs, created_at=at,
                **stored,
            )  # fmt: skip
        except IntegrityError as error:
            raise BadInput(field="name", reason=_("You have a programme of this name. Choose another name.")) from error
        _tell(programme, ["created"], actor=actor, at=at)
    return programme


def update_programme(
    *, programme: Programme, values: ProgrammeValues, terms: dict[str, Any], version: int, actor: str, at: datetime
) -> Programme:
    """Change a programme from now on: work taken before keeps the terms it was taken on.

    `version` is the terms_version that was on the page; the name in addresses and the currency never change. Other
    terms make the next version. Raises BadInput, ChangedMeanwhile when a colleague was faster.
    """
    _check(values)
    with transaction.atomic():
        locked = Programme.objects.select_for_update(of=("self",)).select_related("org").get(pk=programme.pk)
        if locked.terms_version != version:
            raise ChangedMeanwhile()
        if terms.get("currency") != locked.currency:
            raise BadInput(field="currency", reason=_("The currency of a programme does not change. Make a new one."))
        stored = _stored(values)
        if stored["funding_cover"] == Programme.Cover.MANDATE and not locked.exposure_limit_minor:
            raise BadInput(field="funding_cover", reason=_("An invoice mandate is agreed with us first."))
        changed = [name for name, value in stored.items() if getattr(locked, name) != value]
        for name in changed:
            setattr(locked, name, stored[name])
        if locked.terms != terms:
            locked.terms, locked.terms_version = terms, locked.terms_version + 1
            changed += ["terms", "terms_version"]
        if changed:
            locked.save(update_fields=changed)
            _tell(locked, changed, actor=actor, at=at)
    return locked


def grant_mandate(*, programme: Programme, limit_minor: int, staff: User, at: datetime) -> Programme:
    """Let a creditor pay by invoice up to `limit_minor` of unpaid commission (minor units); 0 ends it: our risk, so
    only staff grants it. Raises NotAllowed, BadInput below zero."""
    if not staff.is_staff:
        raise NotAllowed()
    if limit_minor < 0:
        raise BadInput(field="limit", reason=_("The limit is zero or more."))
    with transaction.atomic():
        locked = Programme.objects.select_for_update(of=("self",)).get(pk=programme.pk)
        locked.exposure_limit_minor = limit_minor
        if not limit_minor:
            locked.funding_cover = Programme.Cover.FLOAT
        locked.save(update_fields=["exposure_limit_minor", "funding_cover"])
        _tell(locked, ["exposure_limit_minor", "funding_cover"], actor=f"user:{staff.pk}", at=at)
    return locked


def _stored(values: ProgrammeValues) -> dict[str, Any]:
    return {
        "name": values.name.strip(), "product": values.product.strip(), "ways_to_pay": values.ways_to_pay.strip(),
        "clearing_days": dict(values.clearing_days), "settlement_authority": values.settlement_authority,
        "funding_cover": values.funding_cover, "float_floor_minor": values.float_floor_minor,
        "dispute_answer_days": values.dispute_answer_days,
    }  # fmt: skip


def _tell(programme: Programme, changed: list[str], *, actor: str, at: datetime) -> None:
    record(
        name="programme.changed", stream=f"programme:{programme.pk}", actor=actor, at=at, creditor_id=programme.org_id,
        data={"changed": changed, "terms_version": programme.terms_version},
    )  # fmt: skip
