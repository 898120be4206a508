"""What the provider asks and tells: each step of a call, answered with a flow.

A leg is named by the random token in the path. Signature first; then the report is kept and folded; then the answer.
A repeated question gets its answer again, a repeated report changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from calling import dialler, fold
from calling.flows import Connect, Flow, Gather, Hangup, Say, flow
from calling.models import Call, Incident, Leg
from calling.services.legs import (
    GATHER_S,
    MAX_S,
    PATIENCE_S,
    RING_S,
    legs_of,
    lock_call,
    mark_bridged,
    mark_fetched,
    note_report,
    observe,
)
from calling.services.protect import stop_calls
from compliance import gate

_COLLECTOR, _DEBTOR = Leg.Role.COLLECTOR, Leg.Role.DEBTOR
STEPS: Final[dict[tuple[str, str], dialler.WebhookKind]] = {
    (_COLLECTOR, "greet"): "flow",
    (_COLLECTOR, "accept"): "digits",
    (_COLLECTOR, "end"): "dial",
    (_COLLECTOR, "status"): "status",
    (_DEBTOR, "whisper"): "flow",
    (_DEBTOR, "choice"): "digits",
    (_DEBTOR, "status"): "status",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of the provider's: on which leg, after which keys."""

    call: Call
    leg: Leg
    digits: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the provider: an HTTP status, and a document for a question."""

    status: int
    body: bytes = b""
    mime: str = "text/plain"


def receive(
    *, token: str, step: str, path: str, params: Mapping[str, str], signature: str | None, at: datetime
) -> Answer:
    """Handle one webhook. 403 for a bad signature, 404 for an unknown leg or step, 204 for a report, else a flow.

    Args: path as received, with its query; params the whole QueryDict; signature the header, None when missing.
    """
    if not dialler.verify(path, params, signature):
        return Answer(403)
    leg = Leg.objects.select_related("call").filter(token=token).first()
    kind = STEPS.get((leg.role, step)) if leg else None
    if leg is None or kind is None:
        _stranger(params, at=at)
        return Answer(404)
    digits = _keep(leg, params, kind, at=at)
    if step == "status":
        return Answer(204)
    call = Call.objects.select_related("case__debtor", "permit__case", "collector", "claim", "mask").get(pk=leg.call_id)
    leg.refresh_from_db()
    body, mime = dialler.render(_ANSWERS[step](Asked(call, leg, digits, at)), call)
    return Answer(200, body, mime)


def _keep(leg: Leg, params: Mapping[str, str], kind: dialler.WebhookKind, *, at: datetime) -> str:
    """Store what the webhook says; returns the keys that were pressed."""
    digits = ""
    for heard in dialler.listen(params, kind):
        owner = leg
        if kind == "dial":
            owner = Leg.objects.get(call_id=leg.call_id, role=_DEBTOR)
        note_report(leg=owner, report=heard.report, sid=heard.sid, at=at)
        digits = digits or heard.report.digits
    return digits


def _stranger(params: Mapping[str, str], *, at: datetime) -> None:
    """A signed webhook about no call of ours."""
    sid = str(params.get("CallSid", ""))[:60]
    if sid:
        Incident.objects.get_or_create(kind="unknown_leg", provider_ref=sid, defaults={"at": at})


def _say_goodbye(text_key: str) -> Flow:
    return flow(Say(text_key), Hangup())


def _greet(asked: Asked) -> Flow:
    if asked.call.ended_at is not None:
        return flow(Hangup())
    mark_fetched(leg=asked.leg, at=asked.at)
    accept = dialler.step_path(asked.leg.token, "accept")
    return flow(Gather((Say("collector.greeting"),), 1, GATHER_S, accept), Hangup())


def _accept(asked: Asked) -> Flow:
    """The collector pressed 1. He and the gate are asked again: the provider may have queued the call for hours."""
    if asked.digits != "1":
        return flow(Hangup())
    if (
        not dialler.may_still_call(asked.call, at=asked.at)
        or gate.recheck(permit=asked.call.permit, at=asked.at) is not None
    ):
        Call.objects.filter(pk=asked.call.pk, ended_at__isnull=True).update(ended_as=Call.Ended.REFUSED)
        return _say_goodbye("collector.refused")
    if not _reserve_debtor(asked.call, at=asked.at):
        return flow(Hangup())
    _own, debtor = legs_of(asked.call)
    return flow(
        Say("collector.connecting"),
        Connect(
            leg=debtor.token, mask=dialler.mask_token(asked.call), ring_s=RING_S, max_s=MAX_S, record=False,
            whisper=dialler.step_path(debtor.token, "whisper"), on_end=dialler.step_path(asked.leg.token, "end"),
            on_status=dialler.step_path(debtor.token, "status"),
        ),
    )  # fmt: skip


def _reserve_debtor(call: Call, *, at: datetime) -> bool:
    """From here on the debtor's leg counts as dialled. False when the call is over or the leg has already run."""
    with transaction.atomic():
        locked = lock_call(call.pk)
        collector, debtor = legs_of(locked)
        if locked.ended_at is not None or locked.ended_as or collector.terminal_at or debtor.terminal_at or debtor.sid:
            return False
        observe(leg_id=debtor.pk, state=fold.QUEUED, at=at)
        patience = timedelta(seconds=RING_S + PATIENCE_S[fold.ANSWERED])
        Leg.objects.filter(pk=collector.pk).update(deadline_at=at + patience)
        return True


def _whisper(asked: Asked) -> Flow:
    if asked.call.ended_at is not None:
        return flow(Hangup())
    mark_fetched(leg=asked.leg, at=asked.at)
    notice = Say("debtor.notice", asked.call.case.debtor.language)
    return flow(Gather((notice,), 1, GATHER_S, dialler.step_path(asked.leg.token, "choice")), Hangup())


def _choice(asked: Asked) -> Flow:
    lang = asked.call.case.debtor.language
    if asked.digits == "9":
        stop_calls(call=asked.call, actor="debtor", at=asked.at)
        return flow(Say("debtor.stopped", lang), Hangup())
    if asked.digits == "1" and mark_bridged(call=asked.call, at=asked.at):
        return flow(Say("debtor.accepted", lang))
    return flow(Say("debtor.goodbye", lang), Hangup())


def _end(asked: Asked) -> Flow:
    return _say_goodbye("collector.ended" if asked.call.bridged_at is not None else "collector.not_reached")


_ANSWERS: dict[str, Callable[[Asked], Flow]] = {
    "greet": _greet,
    "accept": _accept,
    "whisper": _whisper,
    "choice": _choice,
    "end": _end,
}
