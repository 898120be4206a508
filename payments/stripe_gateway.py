"""Stripe behind the port: separate charges and transfers, the only module that imports the SDK.

`fake` and `stripe` run the same code; only the HTTP client under the SDK differs. Retries are off: an answer that
gets lost is looked up by transfer group or metadata, never sent again blindly.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

import stripe
from django.conf import settings

from payments.errors import GatewayRefused, GatewayUnavailable, GatewayUnknown, WebhookRefused
from payments.fake_stripe.wire import FakeStripe
from payments.gateway import GatewayPort, PspLine, PspObject, opaque

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams
    from stripe.params import PaymentIntentCreateParamsPaymentMethodOptionsCustomerBalanceBankTransfer as BankTransfer

TOLERANCE_SECONDS = 300
_BANK_TRANSFERS: dict[str, BankTransfer] = {
    "usd": {"type": "us_bank_transfer"},
    "gbp": {"type": "gb_bank_transfer"},
    "jpy": {"type": "jp_bank_transfer"},
    "mxn": {"type": "mx_bank_transfer"},
    "eur": {"type": "eu_bank_transfer", "eu_bank_transfer": {"country": "DE"}},
}


class _Carrier(stripe.HTTPClient):
    """Puts the simulated processor under the SDK, so encoding, errors and idempotency are the real ones."""

    name = "simulated"

    def __init__(self) -> None:
        super().__init__()
        self._fake = FakeStripe()

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: str | bytes | None = None, *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:  # fmt: skip
        del _usage
        try:
            return self._fake.request(method, url, headers or {}, post_data)
        except ConnectionError as error:
            raise stripe.APIConnectionError(str(error)) from error  # type: ignore[no-untyped-call]


_T = TypeVar("_T")


def _ask(call: Callable[[], _T]) -> _T:
    """The SDK's answer. A lost answer, a server error, a conflict or a rate limit leaves open whether it happened."""
    try:
        return call()
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnknown from error
    except stripe.StripeError as error:
        if error.http_status == 409 or (error.http_status or 500) >= 500:  # 409: the same key is being answered
            raise GatewayUnknown from error
        raise GatewayRefused(reason=error.code or "refused") from error


@dataclass(frozen=True, slots=True)
class StripeGateway:
    """The port spoken through the SDK."""

    client: stripe.StripeClient

    def create_payee(self, *, collector_ref: str, country: str, key: str) -> str:
        """A recipient account on Stripe's express dashboard; Stripe itself asks the collector for the rest."""
        account = _ask(
            lambda: self.client.v2.core.accounts.create(
                {
                    "dashboard": "express",
                    "identity": {"country": opaque(country)},
                    "configuration": {
                        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
                    },
                    "metadata": {"collector": opaque(collector_ref)},
                },
                {"idempotency_key": key},
            )
        )
        return str(account.id)

    def onboarding_link(self, *, payee_ref: str, return_url: str, key: str) -> str:
        """Where the payee gives Stripe what it must know."""
        link = _ask(
            lambda: self.client.v2.core.account_links.create(
                {
                    "account": opaque(payee_ref),
                    "use_case": {
                        "type": "account_onboarding",
                        "account_onboarding": {"refresh_url": return_url, "return_url": return_url},
                    },
                },
                {"idempotency_key": key},
            )
        )
        return str(link.url)

    def _customer(self, org_id: int) -> str:
        query = f"metadata['org']:'{org_id}'"
        found = _ask(lambda: self.client.v1.customers.search({"query": query, "limit": 1}))
        if found.data:
            return str(found.data[0].id)
        made = _ask(
            lambda: self.client.v1.customers.create(
                {"metadata": {"org": str(org_id)}}, {"idempotency_key": f"customer:{org_id}:0"}
            )
        )
        return str(made.id)

    def start_topup(self, *, org_id: int, topup_ref: str, amount_minor: int, currency: str, key: str) -> PspObject:
        """Ask for a push bank transfer into the platform's balance."""
        customer = self._customer(org_id)
        code = currency.lower()
        intent = _ask(
            lambda: self.client.v1.payment_intents.create(
                {
                    "amount": amount_minor,
                    "currency": code,
                    "customer": customer,
                    "confirm": True,
                    "allowed_payment_method_types": ["customer_balance"],
                    "payment_method_data": {"type": "customer_balance"},
                    "payment_method_options": {
                        "customer_balance": {
                            "funding_type": "bank_transfer",
                            "bank_transfer": _BANK_TRANSFERS.get(code, _BANK_TRANSFERS["usd"]),
                        }
                    },
                    "metadata": {"topup": opaque(topup_ref)},
                },
                {"idempotency_key": key},
            )
        )
        return PspObject(ref=intent.id, status=intent.status, amount_minor=intent.amount, currency=currency)

    def save_funding_source(self, *, org_id: int, key: str) -> str:
        """Begin to save a creditor's bank account for invoices; returns the set-up's id."""
        customer = self._customer(org_id)
        setup = _ask(
            lambda: self.client.v1.setup_intents.create(
                {"customer": customer, "usage": "off_session", "metadata": {"org": str(org_id)}},
                {"idempotency_key": key},
            )
        )
        return str(setup.id)

    def charge_invoice(self, *, org_id: int, invoice_ref: str, amount_minor: int, currency: str, key: str) -> PspObject:
        """Pull an invoice from the creditor's saved bank account."""
        customer = self._customer(org_id)
        intent = _ask(
            lambda: self.client.v1.payment_intents.create(
                {
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "customer": customer,
                    "confirm": True,
                    "off_session": True,
                    "metadata": {"invoice": opaque(invoice_ref)},
                },
                {"idempotency_key": key},
            )
        )
        return PspObject(ref=intent.id, status=intent.status, amount_minor=intent.amount, currency=currency)

    def refund_topup(self, *, topup_psp_ref: str, refund_ref: str, amount_minor: int, key: str) -> str:
        """Give a prepayment back to whoever paid it."""
        refund = _ask(
            lambda: self.client.v1.refunds.create(
                {
                    "payment_intent": opaque(topup_psp_ref),
                    "amount": amount_minor,
                    "metadata": {"refund": opaque(refund_ref)},
                },
                {"idempotency_key": key},
            )
        )
        return str(refund.id)

    def transfer(self, *, payee_ref: str, payout_ref: str, amount_minor: int, currency: str, key: str) -> PspObject:
        """Send a payout; the transfer group finds it again whatever happens to the answer."""
        sent = _ask(
            lambda: self.client.v1.transfers.create(
                {
                    "amount": amount_minor,
                    "currency": currency.lower(),
                    "destination": opaque(payee_ref),
                    "transfer_group": f"payout_{opaque(payout_ref)}",
                    "metadata": {"payout": opaque(payout_ref)},
                },
                {"idempotency_key": key},
            )
        )
        return PspObject(ref=sent.id, status="succeeded", amount_minor=sent.amount, currency=currency)

    def reverse_transfer(self, *, transfer_ref: str, reversal_ref: str, amount_minor: int, key: str) -> str:
        """Take a transfer, or part of it, back from the payee."""
        back = _ask(
            lambda: self.client.v1.transfers.reversals.create(
                opaque(transfer_ref),
                {"amount": amount_minor, "metadata": {"reversal": opaque(reversal_ref)}},
                {"idempotency_key": key},
            )
        )
        return str(back.id)

    def sweep(self, *, sweep_ref: str, amount_minor: int, currency: str, key: str) -> str:
        """Move the platform's own money to its bank."""
        payout = _ask(
            lambda: self.client.v1.payouts.create(
                {"amount": amount_minor, "currency": currency.lower(), "metadata": {"sweep": opaque(sweep_ref)}},
                {"idempotency_key": key},
            )
        )
        return str(payout.id)

    def fetch(self, *, kind: str, psp_ref: str = "", our_ref: str = "") -> PspObject | None:
        """Look a top-up, transfer or payee up by the provider's id or by ours; None when it does not exist."""
        if kind == "transfer":
            return self._transfer(psp_ref, our_ref)
        if kind == "payee":
            account = _ask(lambda: self.client.v2.core.accounts.retrieve(opaque(psp_ref)))
            return PspObject(ref=account.id, status="open")
        if not psp_ref:
            query = f"metadata['topup']:'{opaque(our_ref)}'"
            found = _ask(lambda: self.client.v1.payment_intents.search({"query": query, "limit": 1}))
            if not found.data:
                return None
            psp_ref = found.data[0].id
        intent = _ask(
            lambda: self.client.v1.payment_intents.retrieve(
                opaque(psp_ref), {"expand": ["latest_charge.balance_transaction"]}
            )
        )
        return _topup(intent)

    def _transfer(self, psp_ref: str, our_ref: str) -> PspObject | None:
        if psp_ref:
            found = [_ask(lambda: self.client.v1.transfers.retrieve(opaque(psp_ref)))]
        else:
            group = f"payout_{opaque(our_ref)}"
            found = _ask(lambda: self.client.v1.transfers.list({"transfer_group": group, "limit": 10})).data
        if not found:
            return None
        sent = found[0]
        status = "reversed" if sent.reversed else "succeeded"
        return PspObject(ref=sent.id, status=status, amount_minor=sent.amount, currency=sent.currency.upper())

    def list_balance_transactions(self, *, after: str = "", limit: int = 100) -> list[PspLine]:
        """Lines of the provider's balance, newest first, those after the line `after`."""
        params: BalanceTransactionListParams = {"limit": limit}
        if after:
            params["starting_after"] = opaque(after)
        rows = _ask(lambda: self.client.v1.balance_transactions.list(params)).data
        return [
            PspLine(row.id, row.type, str(row.source or ""), row.amount, row.fee, row.currency.upper()) for row in rows
        ]


def _topup(intent: stripe.PaymentIntent) -> PspObject:
    money = getattr(intent.latest_charge, "balance_transaction", None)
    return PspObject(
        ref=intent.id,
        status=intent.status,
        amount_minor=intent.amount,
        currency=intent.currency.upper(),
        fee_minor=getattr(money, "fee", 0),
        is_available=getattr(money, "status", "") == "available",
    )


@lru_cache(maxsize=4)
def _client(key: str, backend: str) -> stripe.StripeClient:
    if backend == "fake":
        return stripe.StripeClient(key, http_client=_Carrier(), max_network_retries=0)
    return stripe.StripeClient(key, max_network_retries=0)


def gateway() -> GatewayPort:
    """The gateway of PAYMENTS_BACKEND. Raises GatewayUnavailable for `manual`, which sends nothing by itself."""
    if settings.PAYMENTS_BACKEND == "manual":
        raise GatewayUnavailable
    return StripeGateway(_client(settings.STRIPE_SECRET_KEY, settings.PAYMENTS_BACKEND))


@dataclass(frozen=True, slots=True)
class Notice:
    """A verified webhook: it only says that something about an object changed."""

    event_id: str
    kind: str
    object_ref: str


def verified(payload: bytes, signature: str) -> Notice:
    """Check a webhook's signature, age and mode. Real time counts here, also in a demonstration.

    The SDK accepts a timestamp of the future, so both directions are limited here. Raises WebhookRefused.
    """
    try:
        event = _client(settings.STRIPE_SECRET_KEY, settings.PAYMENTS_BACKEND).construct_event(
            payload, signature, settings.STRIPE_WEBHOOK_SECRET, tolerance=TOLERANCE_SECONDS
        )
        sent = next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
        notice = Notice(event.id, event.type, str(event.data.object["id"]))
        is_live = bool(event.livemode)
    except (stripe.SignatureVerificationError, ValueError, KeyError, AttributeError, StopIteration) as error:
        raise WebhookRefused(reason="signature") from error
    if abs(time.time() - sent) > TOLERANCE_SECONDS:
        raise WebhookRefused(reason="time")
    if is_live != settings.STRIPE_SECRET_KEY.startswith(("sk_live_", "rk_live_")):
        raise WebhookRefused(reason="mode")
    return notice
