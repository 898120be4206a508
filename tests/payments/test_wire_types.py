"""What we send to Stripe fits the types inside the official SDK: every key known, every word among its literals."""

from __future__ import annotations

import json
import sys
import types
import typing
from typing import Any, Literal, Union, get_args, get_origin

import pytest
import stripe
import typing_extensions
from stripe import params
from stripe.params.v2 import core

from payments.fake_stripe.wire import decoded
from payments.models import FakePspRequest
from payments.stripe_gateway import gateway

pytestmark = pytest.mark.django_db

SHAPES = {
    "/v1/customers": params.CustomerCreateParams,
    "/v1/payment_intents": params.PaymentIntentCreateParams,
    "/v1/setup_intents": params.SetupIntentCreateParams,
    "/v1/refunds": params.RefundCreateParams,
    "/v1/transfers": params.TransferCreateParams,
    "/v1/payouts": params.PayoutCreateParams,
    "/v2/core/accounts": core.AccountCreateParams,
    "/v2/core/account_links": core.AccountLinkCreateParams,
}


def hints(shape: Any) -> dict[str, Any]:
    names = dict(vars(typing)) | vars(typing_extensions) | vars(stripe) | vars(sys.modules[shape.__module__])
    names["StripeContext"] = str  # named by the SDK for type checkers only
    return typing_extensions.get_type_hints(shape, globalns=names, localns=names)


def faults(shape: Any, value: Any, where: str) -> list[str]:
    """What does not fit. A literal beside `str` is taken as strict; form-encoded scalars stay text."""
    if isinstance(shape, str):
        shape = eval(shape, dict(vars(stripe)) | dict(vars(typing)))
    origin = get_origin(shape)
    if origin is Literal:
        return [] if value in get_args(shape) else [f"{where}: {value!r} is no known word"]
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(shape) if option is not type(None)]
        literal = [option for option in options if get_origin(option) is Literal]
        if bool in options and value in ("true", "false"):
            return []
        if literal and isinstance(value, str):
            return faults(literal[0], value, where)
        tried = [faults(option, value, where) for option in options]
        return min(tried, key=len)
    if origin is list:
        items = value.values() if isinstance(value, dict) else value
        return [fault for item in items for fault in faults(get_args(shape)[0], item, f"{where}[]")]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{where}: a mapping is expected"]
    if typing_extensions.is_typeddict(shape):
        return _members(shape, value, where)
    return [f"{where}: a plain value is expected"] if isinstance(value, dict) else []


def _members(shape: Any, value: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is not an object"]
    known = hints(shape)
    found = [f"{where}.{name}: unknown" for name in value if name not in known]
    found += [f"{where}.{name}: missing" for name in shape.__required_keys__ if name not in value]
    return found + [
        fault for name in value if name in known for fault in faults(known[name], value[name], f"{where}.{name}")
    ]


def send_everything() -> None:
    psp = gateway()
    for currency in ("USD", "EUR", "GBP", "JPY", "MXN"):
        ref = f"U-{currency}"
        made = psp.start_topup(org_id=1, topup_ref=ref, amount_minor=9000, currency=currency, key=f"topup:{ref}:0")
    account = psp.create_payee(collector_ref="C-1", country="US", key="payee:C-1:0")
    psp.onboarding_link(payee_ref=account, return_url="http://testserver/earnings/", key="link:C-1:0")
    psp.transfer(payee_ref=account, payout_ref="X-1", amount_minor=50, currency="USD", key="transfer:X-1:0")
    psp.save_funding_source(org_id=1, key="setup:1:0")
    psp.charge_invoice(org_id=1, invoice_ref="I-1", amount_minor=5, currency="USD", key="inv:1:0")
    psp.refund_topup(topup_psp_ref=made.ref, refund_ref="F-1", amount_minor=5, key="refund:1:0")
    psp.sweep(sweep_ref="S-1", amount_minor=5, currency="USD", key="sweep:1:0")


def test_every_recorded_request_fits_the_sdks_types():
    send_everything()
    wrong, seen = [], set()
    for request in FakePspRequest.objects.filter(method="post"):
        shape = SHAPES[request.path]
        seen.add(request.path)
        body = json.loads(request.body) if request.path.startswith("/v2/") else decoded(request.body)
        wrong += faults(shape, body, request.path)
    assert wrong == []
    assert seen == set(SHAPES)


@pytest.mark.parametrize(
    "body",
    [
        {"amount": "5", "currency": "usd", "payment_method_types": {"0": "card"}},
        {"amount": "5"},
        {"amount": "5", "currency": "usd", "capture_method": "sometimes"},
        {"amount": "5", "currency": "usd", "payment_method_data": {"type": "pigeon"}},
    ],
)
def test_the_walker_sees_a_wrong_request(body):
    assert faults(params.PaymentIntentCreateParams, body, "")
