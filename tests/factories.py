"""Rows for tests, made directly: small functions with sane defaults, each returning the saved row.

Everything is fictional: names from a short list, numbers from 555-0100 to 555-0199.
"""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Collector, CreditorOrg, Membership, Qualification, User
from core.crypto import keyed_hash, seal
from core.ids import new_token
from marketplace import states
from marketplace.models import Batch, Case, Claim, ContactPoint, Debt, Debtor, Person, Programme, Task

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 11, 3, 10, 5, tzinfo=NEW_YORK)
_serial = itertools.count(1)

TERMS: dict[str, Any] = {
    "currency": "USD", "basis": "principal_interest", "age_at": "claim", "bracket_mode": "whole",
    "tiers": [
        {"from_age": 1, "brackets": [{"up_to": None, "bps": 1000}]},
        {"from_age": 30, "brackets": [{"up_to": None, "bps": 1500}]},
        {"from_age": 60, "brackets": [{"up_to": None, "bps": 2000}]},
        {"from_age": 90, "brackets": [{"up_to": None, "bps": 3000}]},
        {"from_age": 180, "brackets": [{"up_to": None, "bps": 4000}]},
    ],
    "split": {"collector": 7000, "platform": 3000}, "vat_bps": 0, "withholding_bps": 0,
    "holdback": {"cash": {"new": 3}, "transfer": {"new": 3}, "ach": {"new": 10}, "card": {"new": 30}, "check": {"new": 10}},
}  # fmt: skip


def number() -> int:
    return next(_serial)


def phone(area: str = "212") -> str:
    """A fictional number: 555-0100 to 555-0199 in the given area."""
    return f"+1{area}555{100 + number() % 100:04d}"


def make_user(**extra: Any) -> User:
    values = {"email": f"person{number()}@example.com", "name": "Dana Okafor"} | extra
    return User.objects.create_user(values.pop("email"), "a-long-password-9", **values)


def make_org(slug: str = "", **extra: Any) -> CreditorOrg:
    slug = slug or f"org{number()}"
    values = {
        "name": slug.title(), "legal_name": f"{slug.title()} LLC", "created_at": START,
        "postal_address": "1 Harbour Street, Albany, NY 12207",
    } | extra  # fmt: skip
    return CreditorOrg.objects.create(slug=slug, **values)


def make_member(org: CreditorOrg, role: str = "owner", **extra: Any) -> User:
    user = make_user(**extra)
    Membership.objects.create(user=user, org=org, role=role)
    return user


def make_programme(org: CreditorOrg | None = None, **extra: Any) -> Programme:
    values: dict[str, Any] = {
        "slug": f"prog{number()}", "name": "Cards", "terms": TERMS, "pack_ids": ["US-FED", "HOUSE"],
        "clearing_days": {"cash": 0, "transfer": 1, "ach": 4, "card": 2, "check": 7},
        "ways_to_pay": "Bank transfer to Harbour Cards, quoting your account reference.", "created_at": START,
    } | extra  # fmt: skip
    return Programme.objects.create(org=org or make_org(), **values)


def make_batch(programme: Programme) -> Batch:
    return Batch.objects.create(
        programme=programme, ref=f"B-{number():06d}", filename="cards.csv", body_hash=bytes(32), as_of=START.date(),
        created_by="system", created_at=START,
    )  # fmt: skip


def make_person(region: str = "NY", **extra: Any) -> Person:
    values = {"identity_hash": keyed_hash(f"person{number()}", purpose="identity"), "country": "US"} | extra
    return Person.objects.create(ref=f"P-{number():06d}", region=region, **values)


def make_debtor(org: CreditorOrg, person: Person | None = None, *, e164: str = "", **extra: Any) -> Debtor:
    """A debtor in New York with one phone; give `e164=None`-like "-" for none."""
    person = person or make_person()
    values: dict[str, Any] = {
        "key": f"C{number():05d}", "name": "Jamie Sample", "country": "US", "region": person.region, "city": "Albany",
        "zones_address": ["America/New_York"],
        "address_sealed": seal(
            '{"street": "947 Mock Street", "city": "Albany", "postal_code": "12207"}', key_id=org.key_id
        ),
    } | extra  # fmt: skip
    debtor = Debtor.objects.create(org=org, person=person, **values)
    if e164 != "-":
        e164 = e164 or phone()
        ContactPoint.objects.create(
            debtor=debtor, person=person, kind="phone", sealed=seal(e164, key_id=org.key_id),
            hash=keyed_hash(e164, purpose="phone"), zones=["America/New_York"], created_at=START,
        )  # fmt: skip
    return debtor


def make_debt(debtor: Debtor, *, principal: int = 110000, interest: int = 8557, fees: int = 4900, **extra: Any) -> Debt:
    """The worked example's debt by default: 1,234.57, 35 days past due on 3 November 2026."""
    values: dict[str, Any] = {
        "account_ref": f"HC-{number():06d}", "product": "credit card", "currency": "USD", "principal_minor": principal,
        "interest_minor": interest, "fees_minor": fees, "principal_due_minor": principal,
        "interest_due_minor": interest, "fees_due_minor": fees, "delinquency_date": date(2026, 9, 29),
        "itemization_date": date(2026, 9, 2), "last_payment_date": date(2026, 8, 20), "last_payment_minor": 4500,
        "ledger_as_of": START,
    } | extra  # fmt: skip
    return Debt.objects.create(org=debtor.org, debtor=debtor, **values)


def make_case(
    programme: Programme | None = None, *, debt: Debt | None = None, state: str = states.READY, **extra: Any
) -> Case:
    """A case in `state`, walked there move by move so that the database agrees."""
    programme = programme or make_programme()
    debt = debt or make_debt(make_debtor(programme.org))
    token = extra.pop("token", new_token())
    case = Case.objects.create(
        ref=f"K-{number():06d}", org=programme.org, programme=programme, batch=make_batch(programme),
        debtor=debt.debtor, debt=debt, placed_minor=debt.placed_minor, placed_at=extra.pop("placed_at", START),
        link_hash=keyed_hash(token, purpose="link"), link_sealed=seal(token, key_id=programme.org.key_id), **extra,
    )  # fmt: skip
    for step in {
        states.READY: [], states.NOTICED: [states.NOTICED], states.LISTED: [states.NOTICED, states.LISTED],
        states.WORKING: [states.NOTICED, states.LISTED, states.WORKING],
        states.ARRANGED: [states.NOTICED, states.LISTED, states.WORKING, states.ARRANGED],
    }[state]:  # fmt: skip
        Case.objects.filter(pk=case.pk).update(state=step)
    case.refresh_from_db()
    return case


def make_notice(case: Case, *, sent_at: datetime = START - timedelta(days=10)) -> Any:
    from compliance.models import ValidationNotice

    return ValidationNotice.objects.create(
        ref=f"N-{number():06d}", case=case, language="en", delivery="post",
        content_sealed=seal("{}", key_id=case.org.key_id), content_sha256=bytes(32), sent_at=sent_at,
        assumed_received_on=(sent_at + timedelta(days=7)).date(), period_ends_on=(sent_at + timedelta(days=37)).date(),
    )  # fmt: skip


def make_task(case: Case | None = None, *, state: str = states.OPEN, **extra: Any) -> Task:
    """A listed task (its case LISTED unless given)."""
    case = case or make_case(state=states.LISTED)
    values: dict[str, Any] = {
        "ref": f"T-{number():06d}", "notice_ref": "N-1", "funding_ref": "float", "country": "US",
        "region": case.debtor.region, "area": case.debtor.city, "currency": case.debt.currency, "amount_band": 3,
        "delinquency_date": case.debt.delinquency_date, "language": "en", "product": case.debt.product,
        "rate_bps": 1050, "listed_at": START,
    } | extra  # fmt: skip
    return Task.objects.create(case=case, state=state, **values)


def make_collector(
    *, regions: tuple[str, ...] = ("US-NY",), valid_to: datetime = START + timedelta(days=200), vetted: bool = True,
    **extra: Any,
) -> Collector:  # fmt: skip
    """A vetted junior licensed in New York, with a sealed fictional phone."""
    e164 = extra.pop("e164", phone("646"))
    values: dict[str, Any] = {
        "ref": f"C-{number():06d}", "alias": "Dana O.", "status": "ACTIVE" if vetted else "APPLICANT",
        "phone_sealed": seal(e164, key_id="collector"), "phone_hash": keyed_hash(e164, purpose="phone"),
        "languages": ["en"], "home_region": "US-NY", "created_at": START, "live_limit": 3, "payee_ref": "",
    } | extra  # fmt: skip
    collector = Collector.objects.create(
        user=extra.get("user") or make_user(), **{k: v for k, v in values.items() if k != "user"}
    )
    if vetted:
        span = {"valid_from": START - timedelta(days=100), "valid_to": valid_to}
        Qualification.objects.create(collector=collector, kind="VETTING", jurisdiction="US", **span)
        for region in regions:
            Qualification.objects.create(collector=collector, kind="LICENCE", jurisdiction=region, **span)
    return collector


def make_claim(
    case: Case | None = None, collector: Collector | None = None, *, accepted_at: datetime = START, **extra: Any
) -> Claim:
    """A live claim on a WORKING case with a CLAIMED task; the collector's counter agrees."""
    case = case or make_case(state=states.WORKING)
    collector = collector or make_collector()
    task = make_task(case, state=states.OPEN)
    Task.objects.filter(pk=task.pk).update(state=states.CLAIMED)
    task.refresh_from_db()
    Collector.objects.filter(pk=collector.pk).update(live_claims=collector.live_claims + 1)
    collector.refresh_from_db()
    values: dict[str, Any] = {
        "terms": case.programme.terms, "currency": case.debt.currency, "balance_minor": case.debt.balance_minor,
        "past_due_since": case.debt.delinquency_date, "lease_until": accepted_at + timedelta(days=14),
    } | extra  # fmt: skip
    return Claim.objects.create(
        ref=f"M-{number():06d}", task=task, case=case, collector=collector, accepted_at=accepted_at, **values
    )
