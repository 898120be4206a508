"""A claimed case whose debtor may be called, the provider's end of the wire, and webhooks as it would sign them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection
from django.http import HttpResponse
from django.test import Client
from twilio.request_validator import RequestValidator

from calling.models import Call, Leg
from calling.providers.twilio import configured_port
from calling.services.masks import ensure_masks
from core import clock
from tests.calling.switchboard import new_number
from tests.factories import make_case, make_claim, make_collector, make_debt, make_debtor, make_notice, make_programme
from tests.simulator import ACCOUNT, TOKEN, Simulator

MASKS = [f"+1303555014{n}" for n in range(6)]


def ready(*, collector_ending: str = "01", debtor_ending: str = "01", collector=None, person=None, **extra: Any):
    """A live claim on a case whose notice went out ten days ago, with masks in the pool."""
    ensure_masks(e164s=MASKS)
    programme = extra.pop("programme", None) or make_programme()
    debtor = make_debtor(programme.org, person, e164=extra.pop("e164", "") or new_number(debtor_ending))
    case = make_case(programme, debt=make_debt(debtor), state="WORKING")
    make_notice(case)
    collector = collector or make_collector(e164=new_number(collector_ending))
    return make_claim(case, collector, **extra)


@contextlib.contextmanager
def provider_at(address: str, public: str, *, timeout_s: float = 10.0) -> Iterator[None]:
    """The configured port aimed at a simulator, with webhooks coming back to `public`."""
    kept = {name: getattr(settings, name) for name in ("VOICE_API_BASE", "VOICE_ACCOUNT_SID", "VOICE_AUTH_TOKEN")}
    kept["PUBLIC_BASE_URL"] = settings.PUBLIC_BASE_URL
    values = {
        "VOICE_API_BASE": address, "VOICE_ACCOUNT_SID": ACCOUNT, "VOICE_AUTH_TOKEN": TOKEN, "PUBLIC_BASE_URL": public,
    }  # fmt: skip
    for name, value in values.items():
        setattr(settings, name, value)
    configured_port.cache_clear()
    port = configured_port()
    port.http.timeout = timeout_s
    port.sleep = lambda _seconds: None
    try:
        yield
    finally:
        port.close()
        configured_port.cache_clear()
        for name, value in kept.items():
            setattr(settings, name, value)


def leg_of(call: Call, role: str) -> Leg:
    return Leg.objects.get(call=call, role=role)


def said(leg: Leg, step: str, *, sid: str = "", signature: str | None = None, **params: str) -> HttpResponse:
    """One webhook, signed as the provider signs."""
    path = f"/hooks/voice/{leg.token}/{step}/"
    fields = {"CallSid": sid or leg.sid or f"CA{leg.token[:32]}", "AccountSid": ACCOUNT} | params
    made = RequestValidator(TOKEN).compute_signature(settings.PUBLIC_BASE_URL + path, fields)
    headers = {"X-Twilio-Signature": made if signature is None else signature}
    return Client().post(path, fields, headers=headers)


def press(leg: Leg, step: str, key: str) -> str:
    answer = said(leg, step, CallStatus="in-progress", Digits=key)
    assert answer.status_code == 200
    return answer.content.decode()


def status(leg: Leg, word: str, seq: int, **params: str) -> HttpResponse:
    return said(leg, "status", CallStatus=word, SequenceNumber=str(seq), **params)


def dialled(call: Call) -> Leg:
    """Take a fresh call as far as the debtor's phone: the collector answers and presses 1."""
    collector = leg_of(call, "collector")
    assert b"Gather" in said(collector, "greet", CallStatus="in-progress").content
    assert "Dial" in press(collector, "accept", "1")
    return leg_of(call, "debtor")


def finish(call: Call, *, seq: int = 9) -> Call:
    """The collector's leg ends."""
    status(leg_of(call, "collector"), "completed", seq, CallDuration="40")
    call.refresh_from_db()
    return call


def now():
    return clock.now()


def threaded(act: Any) -> Any:
    """For a thread of its own: a connection of its own, closed afterwards."""

    def run() -> Any:
        close_old_connections()
        try:
            return act()
        finally:
            connection.close()

    return run


def verbs(simulator: Simulator, sid: str) -> list[tuple[str, str]]:
    return [(entry["side"], entry["verb"]) for entry in simulator.log(sid)]
