"""One creditor, one collector and one debtor with everything that can happen between them, for tests that walk pages.

The two phone numbers are canaries: they may be found nowhere but sealed, on the wire to the provider and on the phones.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from accounts.models import ApiToken, Application, ApplicationDocument, Collector, CreditorOrg, User
from accounts.services.applications import (
    LicenceClaim,
    add_document,
    save_application,
    start_application,
    submit_application,
)
from accounts.services.organisations import create_token
from accounts.services.vetting import review_application
from calling import dialler
from calling.models import Call, Incident
from calling.services.masks import ensure_masks
from calling.services.results import record_result
from compliance.gate import authorise
from compliance.models import Dispute, Hold, Refusal
from compliance.services.attempts import record_inbound
from compliance.services.claiming import claim_case
from compliance.services.disputes import open_dispute
from compliance.services.holds import open_hold
from compliance.services.notes import add_note
from compliance.services.notices import send_notice
from compliance.services.placing import place_file
from core.crypto import unseal
from insight.services.progress import mark, refresh
from insight.services.snapshots import take_month
from marketplace.models import Batch, Case, Claim, ContactPoint, Programme, SupportTicket
from marketplace.placement.generate import portfolio_csv
from marketplace.services.promises import make_promise
from marketplace.services.support import open_ticket
from payments.models import PaidStatement, Payment
from payments.services.publish import list_cases
from payments.services.statements import state_paid
from tests.accounts.kit import PNG, make_staff
from tests.calling.kit import MASKS, dialled, finish, press, said, status
from tests.factories import make_member, make_org, make_programme, make_user
from tests.payments.kit import pay, top_up

DEBTOR_PHONE, COLLECTOR_PHONE = "+12125550177", "+16465550133"
DEBTOR_NAME, COLLECTOR_NAME = "Quilla Xanthopoulos", "Wolfram Yarborough"
ACCOUNT = "ZZ-ACCOUNT-7431"


@dataclass
class World:
    """The rows by the names that addresses use. `link` is the debtor's private token, `token` the API's."""

    owner: User
    org: CreditorOrg
    programme: Programme
    batch: Batch
    case: Case
    other: Case
    collector: Collector
    claim: Claim
    call: Call
    refusal: Refusal
    dispute: Dispute
    hold: Hold
    statement: PaidStatement
    payment: Payment
    ticket: SupportTicket
    document: ApplicationDocument
    api: ApiToken
    token: str

    @property
    def link(self) -> str:
        return unseal(self.case.link_sealed)

    def secrets(self) -> list[str]:
        """What nobody else may read: references, names, what was written."""
        rows = (self.case, self.claim, self.call, self.payment, self.dispute, self.batch, self.statement, self.ticket)
        return [*(row.ref for row in rows), DEBTOR_NAME, COLLECTOR_NAME, ACCOUNT, self.org.name, self.link, self.token]


def portfolio(at: datetime) -> bytes:
    """Two rows of a generated file, the first with the canary number in New York."""
    heads, first, second = list(csv.reader(io.StringIO(portfolio_csv(2, 9, at.date()).decode())))[:3]
    shared = {"state": "NY", "city": "Albany", "postal_code": "12207", "flag": "", "flags": ""}
    rows = []
    for row, own in (
        (first, {"account_ref": ACCOUNT, "name": DEBTOR_NAME, "debtor_name": DEBTOR_NAME, "phone": DEBTOR_PHONE}),
        (second, {"phone": "+15185550144"}),
    ):
        named = dict(zip(heads, row, strict=True))
        zone = {key: "America/New_York" for key in named if "zone" in key}
        money = {"principal": "1100.00", "interest": "85.57", "fees": "49.00", "balance": "1234.57"}
        wanted = {**shared, **zone, **own, "days_past_due": "35", "email": "", **money}
        named.update({key: value for key, value in wanted.items() if key in named})
        rows.append(list(named.values()))
    text = io.StringIO()
    csv.writer(text).writerows([heads, *rows])
    return text.getvalue().encode()


def apply(user: User, at: datetime) -> Application:
    """An approved application with the canary number."""
    application = start_application(user=user, alias="Wren W.", phone_e164=COLLECTOR_PHONE, at=at)
    save_application(
        application=application, legal_name=COLLECTOR_NAME, birth_date=date(1990, 2, 28), address="1 Quay Road\nAlbany",
        licences=[LicenceClaim("US-NY", "L-1")], statement="", accepts_code=True, at=at,
    )  # fmt: skip
    for kind, region in (("IDENTITY", ""), ("LICENCE", "US-NY")):
        add_document(application=application, kind=kind, region=region, filename=f"{kind}.png", body=PNG, at=at)
    submit_application(application=application, at=at)
    review_application(
        application=application, reviewer=make_staff(), decision="APPROVE", reason_code="complete",
        reason_text="Checked.", valid_to=at + timedelta(days=200), regions=["US-NY"], at=at,
    )  # fmt: skip
    return application


def placed(at: datetime) -> dict[str, Any]:
    """A funded creditor with two noticed and listed cases, and a vetted collector who claimed the first."""
    ensure_masks(e164s=MASKS)
    org = make_org("harbour", name="Zephyrine Credit")
    owner = make_member(org)
    programme = make_programme(org, slug="cards")
    top_up(org, 500_000, at)
    before = at - timedelta(days=10)
    batch = place_file(
        programme=programme, data=portfolio(at), filename="cards.csv", as_of=at.date(), actor="user:1", at=before
    )
    cases = list(Case.objects.order_by("pk"))
    assert len(cases) == 2, batch.codes
    for case in cases:
        send_notice(case=case, at=before)
    report = list_cases(programme=programme, at=at)
    assert len(report.listed) == 2, report.refused
    application = apply(make_user(name=COLLECTOR_NAME), at)
    claim = claim_case(case_ref=cases[0].ref, collector=application.collector, at=at)
    api, token = create_token(org=org, label="System", actor="user:1", at=at)
    return {
        "owner": owner, "org": org, "programme": programme, "batch": batch, "case": cases[0], "other": cases[1],
        "collector": application.collector, "claim": claim, "api": api, "token": token,
        "document": application.documents.first(),
    }  # fmt: skip


def called_by_hand(claim: Claim, at: datetime) -> Call:
    """A call of which every webhook is sent here: both talk, the debtor's side ends."""
    call = dialler.place_call(claim=claim, collector=claim.collector, idem_key="world", at=at)
    assert isinstance(call, Call)
    debtor = dialled(call)
    said(debtor, "whisper", CallStatus="in-progress")
    press(debtor, "choice", "1")
    status(debtor, "completed", 3, CallDuration="40")
    return finish(call)


def acted(rows: dict[str, Any], call: Call, at: datetime) -> World:
    """Everything after the call: result, note, promise, refusal, hold, dispute, statement, payment, ticket, figures."""
    claim, case, collector = rows["claim"], rows["case"], rows["collector"]
    record_result(call=call, result="TALKED", text="Talked about a date.", actor=collector.actor, at=at)
    add_note(claim=claim, action="CHECK", result="NOTHING", text="Read the file.", actor=collector.actor, at=at)
    make_promise(
        case=case, claim=claim, amount_minor=5000, due_date=(at + timedelta(days=5)).date(), channel="call",
        actor=collector.actor, at=at,
    )  # fmt: skip
    payment = pay(case, 10030, at)
    refusal = authorise(case=case, channel="call", actor=collector.actor, at=at, collector_ref=collector.ref)
    assert isinstance(refusal, Refusal)
    point = ContactPoint.objects.filter(debtor=case.debtor, kind="phone").get()
    record_inbound(case=case, channel="call", outcome="answered", at=at, number_hash=bytes(point.hash))
    Incident.objects.create(kind="unknown_leg", provider_ref="CA-unknown", at=at)
    hold = open_hold(case=case, reason="COMPLAINT", actor="system", at=at)
    dispute = open_dispute(case=case, parts=[], text="Not mine.", channel="portal", actor="debtor", at=at)
    statement = state_paid(
        case=rows["other"], amount_minor=5000, paid_on=at.date(), instrument="transfer", text="By bank.", at=at
    )
    ticket = open_ticket(
        user=collector.user, case=case, topic="rule", text="Why was this refused?", actor=collector.actor, at=at,
        context={"decision": refusal.ref, "call": call.ref},
    )  # fmt: skip
    mark(rows["programme"].pk)
    refresh(programme_id=rows["programme"].pk, at=at)
    take_month(at=at)
    case.refresh_from_db()
    return World(
        **rows, call=call, refusal=refusal, dispute=dispute, hold=hold, statement=statement, payment=payment,
        ticket=ticket,
    )  # fmt: skip
