"""What the demo begins with: two creditors, their programmes and money, a vetted collector, an applicant, an admin.

Everything goes through the services people use, and everything looks before it makes, so it is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings

from accounts.models import Collector, CreditorOrg, User
from accounts.services.applications import (
    LicenceClaim,
    add_document,
    save_application,
    start_application,
    submit_application,
)
from accounts.services.organisations import create_org
from accounts.services.vetting import review_application
from calling.services.masks import ensure_masks
from compliance.services.notices import send_notices
from compliance.services.placing import place_file
from marketplace import states
from marketplace.local import market_day
from marketplace.models import Batch, Case, Programme
from marketplace.placement.generate import portfolio_csv
from marketplace.services.programmes import ProgrammeValues
from payments import ledger
from payments.fake_stripe import webhooks
from payments.plans import Plan
from payments.services.publish import list_cases
from payments.services.terms import open_programme
from payments.services.topups import start_topup
from payments.services.webhooks import handle_waiting, receive_stripe

PASSWORD = "evenhand-demo"  # noqa: S105 - the demo's logins are public
LICENSED = ("US-NY", "US-NJ", "US-PA", "US-IL", "US-TX")
MASKS = [f"+1{area}5550{line:03d}" for area in ("212", "312", "213") for line in (190, 191, 192)]
FLOAT_MINOR = 2_500_000
Say = Callable[[str], None]

TERMS: dict[str, Any] = {
    "currency": "USD", "basis": "principal_interest", "age_at": "claim", "bracket_mode": "whole",
    "tiers": [
        {"from_age": start, "brackets": [{"up_to": None, "bps": bps}]}
        for start, bps in ((1, 1000), (30, 1500), (60, 2000), (90, 3000), (180, 4000))
    ],
    "split": {"collector": 7000, "platform": 3000}, "vat_bps": 0, "withholding_bps": 0,
    "holdback": {
        "cash": {"new": 3}, "transfer": {"new": 3}, "ach": {"new": 10}, "card": {"new": 30}, "check": {"new": 10},
    },
}  # fmt: skip
CLEARING_DAYS = {"cash": 0, "transfer": 1, "ach": 4, "card": 2, "check": 7}
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea735819e0000000049454e44ae426082"
)


def seed(*, at: datetime, say: Say, portfolio_rows: int = 240) -> None:
    """Make what is missing of the demo; `say` is told each step."""
    admin = _user("admin@example.com", "Ada Review", is_staff=True, is_superuser=True)
    ensure_masks(e164s=MASKS)
    harbour = _creditor("creditor@example.com", "Harriet Lin", "Harbour Cards", "harbour", at)
    meridian = _creditor("meridian@example.com", "Mara Dell", "Meridian Telecom", "meridian", at)
    cards = _programme(harbour, "cards", "Cards 2026", "credit card", at)
    phones = _programme(meridian, "phones", "Phone bills", "phone bill", at)
    collector = _collector("collector@example.com", "Dana Okafor", "Dana O.", admin, at)
    _user("applicant@example.com", "Noor Haddad")
    say(f"logins ready: creditor, meridian, collector {collector.ref}, applicant, admin")
    for org in (harbour, meridian):
        _fund(org, at)
    for programme, rows, number in ((cards, portfolio_rows, 1), (phones, portfolio_rows // 4, 2)):
        _portfolio(programme, rows, number, at, say)


def _user(email: str, name: str, **extra: Any) -> User:
    user = User.objects.filter(email=email).first() or User.objects.create_user(email, PASSWORD, name=name, **extra)
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def _creditor(email: str, person: str, name: str, slug: str, at: datetime) -> CreditorOrg:
    found = CreditorOrg.objects.filter(slug=slug).first()
    user = _user(email, person)
    return found or create_org(
        user=user, name=name, legal_name=f"{name} LLC", slug=slug, actor=f"user:{user.pk}", at=at,
        postal_address=f"{name}, Customer Care, 1 Harbour Street, Albany, NY 12207",
    )  # fmt: skip


def _programme(org: CreditorOrg, slug: str, name: str, product: str, at: datetime) -> Programme:
    found = Programme.objects.filter(org=org, slug=slug).first()
    ways = f"Bank transfer or card in {org.name}'s own app or at its counters. Quote your account reference."
    values = ProgrammeValues(
        name=name, product=product, ways_to_pay=ways, clearing_days=CLEARING_DAYS, float_floor_minor=50_000
    )
    return found or open_programme(
        org=org, slug=slug, values=values, plan=Plan.from_json(TERMS), actor="system", at=at
    )  # fmt: skip


def _collector(email: str, name: str, alias: str, admin: User, at: datetime) -> Collector:
    user = _user(email, name)
    application = start_application(user=user, alias=alias, phone_e164="+16465550142", at=at)
    if application.state == "DRAFT":
        licences = [LicenceClaim(region, f"{region[-2:]}-20{index}7") for index, region in enumerate(LICENSED)]
        save_application(
            application=application, legal_name=name, birth_date=date(1990, 4, 2), licences=licences, statement="",
            address="12 Placeholder Avenue, Albany, NY 12207", accepts_code=True, at=at,
        )  # fmt: skip
        add_document(application=application, kind="IDENTITY", region="", filename="id.png", body=PNG, at=at)
        for region in LICENSED:
            add_document(application=application, kind="LICENCE", region=region, filename="l.png", body=PNG, at=at)
        submit_application(application=application, at=at)
        review_application(
            application=application, reviewer=admin, decision="APPROVE", reason_code="complete",
            reason_text="Identity and licences checked.", valid_to=at + timedelta(days=120), regions=LICENSED, at=at,
        )  # fmt: skip
    return application.collector


def _fund(org: CreditorOrg, at: datetime) -> None:
    if ledger.balance(f"L.wallet.{org.pk}", "USD") == 0 and not org.topups.exists():
        start_topup(org=org, amount_minor=FLOAT_MINOR, currency="USD", actor="system", at=at)
        _receive_webhooks(at)


def _receive_webhooks(at: datetime) -> None:
    """Take the simulated processor's signed webhooks in, before any web server runs that could receive them."""

    def send(payload: bytes, signature: str) -> int:
        receive_stripe(payload=payload, signature=signature, at=at)
        return 200

    if settings.PAYMENTS_BACKEND == "fake":
        webhooks.deliver(send, secret=settings.STRIPE_WEBHOOK_SECRET, at=at)
        handle_waiting(at=at)


def _portfolio(programme: Programme, rows: int, number: int, at: datetime, say: Say) -> None:
    if Batch.objects.filter(programme=programme).exists():
        return
    today = market_day(at)
    data = portfolio_csv(rows, number, today, programme.product)
    batch = place_file(
        programme=programme, data=data, filename=f"{programme.slug}-demo.csv", as_of=today, actor="system", at=at
    )
    say(f"{programme}: {batch.verdicts}")
    publish(programme, at=at, say=say)


def publish(programme: Programme, *, at: datetime, say: Say) -> None:
    """Send the notices that can be sent and list what may be listed."""
    sent = send_notices(cases=list(Case.objects.filter(programme=programme, state=states.READY)), at=at)
    report = list_cases(programme=programme, at=at)
    say(f"{programme}: {len(sent.sent)} notices in the print queue, {len(report.listed)} cases listed")
