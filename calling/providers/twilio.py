"""Adapter for the Twilio Voice REST API and TwiML.

The same code drives the real service and every server that speaks its dialect, such as the demo's phone simulator: only
the base address differs. Numbers pass through here and leave no trace: the library's own logger is replaced, and what
the provider says in an error is reduced to its code, because its sentences quote the number.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from requests.exceptions import ConnectTimeout, RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.rest.api.v2010.account.call import CallInstance
from twilio.twiml import TwiML
from twilio.twiml.voice_response import Dial, VoiceResponse
from twilio.twiml.voice_response import Gather as GatherVerb
from twilio.twiml.voice_response import Pause as PauseVerb
from twilio.twiml.voice_response import Play as PlayVerb
from twilio.twiml.voice_response import Say as SayVerb
from urllib3.exceptions import NewConnectionError

from calling.flows import Connect, Flow, Gather, Hangup, Pause, Play, Say, digits_only
from calling.fold import ANSWERED, BRIDGED, BUSY, CANCELED, COMPLETED, FAILED, INITIATED, NO_ANSWER, QUEUED, RINGING
from calling.providers.base import (
    Accepted,
    CallEvent,
    LegFacts,
    PlaceCall,
    Placed,
    ProviderError,
    Refused,
    Unknown,
    Vault,
    WebhookKind,
)

PROGRESS: Final = ["initiated", "ringing", "answered", "completed"]
STATES: Final[dict[str, str]] = {
    "queued": QUEUED,
    "initiated": INITIATED,
    "ringing": RINGING,
    "in-progress": ANSWERED,
    "answered": ANSWERED,
    "completed": COMPLETED,
    "busy": BUSY,
    "no-answer": NO_ANSWER,
    "canceled": CANCELED,
    "failed": FAILED,
}
_SPEECH: Final[dict[str, str]] = {"en": "en-US", "es": "es-US", "zh-hans": "cmn-Hans-CN"}
_NOT_RUNNING: Final = 21220
_TOO_MANY_REQUESTS: Final = 429
# Fragment of a callback address: the provider tries it again that often; it is not part of what is signed.
_RETRIES: Final = "#rc=3"

_silent = logging.Logger("voice-wire", level=logging.CRITICAL + 1)
_silent.addHandler(logging.NullHandler())


class BaseUrlClient(TwilioHttpClient):
    """The library's HTTP client, mute, and aimed at ``base_url`` instead of the host the library names."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, logger=_silent)
        self.base = urlsplit(base_url) if base_url else None
        if self.base and self.session:
            # A server of our own is reached directly, whatever proxy the environment names.
            self.session.trust_env = False

    def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        if self.base:
            url = urlunsplit(urlsplit(url)._replace(scheme=self.base.scheme, netloc=self.base.netloc))
        return super().request(method, url, params, data, headers, auth, timeout, allow_redirects)


@dataclass(frozen=True, slots=True)
class TwilioConfig:
    """``public_base_url`` is how the provider reaches us; ``api_base_url`` is empty for the real service."""

    account_sid: str
    auth_token: str
    public_base_url: str
    api_base_url: str = ""
    timeout_s: float = 10.0


class TwilioPort:
    """``VoicePort`` for Twilio's dialect."""

    name = "twilio"

    def __init__(self, config: TwilioConfig, sleep: Callable[[float], None] = time.sleep) -> None:
        self.config = config
        self.http = BaseUrlClient(config.api_base_url, config.timeout_s)
        self.client = Client(config.account_sid, config.auth_token, http_client=self.http)
        self.validator = RequestValidator(config.auth_token)
        self.sleep = sleep

    def close(self) -> None:
        """Close the connections that are kept open."""
        if self.http.session:
            self.http.session.close()

    def place_call(self, call: PlaceCall, vault: Vault) -> Placed:
        """Ask for the call, repeating only what was certainly not taken: 429 (three tries in all)."""
        for pause_s in (0.5, 1.5, None):
            placed = self._create(call, vault)
            if placed != Refused(str(_TOO_MANY_REQUESTS)) or pause_s is None:
                return placed
            self.sleep(pause_s)
        raise AssertionError("unreachable")

    def _create(self, call: PlaceCall, vault: Vault) -> Placed:
        try:
            created = self.client.calls.create(
                to=vault(call.leg),
                from_=vault(call.mask),
                url=self._url(call.flow_path),
                status_callback=self._url(call.status_path) + _RETRIES,
                status_callback_event=PROGRESS,
                timeout=call.ring_s,
                time_limit=call.max_s,
            )
        except TwilioRestException as error:
            return _refused_or_unknown(error)
        except RequestException as error:
            return Refused("unreachable") if _never_sent(error) else Unknown("no_answer_to_create")
        except (TwilioException, ValueError):
            return Unknown("unreadable_answer_to_create")
        return Accepted(str(created.sid)) if created.sid else Unknown("no_sid")

    def end_call(self, sid: str) -> None:
        self._update(sid, status="completed")

    def announce(self, sid: str, flow: Flow, vault: Vault) -> None:
        self._update(sid, twiml=self.render(flow, vault)[0].decode())

    def _update(self, sid: str, **change: str) -> None:
        try:
            self.client.calls(sid).update(**change)
        except TwilioRestException as error:
            if error.status != 404 and error.code != _NOT_RUNNING:
                raise ProviderError(_code(error)) from None
        except TwilioException:
            raise ProviderError("unreadable") from None
        except RequestException:
            raise ProviderError("unreachable") from None

    def render(self, flow: Flow, vault: Vault) -> tuple[bytes, str]:
        response = VoiceResponse()
        for verb in flow:
            match verb:
                case Gather():
                    response.append(self._gather(verb))
                case Connect():
                    response.append(self._dial(verb, vault))
                case Hangup():
                    response.hangup()
                case _:
                    response.append(self._spoken(verb))
        return str(response).encode(), "text/xml"

    def _spoken(self, verb: Say | Play | Pause) -> TwiML:
        match verb:
            case Say():
                return SayVerb(verb.text(), language=_SPEECH.get(verb.lang, "en-US"))
            case Play():
                return PlayVerb(self._url(verb.asset))
            case Pause():
                return PauseVerb(length=verb.seconds)

    def _gather(self, verb: Gather) -> GatherVerb:
        action = self._url(verb.then)
        keys = GatherVerb(input="dtmf", num_digits=verb.digits, timeout=verb.timeout_s, action=action)
        for part in verb.prompt:
            keys.append(self._spoken(part))
        return keys

    def _dial(self, verb: Connect, vault: Vault) -> Dial:
        recording: dict[str, str] = {}
        if verb.record:
            recording = {
                "record": "record-from-answer-dual",
                "recording_status_callback": self._url(verb.on_recording) + _RETRIES,
                "recording_status_callback_event": "completed absent",
            }
        dial = Dial(
            caller_id=vault(verb.mask),
            timeout=verb.ring_s,
            time_limit=verb.max_s,
            answer_on_bridge=True,
            action=self._url(verb.on_end),
            **recording,
        )
        dial.number(
            vault(verb.leg),
            url=self._url(verb.whisper),
            status_callback=self._url(verb.on_status) + _RETRIES,
            status_callback_event=" ".join(PROGRESS),
        )
        return dial

    def verify(self, path: str, params: Mapping[str, str], signature: str | None) -> bool:
        # The address is rebuilt from our setting: behind a proxy the request's own is not the one that was signed.
        return bool(self.validator.validate(self._url(path), params, signature or ""))

    def parse(self, params: Mapping[str, str], kind: WebhookKind) -> list[CallEvent]:
        leg = params.get("CallSid", "")
        if not leg:
            return []
        state = STATES.get(params.get("CallStatus", ""), "")
        parent = params.get("ParentCallSid", "")
        match kind:
            case "status":
                code = params.get("SipResponseCode", "")
                length = _whole(params.get("CallDuration"))
                seq = _whole(params.get("SequenceNumber"), -1)
                return [CallEvent(self.name, leg, kind, state, seq, parent, length, code=code)] if state else []
            case "digits":
                keys = digits_only(params.get("Digits", ""))
                return [CallEvent(self.name, leg, kind, state, parent_sid=parent, digits=keys)]
            case "dial":
                return self._dialled(params, leg)
            case "recording":
                return [self._recorded(params, leg)]
            case "inbound":
                caller, called = params.get("From", ""), params.get("To", "")
                return [CallEvent(self.name, leg, kind, state, caller=caller, called=called)]
            case "flow":
                return [CallEvent(self.name, leg, kind, state, parent_sid=parent)]

    def _dialled(self, params: Mapping[str, str], parent: str) -> list[CallEvent]:
        child = params.get("DialCallSid", "")
        if not child:
            return []
        events: list[CallEvent] = []
        length = _whole(params.get("DialCallDuration"))
        if params.get("DialBridged") == "true":
            events.append(CallEvent(self.name, child, "bridge", BRIDGED, parent_sid=parent))
        state = STATES.get(params.get("DialCallStatus", ""), "")
        if state:
            events.append(CallEvent(self.name, child, "dial", state, parent_sid=parent, duration_s=length))
        return events

    def _recorded(self, params: Mapping[str, str], leg: str) -> CallEvent:
        return CallEvent(
            self.name,
            leg,
            "recording",
            code=params.get("RecordingStatus", ""),
            duration_s=_whole(params.get("RecordingDuration")),
            recording_sid=params.get("RecordingSid", ""),
        )

    def fetch_leg(self, sid: str) -> LegFacts | None:
        try:
            return _facts(self.client.calls(sid).fetch())
        except TwilioRestException as error:
            if error.status == 404:
                return None
            raise ProviderError(_code(error)) from None
        except TwilioException:
            raise ProviderError("unreadable") from None
        except RequestException:
            raise ProviderError("unreachable") from None

    def list_legs(self, since: datetime) -> list[LegFacts]:
        since = since.astimezone(UTC).replace(microsecond=0)
        try:
            # The service filters by day; the exact moment is applied here.
            legs = [_facts(call) for call in self.client.calls.list(start_time_after=since, page_size=200)]
        except TwilioRestException as error:
            raise ProviderError(_code(error)) from None
        except TwilioException:
            raise ProviderError("unreadable") from None
        except RequestException:
            raise ProviderError("unreachable") from None
        return [leg for leg in legs if leg.created_at is None or leg.created_at >= since]

    def _url(self, path: str) -> str:
        return self.config.public_base_url.rstrip("/") + path


def _refused_or_unknown(error: TwilioRestException) -> Placed:
    if error.status >= 500:
        return Unknown(str(error.status))
    return Refused(str(_TOO_MANY_REQUESTS) if error.status == _TOO_MANY_REQUESTS else _code(error))


def _never_sent(error: RequestException) -> bool:
    """Whether no connection came about, so that the provider cannot have seen the request."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError)


def _code(error: TwilioRestException) -> str:
    return str(error.code or error.status)


def _whole(text: str | None, missing: int = 0) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else missing


def _facts(call: CallInstance) -> LegFacts:
    state = STATES.get(str(call.status or ""))
    if state is None:
        raise ProviderError("unknown_status")
    return LegFacts(
        sid=call.sid or "",
        state=state,
        parent_sid=call.parent_call_sid or "",
        direction=call.direction or "",
        duration_s=_whole(call.duration),
        created_at=call.date_created,
        called=call.to or "",
        caller=getattr(call, "_from", "") or "",
    )


@cache
def configured_port() -> TwilioPort:
    """The port that the settings describe; one a process, because it keeps its connections open.

    ``VOICE_BACKEND``, ``VOICE_API_BASE`` (of the simulator alone), ``VOICE_ACCOUNT_SID``, ``VOICE_AUTH_TOKEN``,
    ``PUBLIC_BASE_URL``.
    """
    return TwilioPort(
        TwilioConfig(
            account_sid=settings.VOICE_ACCOUNT_SID,
            auth_token=settings.VOICE_AUTH_TOKEN,
            public_base_url=settings.PUBLIC_BASE_URL,
            api_base_url=settings.VOICE_API_BASE if settings.VOICE_BACKEND == "sim" else "",
        )
    )
