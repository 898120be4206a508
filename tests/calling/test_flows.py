"""A flow holds no number, always a mask, and becomes the provider's words only in ``render``."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calling import flows
from calling.flows import Connect, Flow, FlowError, Gather, Hangup, Pause, Play, Say, contains_number, flow
from calling.providers.twilio import TwilioConfig, TwilioPort

CONNECT: dict[str, Any] = {
    "leg": "leg_f3Kq9x", "mask": "mask_b8Zt2w", "ring_s": 25, "max_s": 1800, "record": True, "whisper": "/voice/t0k/whisper",
    "on_end": "/voice/t0k/end", "on_status": "/voice/t0k/status", "on_recording": "/voice/t0k/recording",
}  # fmt: skip
NUMBERS = {"leg_f3Kq9x": "+13035550101", "mask_b8Zt2w": "+13035550142"}


@st.composite
def written_numbers(draw: st.DrawFn) -> str:
    digits = draw(st.text("0123456789", min_size=7, max_size=15))
    separators = draw(
        st.lists(st.sampled_from(["", "", " ", "-", ".", ") "]), min_size=len(digits), max_size=len(digits))
    )
    joined = "".join(digit + separator for digit, separator in zip(digits, separators, strict=True))
    return draw(st.sampled_from(["", "+"])) + joined.rstrip(" -.)")


@pytest.fixture
def port():
    made = TwilioPort(TwilioConfig("AC" + "5" * 32, "secret", "https://evenhand.example"))
    yield made
    made.close()


def test_connect_requires_mask() -> None:
    without = {name: value for name, value in CONNECT.items() if name != "mask"}
    with pytest.raises(TypeError, match="mask"):
        Connect(**without)
    for nothing in ("", " ", None):
        with pytest.raises((FlowError, TypeError)):
            Connect(**CONNECT | {"mask": nothing})


def test_connect_requires_the_notice() -> None:
    without = {name: value for name, value in CONNECT.items() if name != "whisper"}
    with pytest.raises(TypeError, match="whisper"):
        Connect(**without)
    with pytest.raises(FlowError, match="whisper"):
        Connect(**CONNECT | {"whisper": ""})


@given(written_numbers())
def test_flow_contains_no_number(number: str) -> None:
    assert contains_number(number)
    for name in ("leg", "mask", "whisper", "on_end", "on_status", "on_recording"):
        prefix = "" if name in ("leg", "mask") else "/voice/"
        with pytest.raises(FlowError):
            Connect(**CONNECT | {name: prefix + number})
    with pytest.raises(FlowError):
        Gather((), 1, 5, "/voice/" + number)
    with pytest.raises(FlowError):
        Play("/static/" + number)


def test_a_prompt_cannot_speak_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    words = {"en": "Your reference is {reference}."}
    monkeypatch.setattr(flows, "prompts", lambda: {"case": words})
    assert Say("case", values=(("reference", "K-20418"),)).text() == "Your reference is K-20418."
    with pytest.raises(FlowError, match="number"):
        Say("case", values=(("reference", "303 555 0101"),))
    with pytest.raises(FlowError, match="no prompt or value"):
        Say("case")
    with pytest.raises(FlowError, match="no prompt or value"):
        Say("nothing")


@pytest.mark.parametrize(
    "make",
    [
        lambda: Connect(**CONNECT | {"ring_s": 0}),
        lambda: Connect(**CONNECT | {"max_s": 20_000}),
        lambda: Connect(**CONNECT | {"on_recording": ""}),
        lambda: Connect(**CONNECT | {"mask": CONNECT["leg"]}),
        lambda: Connect(**CONNECT | {"on_end": "https://elsewhere.example/end"}),
        lambda: Connect(**CONNECT | {"on_end": "//elsewhere.example/end"}),
        lambda: Gather((Hangup(),), 1, 5, "/voice/x"),  # type: ignore[arg-type]
        lambda: Gather((), 0, 5, "/voice/x"),
        lambda: Pause(0),
        lambda: Flow(("Hangup",)),  # type: ignore[arg-type]
    ],
)
def test_values_out_of_range_are_refused(make) -> None:
    with pytest.raises(FlowError):
        make()


def test_flows_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Connect(**CONNECT).mask = ""  # type: ignore[misc]


@pytest.mark.parametrize("key", sorted(flows.prompts()))
def test_prompts_say_nothing_of_a_debt(key: str) -> None:
    for text in flows.prompts()[key].values():
        assert not re.search(r"debt|owe|creditor|collect|payment|balance|account|bank", text, re.IGNORECASE)
        assert not contains_number(text)


def test_the_notice_tells_of_the_recording_and_of_both_keys() -> None:
    notice = flows.prompt("debtor.notice")
    assert "recorded" in notice
    assert "press 1" in notice
    assert "press 9" in notice


def test_render_is_where_numbers_appear(port: TwilioPort) -> None:
    made = flow(Say("collector.connecting"), Pause(1), Play("/static/tone.wav"), Connect(**CONNECT), Hangup())
    assert "303555" not in repr(made)
    body, mime = port.render(made, NUMBERS.__getitem__)
    assert mime == "text/xml"
    root = ET.fromstring(body)
    assert [verb.tag for verb in root] == ["Say", "Pause", "Play", "Dial", "Hangup"]
    assert root.findtext("Play") == "https://evenhand.example/static/tone.wav"
    dial = root.find("Dial")
    assert dial is not None
    assert dial.attrib == {
        "callerId": "+13035550142",
        "timeout": "25",
        "timeLimit": "1800",
        "answerOnBridge": "true",
        "action": "https://evenhand.example/voice/t0k/end",
        "record": "record-from-answer-dual",
        "recordingStatusCallback": "https://evenhand.example/voice/t0k/recording#rc=3",
        "recordingStatusCallbackEvent": "completed absent",
    }
    number = dial.find("Number")
    assert number is not None
    assert number.text == "+13035550101"
    assert number.attrib == {
        "url": "https://evenhand.example/voice/t0k/whisper",
        "statusCallback": "https://evenhand.example/voice/t0k/status#rc=3",
        "statusCallbackEvent": "initiated ringing answered completed",
    }


def test_render_knows_only_the_vaults_tokens(port: TwilioPort) -> None:
    with pytest.raises(KeyError):
        port.render(flow(Connect(**CONNECT | {"leg": "leg_of_another_call"})), NUMBERS.__getitem__)


def test_gather_asks_for_keys(port: TwilioPort) -> None:
    body, _ = port.render(
        flow(Gather((Say("debtor.notice"), Pause(1)), 1, 8, "/voice/t0k/choice")), NUMBERS.__getitem__
    )
    gather = ET.fromstring(body).find("Gather")
    assert gather is not None
    assert [part.tag for part in gather] == ["Say", "Pause"]
    expected = {
        "input": "dtmf",
        "numDigits": "1",
        "timeout": "8",
        "action": "https://evenhand.example/voice/t0k/choice",
    }
    assert gather.attrib == expected
