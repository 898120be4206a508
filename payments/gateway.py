"""The port to a payment provider. No verb takes a debtor: the debtor pays the creditor, never through us.

Every reference passed here is opaque (an organisation's id, one of our refs); `key` is the idempotency key that was
stored before the call.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

_OPAQUE = re.compile(r"[A-Za-z0-9_:-]{1,80}")


@dataclass(frozen=True, slots=True)
class PspObject:
    """What the provider knows of a top-up, transfer or payee: its id, whether it is done, minor units, and its fee."""

    ref: str
    status: str
    amount_minor: int = 0
    currency: str = ""
    fee_minor: int = 0
    is_available: bool = False


@dataclass(frozen=True, slots=True)
class PspLine:
    """One line of the provider's balance, minor units, signed as the provider sees it."""

    ref: str
    kind: str
    source: str
    amount_minor: int
    fee_minor: int
    currency: str


class GatewayPort(Protocol):
    """All that is asked of a provider. Each verb raises GatewayRefused, or GatewayUnknown when no answer came."""

    def create_payee(self, *, collector_ref: str, country: str, key: str) -> str: ...

    def onboarding_link(self, *, payee_ref: str, return_url: str, key: str) -> str: ...

    def start_topup(self, *, org_id: int, topup_ref: str, amount_minor: int, currency: str, key: str) -> PspObject: ...

    def save_funding_source(self, *, org_id: int, key: str) -> str: ...

    def charge_invoice(
        self, *, org_id: int, invoice_ref: str, amount_minor: int, currency: str, key: str
    ) -> PspObject: ...

    def refund_topup(self, *, topup_psp_ref: str, refund_ref: str, amount_minor: int, key: str) -> str: ...

    def transfer(self, *, payee_ref: str, payout_ref: str, amount_minor: int, currency: str, key: str) -> PspObject: ...

    def reverse_transfer(self, *, transfer_ref: str, reversal_ref: str, amount_minor: int, key: str) -> str: ...

    def sweep(self, *, sweep_ref: str, amount_minor: int, currency: str, key: str) -> str: ...

    def fetch(self, *, kind: str, psp_ref: str = "", our_ref: str = "") -> PspObject | None: ...

    def list_balance_transactions(self, *, after: str = "", limit: int = 100) -> list[PspLine]: ...


def opaque(value: object) -> str:
    """The value as a reference a provider may see. Raises ValueError for anything a person could be read from."""
    text = str(value)
    if not _OPAQUE.fullmatch(text):
        raise ValueError("only opaque references go to a payment provider")
    return text


def idempotency_key(verb: str, our_ref: object, generation: int = 0) -> str:
    """`<verb>:<our id>:<generation>`, never built from amounts."""
    return f"{verb}:{opaque(our_ref)}:{generation}"
