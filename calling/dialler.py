"""The dialler: the only place from which calls leave, and the only one that knows the provider and the numbers.

Collector first: his phone rings, he presses 1, and only then is the debtor dialled. A call is written down and its
permit redeemed before anything leaves, so that a crash in between leaves it counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.access import is_working
from accounts.errors import NotVetted
from accounts.models import Collector
from calling import fold
from calling.errors import CallRunning, NoOwnNumber, PhoneUnreachable, ResultMissing
from calling.flows import Flow
from calling.models import Call, Leg
from calling.providers.base import (
    Accepted,
    CallEvent,
    PlaceCall,
    Placed,
    ProviderError,
    Refused,
    Unknown,
    Vault,
    VoicePort,
)
from calling.providers.base import LegFacts as LegFacts  # for the modules that ask through the dialler
from calling.providers.base import WebhookKind as WebhookKind
from calling.providers.twilio import configured_port
from calling.services.legs import MAX_S, PATIENCE_S, RING_S, Report, legs_of, lock_call, observe, settle
from calling.services.masks import area_of, lease_mask
from compliance import gate
from compliance.models import Permit, Refusal
from core.crypto import keyed_hash, unseal
from core.events import record
from core.ids import new_ref, new_token
from marketplace.errors import ClaimEnded, KeyReused
from marketplace.models import Claim


def _port() -> VoicePort:
    return configured_port()


def step_path(token: str, step: str) -> str:
    """Where the provider asks about a leg. The token is all that the address says."""
    return f"/hooks/voice/{token}/{step}/"


def mask_token(call: Call) -> str:
    """The opaque name of a call's mask in a flow."""
    return f"mask_{call.ref}"


def _vault(call: Call) -> Vault:
    """Turns the tokens of this one call into numbers; any other token is a KeyError."""

    def number(token: str) -> str:
        if token == mask_token(call):
            return call.mask.e164
        leg = Leg.objects.select_related("contact_point").filter(call=call, token=token).first()
        if leg is None:
            raise KeyError("no such token in this call")
        if leg.contact_point is not None:
            return unseal(leg.contact_point.sealed)
        return unseal(Collector.objects.only("phone_sealed").get(pk=call.collector_id).phone_sealed or b"")

    return number


def place_call(*, claim: Claim, collector: Collector, idem_key: str, at: datetime) -> Call | Refusal:
    """Ring the collector about his case, or say why not. Not to be called inside a transaction: it telephones.

    Args: idem_key one key a tap; the same key gives the same call. Returns the Call, or the gate's Refusal (stored).
    Raises ClaimEnded, NotVetted, ResultMissing, CallRunning, NoNumber, NoOwnNumber, NoMask, KeyReused; each leaves no
    trace. When the provider refuses, the call has ended as failed and the slot is given back; when nobody can tell
    whether it rings, it counts and is looked for, and is never asked for again.
    """
    decided, is_new = _prepare(claim=claim, collector=collector, idem_key=idem_key, at=at)
    if isinstance(decided, Refusal) or not is_new:
        return decided
    call = decided
    gate.redeem(permit=call.permit, at=at, collector_ref=collector.ref)
    leg, _debtor = legs_of(call)
    order = PlaceCall(
        leg=leg.token, mask=mask_token(call), flow_path=step_path(leg.token, "greet"),
        status_path=step_path(leg.token, "status"), ring_s=RING_S, max_s=MAX_S,
    )  # fmt: skip
    _keep(call, leg, _port().place_call(order, _vault(call)), at=at)
    call.refresh_from_db()
    return call


def _prepare(*, claim: Claim, collector: Collector, idem_key: str, at: datetime) -> tuple[Call | Refusal, bool]:
    """Everything up to the provider, in one transaction; the flag says whether this very request made the call."""
    with transaction.atomic():
        mine = Collector.objects.select_for_update(no_key=True).get(pk=collector.pk)
        earlier = Call.objects.filter(idem_key=idem_key).first()
        if earlier is not None:
            if (earlier.collector_id, earlier.claim_id) != (mine.pk, claim.pk):
                raise KeyReused()
            return earlier, False
        held = Claim.objects.select_related("case__debtor", "case__org").get(pk=claim.pk)
        _check(held, mine, at=at)
        decided = gate.authorise(
            case=held.case, channel="call", actor=mine.actor, at=at, collector_ref=mine.ref
        )  # fmt: skip
        if isinstance(decided, Refusal):
            return decided, False
        return _write(held, mine, decided, idem_key=idem_key, at=at), True


def _check(claim: Claim, collector: Collector, *, at: datetime) -> None:
    if claim.collector_id != collector.pk or not claim.is_live:
        raise ClaimEnded()
    if not is_working(collector, at):
        raise NotVetted()
    if collector.phone_sealed is None:
        raise NoOwnNumber()
    open_one = Call.objects.filter(collector=collector, result_at__isnull=True).select_related("case").first()
    if open_one is not None:
        raise ResultMissing(call=open_one.ref, case=open_one.case.ref)
    if Call.objects.filter(collector=collector, ended_at__isnull=True).exists():
        raise CallRunning()


def may_still_call(call: Call, *, at: datetime) -> bool:
    """Whether the collector who asked for this call still holds its case and still works here."""
    return call.claim.is_live and is_working(call.collector, at)


def _write(claim: Claim, collector: Collector, permit: Permit, *, idem_key: str, at: datetime) -> Call:
    case, point = claim.case, permit.contact_point
    assert point is not None  # the gate gives no permit for a call without a number
    e164 = unseal(point.sealed)
    mask = lease_mask(
        debtor_key=keyed_hash(e164, purpose="mask"), area=area_of(e164), claim=claim, org=case.org, at=at
    )  # fmt: skip
    call = Call.objects.create(
        ref=new_ref("L"), case=case, claim=claim, collector=collector, permit=permit, mask=mask, idem_key=idem_key,
        requested_at=at,
    )  # fmt: skip
    first = at + timedelta(seconds=PATIENCE_S[fold.REQUESTED])
    Leg.objects.create(call=call, role=Leg.Role.COLLECTOR, token=new_token(), deadline_at=first)
    Leg.objects.create(call=call, role=Leg.Role.DEBTOR, token=new_token(), contact_point=point)
    record(
        name="call.requested", stream=case.stream, actor=collector.actor, at=at, creditor_id=case.org_id,
        data={"call": call.ref, "permit": permit.ref},
    )  # fmt: skip
    return call


def _keep(call: Call, leg: Leg, placed: Placed, *, at: datetime) -> None:
    """Write down what the provider said to the create."""
    with transaction.atomic():
        locked = lock_call(call.pk)
        match placed:
            case Accepted(sid=sid):
                Leg.objects.filter(pk=leg.pk, sid__isnull=True).update(sid=sid)
                observe(leg_id=leg.pk, state=fold.QUEUED, at=at)
            case Refused():
                observe(leg_id=leg.pk, state=fold.FAILED, at=at)
                settle(locked, source="provider", at=at)
            case Unknown():
                observe(leg_id=leg.pk, state=fold.UNKNOWN, at=at)


def hang_up(*, call: Call) -> None:
    """End a call on both sides; an ended one is left alone. Raises PhoneUnreachable when the provider is silent."""
    sid = Leg.objects.filter(call=call, role=Leg.Role.COLLECTOR).values_list("sid", flat=True).get()
    if call.ended_at is not None or sid is None:
        return
    try:
        _port().end_call(sid)
    except ProviderError:
        raise PhoneUnreachable() from None


# What the webhooks and the reconciliation need of the provider


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a webhook or the provider's records say: whose leg (its name there), and the report."""

    sid: str
    parent_sid: str
    report: Report


def verify(path: str, params: Mapping[str, str], signature: str | None) -> bool:
    """Whether the provider signed this webhook; `path` with its query, `params` the whole QueryDict."""
    return _port().verify(path, params, signature)


def listen(params: Mapping[str, str], kind: WebhookKind) -> list[Heard]:
    """What a verified webhook says."""
    return [_heard(event) for event in _port().parse(params, kind)]


def _heard(event: CallEvent) -> Heard:
    report = Report(event.key, event.kind, event.observation(), event.digits, event.code)
    return Heard(event.leg_sid, event.parent_sid, report)


def render(flow: Flow, call: Call) -> tuple[bytes, str]:
    """A flow in the provider's language with its media type. Only here do tokens become numbers."""
    return _port().render(flow, _vault(call))


def fetch_leg(sid: str) -> LegFacts | None:
    """The provider's record of a leg, None when it has none. Raises PhoneUnreachable."""
    try:
        return _port().fetch_leg(sid)
    except ProviderError:
        raise PhoneUnreachable() from None


def list_legs(since: datetime) -> list[LegFacts]:
    """All legs the provider made since `since` (real time). Raises PhoneUnreachable."""
    try:
        return _port().list_legs(since)
    except ProviderError:
        raise PhoneUnreachable() from None


def end_leg(sid: str) -> None:
    """End one leg. Raises PhoneUnreachable."""
    try:
        _port().end_call(sid)
    except ProviderError:
        raise PhoneUnreachable() from None


def rings_collector(facts: LegFacts, call: Call) -> bool:
    """Whether this leg of the provider's is our call to its collector: both numbers agree by keyed hash."""
    called = keyed_hash(facts.called, purpose="phone")
    return called == bytes(call.collector.phone_hash or b"") and facts.caller == call.mask.e164
