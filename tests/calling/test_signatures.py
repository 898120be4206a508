"""What counts as a webhook the provider signed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http import QueryDict

from calling.providers.twilio import TwilioConfig, TwilioPort
from simulator.signing import sign

PATH = "/voice/t0k3n/status?leg=1"
URL = "https://evenhand.example" + PATH
BODY = "CallSid=CA1&CallStatus=ringing&SequenceNumber=1"


@pytest.fixture
def port() -> Iterator[TwilioPort]:
    made = TwilioPort(TwilioConfig("AC" + "5" * 32, "secret", "https://evenhand.example"))
    yield made
    made.close()


def signed(url: str, body: str, token: str = "secret") -> str:
    return sign(token, url, QueryDict(body).dict())


def test_webhook_signature_valid(port: TwilioPort) -> None:
    assert port.verify(PATH, QueryDict(BODY), signed(URL, BODY))
    # The simulator's signature and the library's are one and the same.
    assert signed(URL, BODY) == port.validator.compute_signature(URL, QueryDict(BODY))


def test_a_changed_or_added_parameter_is_not_signed(port: TwilioPort) -> None:
    signature = signed(URL, BODY)
    assert not port.verify(PATH, QueryDict(BODY.replace("ringing", "completed")), signature)
    assert not port.verify(PATH, QueryDict(BODY + "&Digits=1"), signature)
    assert not port.verify(PATH.replace("leg=1", "leg=2"), QueryDict(BODY), signature)


def test_webhook_signature_scheme(port: TwilioPort) -> None:
    assert not port.verify(PATH, QueryDict(BODY), signed(URL.replace("https", "http"), BODY))


def test_webhook_signature_slash(port: TwilioPort) -> None:
    assert not port.verify(PATH, QueryDict(BODY), signed(URL.replace("/status", "/status/"), BODY))


def test_webhook_signature_blank(port: TwilioPort) -> None:
    body = BODY + "&CallerName="
    assert port.verify(PATH, QueryDict(body), signed(URL, body))
    assert not port.verify(PATH, QueryDict(BODY + "&CallerName=x"), signed(URL, body))


def test_webhook_signature_repeated(port: TwilioPort) -> None:
    params = QueryDict(BODY + "&Tag=b&Tag=a")
    assert port.verify(PATH, params, port.validator.compute_signature(URL, params))
    # Whoever keeps only the last of repeated values computes another signature.
    assert not port.verify(PATH, params.dict(), port.validator.compute_signature(URL, params))


@pytest.mark.parametrize("signature", [None, "", "é", "x" * 28])
def test_webhook_signature_none(port: TwilioPort, signature: str | None) -> None:
    assert port.verify(PATH, QueryDict(BODY), signature) is False


def test_another_accounts_signature(port: TwilioPort) -> None:
    assert not port.verify(PATH, QueryDict(BODY), signed(URL, BODY, token="other"))


def test_webhook_signature_replay(port: TwilioPort) -> None:
    """A signature has no time, so a replay verifies; its event has the key of the first, which is what stops it."""
    signature = signed(URL, BODY)
    assert port.verify(PATH, QueryDict(BODY), signature)
    assert port.verify(PATH, QueryDict(BODY), signature)
    first, again = (port.parse(QueryDict(BODY), "status")[0] for _ in range(2))
    assert first.key == again.key


def test_keys_differ_where_facts_differ(port: TwilioPort) -> None:
    bodies = [BODY, BODY.replace("CA1", "CA2"), BODY.replace("ringing", "completed"), BODY.replace("=1", "=2")]
    assert len({port.parse(QueryDict(body), "status")[0].key for body in bodies}) == 4


@pytest.mark.parametrize(
    "body",
    ["", "CallStatus=ringing", "CallSid=CA1&CallStatus=dancing", "CallSid=CA1"],
)
def test_an_unreadable_status_says_nothing(port: TwilioPort, body: str) -> None:
    assert port.parse(QueryDict(body), "status") == []


def test_keys_from_outside_are_keys_or_nothing(port: TwilioPort) -> None:
    body = "CallSid=CA1&CallStatus=in-progress&Digits="
    assert port.parse(QueryDict(body + "9"), "digits")[0].digits == "9"
    assert port.parse(QueryDict(body + "%27%20OR%201"), "digits")[0].digits == ""


def test_a_dial_that_still_rings_does_not_end_the_leg(port: TwilioPort) -> None:
    """The provider may report ``ringing`` when the first side hangs up early."""
    body = "CallSid=CA1&CallStatus=completed&DialCallSid=CA2&DialCallStatus=ringing"
    assert [(event.leg_sid, event.state) for event in port.parse(QueryDict(body), "dial")] == [("CA2", "ringing")]
