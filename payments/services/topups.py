"""A creditor's prepayment for services: asked for through the gateway, booked when the provider says it arrived."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import CreditorOrg
from core.errors import BadInput
from core.events import record
from core.ids import new_ref
from core.money import is_currency
from marketplace.errors import KeyReused
from payments import ledger, states
from payments.errors import GatewayRefused, GatewayUnknown
from payments.gateway import PspObject, idempotency_key
from payments.models import TopUp
from payments.services.payouts import NEVER_RESEND_AFTER
from payments.services.publish import refresh_funding
from payments.stripe_gateway import gateway

MOST_MINOR = 100_000_000


def start_topup(
    *, org: CreditorOrg, amount_minor: int, currency: str, actor: str, at: datetime, tap: str = ""
) -> TopUp:  # fmt: skip
    """Ask the provider for a push bank transfer of `amount_minor`. The key is stored before the call.

    The wallet grows when the provider's webhook says the money arrived. The same `tap` (the key of one form) again
    returns the first top-up. Raises BadInput, KeyReused (another amount under that key), GatewayRefused (nothing was
    charged), GatewayUnknown (it is looked up later; it is never sent again blindly). Not inside a transaction.
    """
    if type(amount_minor) is not int or not 0 < amount_minor <= MOST_MINOR:
        raise BadInput(field="amount", reason=_("Write an amount above zero and at most one million."))
    if not is_currency(currency):
        raise BadInput(field="currency", reason=_("Choose a currency."))
    ref = new_ref("U")
    port = gateway()
    topup, is_new = TopUp.objects.get_or_create(
        org=org, tap=tap or ref,
        defaults={
            "ref": ref, "amount_minor": amount_minor, "currency": currency, "requested_by": actor, "requested_at": at,
            "idem_key": idempotency_key("topup", ref),
        },
    )  # fmt: skip
    if not is_new:
        if (topup.amount_minor, topup.currency) != (amount_minor, currency):
            raise KeyReused()
        return topup
    TopUp.objects.filter(pk=topup.pk).update(state=states.SENDING)
    try:
        made = port.start_topup(
            org_id=org.pk, topup_ref=ref, amount_minor=amount_minor, currency=currency, key=topup.idem_key
        )
    except GatewayUnknown:
        TopUp.objects.filter(pk=topup.pk, state=states.SENDING).update(state=states.UNKNOWN)
        raise
    except GatewayRefused:
        # the form may be sent again: nothing was asked for under its key
        TopUp.objects.filter(pk=topup.pk).update(state=states.FAILED, finished_at=at, tap=None)
        raise
    TopUp.objects.filter(pk=topup.pk).update(psp_ref=made.ref)
    topup.refresh_from_db()
    return topup


def arrived(*, found: PspObject, topup: TopUp, at: datetime) -> None:
    """Book a top-up from what the provider says now: entry 2 when it succeeded, 3 its fee, 4 when it is available.

    Each entry is keyed by the provider's id and state, so any number of deliveries in any order book once.
    """
    if found.status != "succeeded":
        return
    with transaction.atomic():
        row = TopUp.objects.select_for_update(of=("self",)).select_related("org").get(pk=topup.pk)
        gross, currency, account = found.amount_minor, found.currency, ledger.wallet(row.org_id)
        ledger.post(
            key=f"pi:{found.ref}:succeeded", kind="2", at=at, currency=currency,
            lines=[(ledger.PSP_PENDING, gross), (account, -gross)],
        )  # fmt: skip
        if found.fee_minor:
            ledger.post(
                key=f"pi:{found.ref}:fee", kind="3", at=at, currency=currency,
                lines=[(ledger.PSP_FEES, found.fee_minor), (ledger.PSP_PENDING, -found.fee_minor)],
            )  # fmt: skip
        net = gross - found.fee_minor
        if found.is_available:
            ledger.post(
                key=f"pi:{found.ref}:available", kind="4", at=at, currency=currency,
                lines=[(ledger.PSP_AVAILABLE, net), (ledger.PSP_PENDING, -net)],
            )  # fmt: skip
        if row.state in (states.SENDING, states.UNKNOWN):
            TopUp.objects.filter(pk=row.pk).update(state=states.CONFIRMED, psp_ref=found.ref, finished_at=at)
            record(
                name="topup.succeeded", stream=f"org:{row.org_id}", actor="system", at=at, creditor_id=row.org_id,
                data={"topup": row.ref, "amount_minor": gross, "currency": currency},
            )  # fmt: skip
    refresh_funding(org=row.org, at=at)


def look_at(*, psp_ref: str, at: datetime) -> bool:
    """Something changed about this payment intent: fetch it and book what it says. False for one that is not ours."""
    found = gateway().fetch(kind="topup", psp_ref=psp_ref)
    if found is None:
        return False
    topup = TopUp.objects.filter(psp_ref=psp_ref).first()
    if topup is None:
        topup = _unanswered(psp_ref)
    if topup is None:
        return False
    arrived(found=found, topup=topup, at=at)
    return True


def _unanswered(psp_ref: str) -> TopUp | None:
    """The top-up whose answer got lost, so that we never learned the provider's id."""
    for topup in TopUp.objects.filter(psp_ref__isnull=True, state__in=[states.SENDING, states.UNKNOWN]):
        found = gateway().fetch(kind="topup", our_ref=topup.ref)
        if found is not None and found.ref == psp_ref:
            return topup
    return None


def look_up_open(*, at: datetime) -> None:
    """Look up every top-up that is under way; one that never reached the provider is given up after 20 hours."""
    for topup in TopUp.objects.filter(state__in=[states.SENDING, states.UNKNOWN]):
        try:
            found = gateway().fetch(kind="topup", psp_ref=topup.psp_ref or "", our_ref=topup.ref)
        except (GatewayUnknown, GatewayRefused):
            continue
        if found is not None:
            arrived(found=found, topup=topup, at=at)
        elif at - topup.requested_at > NEVER_RESEND_AFTER:
            open_rows = TopUp.objects.filter(pk=topup.pk, state__in=[states.SENDING, states.UNKNOWN])
            open_rows.update(state=states.FAILED, finished_at=at)
