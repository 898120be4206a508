"""The adapter against the simulator over real HTTP: behaviours, notice before bridge, phones by hand, no leak."""

from __future__ import annotations

import logging
import re
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException

from calling.flows import Hangup, Say, flow
from calling.fold import fold
from calling.providers.base import Accepted, LegFacts, ProviderError, Refused, Unknown
from calling.providers.twilio import TwilioConfig, TwilioPort
from tests.calling.switchboard import MASK, Plan, Switchboard, new_number
from tests.simulator import Refused as Declined
from tests.simulator import Simulator, run_simulator, wait_for


def placed(board: Switchboard, plan: Plan) -> str:
    outcome = board.place(plan)
    assert isinstance(outcome, Accepted)
    return outcome.sid


def verbs(simulator: Simulator, sid: str) -> list[tuple[str, str]]:
    return [(entry["side"], entry["verb"]) for entry in simulator.log(sid)]


def ten_minutes_ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=10)


def digits_in(text: str) -> str:
    return re.sub(r"[\s().+\-]", "", text)


def by_hand(simulator: Simulator, plan: Plan) -> tuple[str, str]:
    collector = simulator.phone(plan.collector, "collector", by_hand=True)
    return collector, simulator.phone(plan.debtor, "debtor", by_hand=True)


@pytest.mark.parametrize(
    ("ending", "state", "bridged"),
    [
        ("01", "completed", True),
        ("02", "busy", False),
        ("03", "no_answer", False),
        ("04", "failed", False),
        ("05", "completed", False),
        ("06", "completed", False),
        ("07", "failed", False),
        ("08", "completed", False),
        ("10", "completed", True),
        ("11", "completed", True),
        ("57", "completed", True),
    ],
)
def test_behaviour_of_the_debtor(switchboard: Switchboard, ending: str, state: str, bridged: bool) -> None:
    first, second = switchboard.finished(placed(switchboard, switchboard.plan(debtor=ending)))
    assert second
    assert (first.state, second.state, second.parent_sid) == ("completed", state, first.sid)
    assert (("debtor", "Bridge") in verbs(switchboard.simulator, first.sid)) is bridged
    wait_for(lambda: switchboard.told_terminal(first, second))
    folded = fold(switchboard.observations())
    assert (folded[first.sid].state, folded[second.sid].state) == ("completed", state)
    assert any(event.kind == "bridge" for event in switchboard.events) is bridged
    assert ("9" in [event.digits for event in switchboard.events]) is (ending == "08")
    assert switchboard.refused == 0
    if ending == "07":
        assert "607" in [event.code for event in switchboard.events]


@pytest.mark.parametrize(
    ("ending", "state"),
    [("02", "busy"), ("03", "no_answer"), ("04", "failed"), ("05", "completed"), ("08", "completed")],
)
def test_the_debtor_is_not_rung_before_the_collector_accepts(switchboard: Switchboard, ending: str, state: str) -> None:
    first, second = switchboard.finished(placed(switchboard, switchboard.plan(collector=ending)))
    assert (first.state, second) == (state, None)
    assert ("collector", "Dial") not in verbs(switchboard.simulator, first.sid)


def test_notice_before_bridge(switchboard: Switchboard) -> None:
    first, _ = switchboard.finished(placed(switchboard, switchboard.plan()))
    log = switchboard.simulator.log(first.sid)
    story = [(entry["side"], entry["verb"]) for entry in log if entry["verb"] in {"Ring", "Say", "Press", "Bridge"}]
    assert story == [
        ("collector", "Ring"),
        ("collector", "Say"),
        ("collector", "Press"),
        ("collector", "Say"),
        ("debtor", "Ring"),
        ("debtor", "Say"),
        ("debtor", "Press"),
        ("debtor", "Say"),
        ("collector", "Bridge"),
        ("debtor", "Bridge"),
    ]
    heard = [entry["detail"] for entry in log if (entry["side"], entry["verb"]) == ("debtor", "Say")]
    assert heard[0] == Say("debtor.notice").text()
    assert [entry["at"] for entry in log] == sorted(entry["at"] for entry in log)


def test_recording_is_told_and_kept_except_behind_10(switchboard: Switchboard) -> None:
    for ending, kept in (("01", True), ("10", False)):
        switchboard.finished(placed(switchboard, switchboard.plan(debtor=ending, record=True)))
        told = wait_for(lambda: [event for event in switchboard.events if event.kind == "recording"])[-1]
        switchboard.events.clear()
        assert told.code == "completed"
        assert told.recording_sid.startswith("RE")
        api = switchboard.port.client.recordings(told.recording_sid)
        if kept:
            assert api.fetch().channels == 2
        else:
            with pytest.raises(TwilioRestException):
                api.fetch()


def test_end_call_hangs_up_both_sides(switchboard: Switchboard) -> None:
    plan = switchboard.plan()
    collector, debtor = by_hand(switchboard.simulator, plan)
    sid = bridge_by_hand(switchboard, plan, collector, debtor)
    switchboard.port.end_call(sid)
    first, second = switchboard.finished(sid)
    assert second
    assert (first.state, second.state) == ("completed", "completed")
    switchboard.port.end_call(sid)
    switchboard.port.end_call("CA" + "0" * 32)


def test_announce_breaks_into_the_debtors_leg_and_ends_the_bridge(switchboard: Switchboard) -> None:
    plan = switchboard.plan()
    collector, debtor = by_hand(switchboard.simulator, plan)
    sid = bridge_by_hand(switchboard, plan, collector, debtor)
    child = next(entry["call"] for entry in switchboard.simulator.log(sid) if entry["side"] == "debtor")
    switchboard.port.announce(child, flow(Say("debtor.stopped"), Hangup()), switchboard.vault)
    _, second = switchboard.finished(sid)
    assert second == switchboard.port.fetch_leg(child)
    assert Say("debtor.stopped").text() in switchboard.simulator.screen(debtor)["heard"]
    assert Say("debtor.stopped").text() not in switchboard.simulator.screen(collector)["heard"]


def bridge_by_hand(board: Switchboard, plan: Plan, collector: str, debtor: str) -> str:
    simulator = board.simulator
    sid = placed(board, plan)
    for phone in (collector, debtor):
        simulator.await_status(phone, "ringing")
        simulator.post(f"/phones/{phone}/answer")
        simulator.await_status(phone, "connected")
        wait_for(lambda phone=phone: simulator.screen(phone)["heard"])
        simulator.post(f"/phones/{phone}/press", key="1")
    simulator.await_status(debtor, "talking")
    simulator.await_status(collector, "talking")
    return sid


def test_two_phones_by_hand(switchboard: Switchboard) -> None:
    simulator, plan = switchboard.simulator, switchboard.plan()
    collector, debtor = by_hand(simulator, plan)
    with pytest.raises(Declined) as nothing:
        simulator.post(f"/phones/{collector}/answer")
    assert nothing.value.status == 409
    sid = bridge_by_hand(switchboard, plan, collector, debtor)
    assert simulator.screen(debtor)["can"] == ["press", "hangup"]
    simulator.post(f"/phones/{debtor}/hangup")
    first, second = switchboard.finished(sid)
    assert second
    assert (first.state, second.state) == ("completed", "completed")
    assert simulator.await_status(collector, "ended")["ended"] == "completed"


def test_a_phone_by_hand_that_is_left_ringing_or_refused(switchboard: Switchboard) -> None:
    simulator = switchboard.simulator
    for refuse, state in ((False, "no_answer"), (True, "busy")):
        plan = switchboard.plan()
        _, debtor = by_hand(simulator, plan)
        simulator.post(f"/phones/{simulator.phone(plan.collector)}/mode", by_hand=False)
        sid = placed(switchboard, plan)
        if refuse:
            simulator.await_status(debtor, "ringing")
            simulator.post(f"/phones/{debtor}/hangup")
        _, second = switchboard.finished(sid)
        assert second
        assert second.state == state


def test_no_number_of_one_side_on_anything_the_other_sees(switchboard: Switchboard) -> None:
    simulator = switchboard.simulator
    plan = switchboard.plan()
    collector, debtor = by_hand(simulator, plan)
    seen: list[str] = []
    sid = placed(switchboard, plan)
    for phone in (collector, debtor):
        simulator.await_status(phone, "ringing")
        seen += everything_shown(simulator)
        assert simulator.screen(phone)["shows"] == "+1 303 555 0142"
        simulator.post(f"/phones/{phone}/answer")
        wait_for(lambda phone=phone: simulator.screen(phone)["heard"])
        seen += everything_shown(simulator)
        simulator.post(f"/phones/{phone}/press", key="1")
    simulator.await_status(debtor, "talking")
    seen += everything_shown(simulator)
    simulator.post(f"/phones/{collector}/hangup")
    switchboard.finished(sid)
    seen += everything_shown(simulator)
    for number in (plan.collector, plan.debtor):
        for part in (number, number[-10:], number[-7:]):
            assert not any(digits_in(part) in digits_in(text) for text in seen)
    assert any(digits_in(MASK) in digits_in(text) for text in seen)


def everything_shown(simulator: Simulator) -> list[str]:
    return [simulator.text(path) for path in ("/", "/panels", "/state.json", "/log.json")]


def test_a_dial_without_a_mask_would_show_the_caller(switchboard: Switchboard) -> None:
    """The control of the test above: the simulator does what a real network does, so a leak is visible on it."""
    simulator, plan = switchboard.simulator, switchboard.plan()
    _, debtor = by_hand(simulator, plan)
    simulator.post(f"/phones/{simulator.phone(plan.collector)}/mode", by_hand=False)
    twiml = f"<Response><Dial><Number>{plan.debtor}</Number></Dial></Response>"
    made = switchboard.port.client.calls.create(to=plan.collector, from_=MASK, twiml=twiml)
    shown = simulator.await_status(debtor, "ringing")["shows"]
    switchboard.port.end_call(made.sid)
    assert digits_in(shown) == digits_in(plan.collector)


def test_a_create_that_times_out_is_unknown_and_never_repeated(simulator: Simulator) -> None:
    with Switchboard(simulator, timeout_s=0.2) as board:
        plan = board.plan(collector="09")
        assert isinstance(board.place(plan), Unknown)
        legs = [leg for leg in board.port.list_legs(ten_minutes_ago()) if leg.called == plan.collector]
        assert len(legs) == 1
        board.finished(legs[0].sid)
        assert legs[0].caller == MASK
        # The callback's path, which carries our token, names the leg as well.
        assert {path for path, params in board.bodies if params["CallSid"] == legs[0].sid} >= {
            f"/voice/{plan.name}/status"
        }


def test_a_connection_cut_after_the_create_is_unknown(simulator: Simulator) -> None:
    with Switchboard(simulator) as board:
        assert isinstance(board.place(board.plan(collector="09")), Unknown)


def test_429_is_repeated_and_rings_once(switchboard: Switchboard) -> None:
    simulator, plan = switchboard.simulator, switchboard.plan()
    simulator.post("/faults", throttle=2)
    sid = placed(switchboard, plan)
    assert [leg.sid for leg in switchboard.port.list_legs(ten_minutes_ago()) if leg.called == plan.collector] == [sid]
    simulator.post("/faults", throttle=3)
    other = switchboard.plan()
    assert switchboard.place(other) == Refused("429")
    assert other.collector not in [leg.called for leg in switchboard.port.list_legs(ten_minutes_ago())]


def test_refusals_ring_nobody() -> None:
    with run_simulator("--numbers", MASK) as simulator, Switchboard(simulator) as board:
        plan = board.plan()
        board.numbers[plan.token("mask")] = new_number("77")
        assert board.place(plan) == Refused("21212")
        board.numbers[plan.token("mask")], board.numbers[plan.token("collector")] = MASK, "+1"
        assert board.place(plan) == Refused("21211")
        assert board.port.list_legs(ten_minutes_ago()) == []


def test_a_provider_that_cannot_be_reached() -> None:
    port = TwilioPort(TwilioConfig("AC" + "5" * 32, "secret", "http://127.0.0.1:9", "http://127.0.0.1:9", 1.0))
    with run_simulator() as simulator, Switchboard(simulator) as board:
        plan = board.plan()
        board.port.close()
        board.port = port
        assert board.place(plan) == Refused("unreachable")
        with pytest.raises(ProviderError, match="unreachable"):
            port.fetch_leg("CA" + "0" * 32)
        with pytest.raises(ProviderError, match="unreachable"):
            port.list_legs(ten_minutes_ago())
        with pytest.raises(ProviderError, match="unreachable"):
            port.end_call("CA" + "0" * 32)


def test_wrong_credentials_say_a_code_and_nothing_else(simulator: Simulator) -> None:
    port = TwilioPort(TwilioConfig(simulator.account, "wrong", "http://127.0.0.1:9", simulator.url))
    for ask, code in (
        (lambda: port.fetch_leg("CA" + "0" * 32), "20003"),
        (lambda: port.end_call("CA" + "0" * 32), "20003"),
        (lambda: port.list_legs(ten_minutes_ago()), "unreadable"),
    ):
        with pytest.raises(ProviderError) as refused:
            ask()
        assert refused.value.args == (code,)
    port.close()


def test_an_unknown_leg_is_none(switchboard: Switchboard) -> None:
    assert switchboard.port.fetch_leg("CA" + "0" * 32) is None


def test_list_legs_pages_through_all_of_them() -> None:
    with run_simulator() as simulator, Switchboard(simulator) as board:
        sids = {placed(board, board.plan(collector="04")) for _ in range(7)}
        board.port.client.calls.list(page_size=2)
        assert {call.sid for call in board.port.client.calls.list(page_size=3)} == sids
        assert {leg.sid for leg in board.port.list_legs(ten_minutes_ago())} == sids
        assert board.port.list_legs(datetime.now(UTC) + timedelta(minutes=1)) == []


def test_nothing_logs_a_number(switchboard: Switchboard, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    plan = switchboard.plan()
    first, _ = switchboard.finished(placed(switchboard, plan))
    legs = switchboard.port.list_legs(ten_minutes_ago())
    assert first.sid in [leg.sid for leg in legs]
    written = digits_in(caplog.text) + digits_in(repr(legs)) + digits_in(repr(switchboard.events))
    assert plan.collector[-7:] not in written
    assert plan.debtor[-7:] not in written


@pytest.mark.slow
def test_lost_repeated_and_late_callbacks_then_reconciled_by_get() -> None:
    flags = ("--drop", "0.3", "--dup", "0.4", "--delay", "1.5", "--seed", "7", "--talk", "2")
    with run_simulator(*flags) as simulator, Switchboard(simulator) as board:
        endings = ["01", "02", "03", "04", "05", "06", "08", "01"]
        sids = [placed(board, board.plan(debtor=endings[number % len(endings)])) for number in range(40)]
        truth = {leg.sid: leg for sid in sids for leg in board.finished(sid) if leg}
        by_webhook = fold(board.observations())
        wrong = [sid for sid, state in by_webhook.items() if state.is_terminal and state.state != truth[sid].state]
        unfinished = [sid for sid in truth if sid not in by_webhook or not by_webhook[sid].is_terminal]
        assert wrong == []
        assert unfinished
        asked = [leg.observation() for sid in unfinished if (leg := board.port.fetch_leg(sid))]
        folded = fold(board.observations() + asked)
        assert {sid: folded[sid].state for sid in truth} == {sid: leg.state for sid, leg in truth.items()}
        assert board.refused == 0


def test_a_repeated_callback_has_the_same_key() -> None:
    with run_simulator("--dup", "1", "--talk", "1") as simulator, Switchboard(simulator) as board:
        first, second = board.finished(placed(board, board.plan()))
        wait_for(lambda: board.told_terminal(first, second))
        told = [event for event in board.events if event.kind == "status"]
        assert len(told) > len({event.key for event in told})
        assert len({event.key for event in told}) == len(set(told))


def test_a_manual_clock_stands_still_until_moved() -> None:
    with run_simulator("--manual-clock", "--talk", "5") as simulator, Switchboard(simulator) as board:
        sid = placed(board, board.plan(debtor="11"))

        def child() -> LegFacts:
            return next(leg for leg in board.port.list_legs(ten_minutes_ago()) if leg.parent_sid == sid)

        simulator.post("/clock/advance", seconds=1)
        assert simulator.log(sid)[-1]["verb"] == "Ring"
        simulator.post("/clock/advance", seconds=20)
        assert child().state == "queued"
        simulator.post("/clock/advance", seconds=60)
        assert child().state == "queued"
        simulator.post("/clock/advance", seconds=60)
        first, second = board.finished(sid)
        assert second
        # Notice 7 s, thinking 0.6 s, thanks 2 s, talk 5 s.
        assert (first.state, second.state, second.duration_s) == ("completed", "completed", 15)


def test_a_running_clock_cannot_be_moved(simulator: Simulator) -> None:
    with pytest.raises(Declined) as refused:
        simulator.post("/clock/advance", seconds=1)
    assert refused.value.status == 409


def test_the_page_works_with_forms_alone(switchboard: Switchboard) -> None:
    simulator = switchboard.simulator
    page = simulator.text("/")
    assert '<form method="post" action="/sides/debtor/mode">' in page
    headers = {"Accept": "text/html", "Origin": simulator.url}
    request = urllib.request.Request(simulator.url + "/sides/debtor/mode", b"by_hand=1", headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.url == simulator.url + "/"
        assert "You hold this phone" in answer.read().decode()
    simulator.post("/sides/debtor/mode", by_hand=False)
    assert simulator.get("/state.json")["by_hand"] == {"collector": False, "debtor": False}


def test_handing_a_phone_back_lets_it_go_on_by_itself(switchboard: Switchboard) -> None:
    simulator, plan = switchboard.simulator, switchboard.plan()
    collector, debtor = by_hand(simulator, plan)
    sid = placed(switchboard, plan)
    simulator.await_status(collector, "ringing")
    for phone in (collector, debtor):
        simulator.post(f"/phones/{phone}/mode", by_hand=False)
    first, second = switchboard.finished(sid)
    assert second
    assert (first.state, second.state) == ("completed", "completed")
    assert ("debtor", "Bridge") in verbs(simulator, sid)


def test_another_site_cannot_press_the_buttons(simulator: Simulator) -> None:
    request = urllib.request.Request(
        simulator.url + "/sides/debtor/mode", b"by_hand=1", {"Origin": "https://x.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    refused.value.close()
    assert refused.value.code == 403
    assert simulator.get("/state.json")["by_hand"]["debtor"] is False


def test_a_debtor_calls_back_and_reaches_the_collector_behind_the_mask() -> None:
    # The address is known only when the switchboard listens, so it is started first, before the simulator it speaks to.
    with run_simulator() as unused, Switchboard(unused) as board:
        plan = board.plan()
        flags = ("--voice-url", f"{board.url}/voice/{plan.name}/inbound", "--talk", "30")
        # slow enough that a poll on a busy machine still meets the seconds of talk
        with run_simulator(*flags, tick=0.1) as simulator:
            board.simulator = simulator
            roles = (plan.token("collector"), plan.token("debtor"))
            board.numbers |= {roles[1]: plan.collector, roles[0]: plan.debtor}
            phone = simulator.phone(plan.debtor, "debtor")
            other = simulator.phone(plan.collector, "collector")
            simulator.post(f"/phones/{phone}/dial", to=MASK)
            inbound = wait_for(lambda: [event for event in board.events if event.kind == "inbound"])[0]
            assert (inbound.caller, inbound.called) == (plan.debtor, MASK)
            assert plan.debtor not in repr(inbound)
            simulator.await_status(other, "talking")
            assert simulator.screen(other)["shows"] == "+1 303 555 0142"
            assert simulator.screen(phone)["shows"] == "+1 303 555 0142"
            simulator.await_status(phone, "ended")
            simulator.post(f"/phones/{phone}/dial", to=MASK, withheld=True)
            events = wait_for(lambda: [event for event in board.events if event.kind == "inbound"][1:])
            assert events[0].caller == "anonymous"
            simulator.await_status(phone, "ended")


def test_a_taken_port_is_a_sentence(simulator: Simulator) -> None:
    port = simulator.url.rsplit(":", 1)[-1]
    with pytest.raises(AssertionError, match="in time"), run_simulator("--port", port) as second:
        wait_for(lambda: second.url != "", 0.1)
    assert second.process.returncode == 1
