"""The simulated processor's endpoints: method and path to what happens, as far as the product uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from payments.fake_stripe import store
from payments.fake_stripe.store import Body, Refused

Endpoint = Callable[[Body, tuple[str, ...]], Body]
_SEARCH = re.compile(r"""metadata\[["'](\w+)["']\]:["']([\w:-]+)["']""")


def _number(params: Body, name: str) -> int:
    try:
        value = int(params[name])
    except (KeyError, ValueError):
        raise Refused(400, "parameter_missing", f"Missing required param: {name}.") from None
    if value <= 0:
        raise Refused(400, "parameter_invalid_integer", f"{name} must be positive.")
    return value


def _search(kind: str, params: Body) -> Body:
    found = _SEARCH.fullmatch(params.get("query", ""))
    if not found:
        raise Refused(400, "parameter_invalid", "The search query is not understood.")
    rows = store.listed(kind, metadata__contains={found[1]: found[2]})
    return store.page(f"/v1/{kind}s/search", rows, "search_result")


def create_customer(params: Body, _ids: tuple[str, ...]) -> Body:
    return store.create("customer", "cus", metadata=params.get("metadata", {}))


def search_customers(params: Body, _ids: tuple[str, ...]) -> Body:
    return _search("customer", params)


def create_payment_intent(params: Body, _ids: tuple[str, ...]) -> Body:
    """A push bank transfer: the money arrives at once, and a webhook says so."""
    amount, currency = _number(params, "amount"), params["currency"]
    store.get("customer", params["customer"])
    intent = store.create(
        "payment_intent", "pi", amount=amount, amount_received=0, currency=currency, customer=params["customer"],
        status="requires_action", metadata=params.get("metadata", {}), latest_charge=None,
        payment_method_types=["customer_balance"], description=params.get("description"),
    )  # fmt: skip
    money = store.move_money("charge", amount, currency, intent["id"])
    charge = store.create(
        "charge", "ch", amount=amount, currency=currency, payment_intent=intent["id"], status="succeeded", paid=True,
        balance_transaction=money["id"],
    )  # fmt: skip
    store.update(intent["id"], status="succeeded", amount_received=amount, latest_charge=charge["id"])
    store.owe_webhook("payment_intent.succeeded", store.get("payment_intent", intent["id"]))
    return intent


def get_payment_intent(params: Body, ids: tuple[str, ...]) -> Body:
    body = store.get("payment_intent", ids[0])
    if body["latest_charge"] and params.get("expand"):
        charge = store.get("charge", body["latest_charge"])
        charge = charge | {"balance_transaction": store.get("balance_transaction", charge["balance_transaction"])}
        body = body | {"latest_charge": charge}
    return body


def search_payment_intents(params: Body, _ids: tuple[str, ...]) -> Body:
    return _search("payment_intent", params)


def create_setup_intent(params: Body, _ids: tuple[str, ...]) -> Body:
    return store.create(
        "setup_intent", "seti", customer=params["customer"], status="requires_payment_method", usage="off_session",
        client_secret=None, metadata=params.get("metadata", {}),
    )  # fmt: skip


def create_refund(params: Body, _ids: tuple[str, ...]) -> Body:
    intent = store.get("payment_intent", params["payment_intent"])
    amount = _number(params, "amount")
    refund = store.create(
        "refund", "re", amount=amount, currency=intent["currency"], payment_intent=intent["id"], status="succeeded",
        metadata=params.get("metadata", {}),
    )  # fmt: skip
    store.move_money("refund", -amount, intent["currency"], refund["id"])
    store.owe_webhook("refund.updated", refund)
    return refund


def create_transfer(params: Body, _ids: tuple[str, ...]) -> Body:
    amount, currency = _number(params, "amount"), params["currency"]
    account = store.get("v2.core.account", params["destination"])
    if account.get("is_restricted"):
        raise Refused(
            400, "insufficient_capabilities_for_transfer", "The destination account cannot receive transfers."
        )
    if store.available(currency) < amount:
        raise Refused(400, "balance_insufficient", "You have insufficient available funds in your Stripe account.")
    transfer = store.create(
        "transfer", "tr", amount=amount, amount_reversed=0, currency=currency, destination=params["destination"],
        transfer_group=params.get("transfer_group"), metadata=params.get("metadata", {}), reversed=False,
        description=params.get("description"), reversals=store.page("/v1/transfers/reversals", []),
    )  # fmt: skip
    store.move_money("transfer", -amount, currency, transfer["id"])
    store.owe_webhook("transfer.created", transfer)
    return transfer


def list_transfers(params: Body, _ids: tuple[str, ...]) -> Body:
    wanted = {"transfer_group": params["transfer_group"]} if "transfer_group" in params else {}
    return store.page("/v1/transfers", store.listed("transfer", **wanted))


def get_transfer(_params: Body, ids: tuple[str, ...]) -> Body:
    return store.get("transfer", ids[0])


def reverse_transfer(params: Body, ids: tuple[str, ...]) -> Body:
    transfer = store.get("transfer", ids[0])
    amount = _number(params, "amount")
    if amount > transfer["amount"] - transfer["amount_reversed"]:
        raise Refused(400, "charge_already_refunded", "The amount is more than what is left of the transfer.")
    total = transfer["amount_reversed"] + amount
    store.update(transfer["id"], amount_reversed=total, reversed=total == transfer["amount"])
    back = store.create(
        "transfer_reversal", "trr", amount=amount, currency=transfer["currency"], transfer=transfer["id"],
        metadata=params.get("metadata", {}),
    )  # fmt: skip
    store.move_money("transfer_refund", amount, transfer["currency"], back["id"])
    store.owe_webhook("transfer.reversed", store.get("transfer", transfer["id"]))
    return back


def create_payout(params: Body, _ids: tuple[str, ...]) -> Body:
    amount, currency = _number(params, "amount"), params["currency"]
    if store.available(currency) < amount:
        raise Refused(400, "balance_insufficient", "You have insufficient available funds in your Stripe account.")
    payout = store.create(
        "payout", "po", amount=amount, currency=currency, status="paid", metadata=params.get("metadata", {})
    )
    store.move_money("payout", -amount, currency, payout["id"])
    store.owe_webhook("payout.paid", payout)
    return payout


def list_balance_transactions(params: Body, _ids: tuple[str, ...]) -> Body:
    rows = store.listed("balance_transaction")
    ids = [row["id"] for row in rows]
    after = params.get("starting_after")
    if after in ids:
        rows = rows[ids.index(after) + 1 :]
    limit = int(params.get("limit", 10))
    return store.page("/v1/balance_transactions", rows[:limit]) | {"has_more": len(rows) > limit}


def create_account(params: Body, _ids: tuple[str, ...]) -> Body:
    return store.create(
        "v2.core.account", "acct", applied_configurations=sorted(params.get("configuration", {})), dashboard="express",
        metadata=params.get("metadata", {}), display_name=None, identity=params.get("identity", {}),
    )  # fmt: skip


def get_account(_params: Body, ids: tuple[str, ...]) -> Body:
    return store.get("v2.core.account", ids[0])


def create_account_link(params: Body, _ids: tuple[str, ...]) -> Body:
    account: Any = store.get("v2.core.account", params["account"])
    url = params["use_case"]["account_onboarding"]["return_url"]
    return {
        "object": "v2.core.account_link", "account": account["id"], "url": url, "livemode": False,
        "created": "2026-11-03T15:05:00.000Z", "expires_at": "2026-11-03T15:35:00.000Z", "use_case": params["use_case"],
    }  # fmt: skip


_ROUTES: list[tuple[str, str, Endpoint]] = [
    ("post", "/v1/customers", create_customer),
    ("get", "/v1/customers/search", search_customers),
    ("post", "/v1/payment_intents", create_payment_intent),
    ("get", "/v1/payment_intents/search", search_payment_intents),
    ("get", r"/v1/payment_intents/(pi_\w+)", get_payment_intent),
    ("post", "/v1/setup_intents", create_setup_intent),
    ("post", "/v1/refunds", create_refund),
    ("post", "/v1/transfers", create_transfer),
    ("get", "/v1/transfers", list_transfers),
    ("get", r"/v1/transfers/(tr_\w+)", get_transfer),
    ("post", r"/v1/transfers/(tr_\w+)/reversals", reverse_transfer),
    ("post", "/v1/payouts", create_payout),
    ("get", "/v1/balance_transactions", list_balance_transactions),
    ("post", "/v2/core/accounts", create_account),
    ("get", r"/v2/core/accounts/(acct_\w+)", get_account),
    ("post", "/v2/core/account_links", create_account_link),
]


def answer(method: str, path: str, params: Body) -> Body:
    """What the endpoint returns. Raises Refused with Stripe's error object."""
    for verb, pattern, endpoint in _ROUTES:
        match = re.fullmatch(pattern, path)
        if verb == method and match:
            return endpoint(params, match.groups())
    raise Refused(404, "url_invalid", f"Unrecognized request URL ({method.upper()}: {path}).")
