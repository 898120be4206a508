"""The decision: order of reasons, the one response, consents, local days, and the time to try again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from compliance.policies.decide import ALLOW, DENY, HOLD, decide
from compliance.policies.disclose import Message, check_message
from compliance.policies.explain import explain
from compliance.policies.facts import FactsError, from_json, to_json
from compliance.policies.packs import load_packs, select_packs
from compliance.policies.validation import validation_period

PACKS = load_packs()
LAW = select_packs(PACKS, ["US-FED"])
BOTH = select_packs(PACKS, ["US-FED", "HOUSE"])
NOON = "2026-06-10T12:00:00-04:00"


def facts(flags=None, **keys):
    return from_json(
        {"now": NOON, "tz": {"address": ["America/New_York"]}, "debts": ["D1"], "flags": flags or {}, **keys}
    )


def row(at, outcome="no_answer", **keys):
    return {
        "at": at,
        "channel": "call",
        "dir": "out",
        "person": "consumer",
        "debts": ["D1"],
        "outcome": outcome,
        **keys,
    }


def calls(days, outcome="no_answer", **keys):
    return [row(f"2026-06-{day:02d}T10:00:00-04:00", outcome, **keys) for day in days]


def rules(decision):
    return [denial.rule_id for denial in decision.denials]


# --- order ---


def test_every_reason_is_recorded_and_the_gravest_is_told_first():
    flags = {"bankruptcy_pending": True, "attorney": {}, "cease": {"form": "mail"}, "deceased": True}
    night = facts(flags, now="2026-06-10T23:00:00-04:00", media_opt_out=["call"])
    decision = decide(night, BOTH)
    assert decision.rule == "US.BK.STAY"
    assert decision.retry_at is None
    assert rules(decision) == [
        "US.BK.STAY",
        "HOUSE.DECEASED",
        "US.REGF.6c1",
        "US.REGF.6b2",
        "US.REGF.14h1",
        "US.REGF.6b1i.HOURS",
    ]


def test_a_deny_outranks_a_hold_and_both_are_recorded():
    cease = {"cease": {"form": "oral", "received_at": "2026-06-09T10:00:00-04:00"}}
    assert decide(facts(cease), LAW).verdict == HOLD
    decision = decide(facts(cease, media_opt_out=["call"]), LAW)
    assert (decision.verdict, decision.rule) == (DENY, "US.REGF.14h1")
    assert rules(decision) == ["US.REGF.14h1", "HOUSE.ORAL_CEASE"]


def test_an_unknown_zone_name_is_no_zone():
    for tz in ({}, {"address": ["Mars/Olympus"]}, {"address": ["America/New_York"], "phone": ["Nowhere"]}):
        decision = decide(facts(tz=tz), LAW)
        assert (decision.rule, decision.retry_at) == ("HOUSE.TZ_UNKNOWN", None)
    assert decide(facts(tz={}, channel="letter"), LAW).verdict == ALLOW


def test_lawyers_and_creditors_are_outside_the_law_on_contact():
    flags = {"bankruptcy_pending": True, "cease": {"form": "mail"}, "attorney": {}}
    for target in ("consumer_attorney", "creditor", "cra"):
        assert decide(facts(flags, target=target), LAW).verdict == ALLOW


def test_caps_of_the_house_pack_need_the_pack_its_floor_does_not():
    busy_day = facts(log=[row(f"2026-06-10T{hour:02d}:00:00-04:00") for hour in (8, 9, 11)])
    assert decide(busy_day, LAW).verdict == ALLOW
    assert rules(decide(busy_day, BOTH)) == ["HOUSE.GAP", "HOUSE.DAILY"]
    assert decide(facts({"minor": True}), LAW).rule == "HOUSE.MINOR"


# --- stops ---


@pytest.mark.parametrize(
    "purpose", ["terminate", "remedy_notice", "optout_confirm", "verification", "orig_creditor_info"]
)
def test_what_may_be_sent_while_a_dispute_is_open(purpose):
    open_dispute = {"dispute": {"written": True, "in_period": True}}
    assert decide(facts(open_dispute), LAW).rule == "US.REGF.38d2"
    assert decide(facts(open_dispute, purpose=purpose), LAW).verdict == ALLOW
    request = {"orig_creditor_request": {"written": True}}
    assert decide(facts(request, purpose=purpose), LAW).verdict == ALLOW


def test_a_partial_dispute_stops_only_its_debts():
    dispute = {"dispute": {"written": True, "in_period": True, "partial": True, "debts": ["D2"]}}
    assert decide(facts(dispute), LAW).verdict == ALLOW
    assert decide(facts(dispute, debts=["D1", "D2"]), LAW).rule == "US.REGF.38d2"
    assert decide(facts(dispute, debts=[]), LAW).rule == "US.REGF.38d2"


def test_only_closing_notices_pass_a_written_cease_and_the_one_response_does_not():
    cease = {"cease": {"form": "fax", "received_at": NOON}}
    assert decide(facts(cease, channel="letter", purpose="verification"), LAW).rule == "US.REGF.6c1"
    assert decide(facts(cease, purpose="respond_inbound", responses_since_inbound=0), LAW).rule == "US.REGF.6c1"
    for purpose in ("terminate", "remedy_notice"):
        assert decide(facts(cease, channel="letter", purpose=purpose), LAW).verdict == ALLOW
    assert decide(facts({"cease": {"form": "carrier_pigeon"}}), LAW).rule == "US.REGF.6c1"


def test_a_known_lawyer_leaves_one_response():
    assert decide(facts({"attorney": {}}, purpose="respond_inbound", responses_since_inbound=0), LAW).verdict == ALLOW
    assert (
        decide(facts({"attorney": {}}, purpose="respond_inbound", responses_since_inbound=1), LAW).rule == "US.REGF.6b2"
    )


def test_the_one_response_uses_the_medium_the_person_used():
    inbound = [{"at": "2026-06-10T11:00:00-04:00", "channel": "email", "dir": "in", "outcome": "delivered"}]
    response = {
        "purpose": "respond_inbound",
        "responses_since_inbound": 0,
        "log": inbound,
        "media_opt_out": ["call", "email"],
    }
    assert decide(facts(channel="call", **response), LAW).rule == "US.REGF.14h1"
    assert decide(facts({"email_basis": "consumer_used"}, channel="email", **response), LAW).verdict == ALLOW


def test_responses_are_counted_from_the_log_when_not_given():
    inbound = {"at": "2026-06-10T11:00:00-04:00", "channel": "call", "dir": "in", "outcome": "no_answer"}
    keys = {"purpose": "respond_inbound", "media_opt_out": ["call"]}
    assert decide(facts(log=[inbound], **keys), LAW).verdict == ALLOW
    assert decide(facts(log=[inbound, row("2026-06-10T11:30:00-04:00")], **keys), LAW).verdict == DENY
    assert decide(facts(**keys), LAW).verdict == DENY


# --- other people ---


def ask(flags=None, **keys):
    return facts(flags, target="third_party", person_id="brother", purpose="location", **keys)


def test_another_person_may_be_asked_once_for_the_location():
    assert decide(ask(), LAW).verdict == ALLOW
    earlier = calls([1], "answered", person="brother")
    assert decide(ask(log=earlier), LAW).rule == "US.REGF.10c"
    assert decide(ask(log=earlier, requested_by_person=True), LAW).verdict == ALLOW
    assert decide(ask(log=calls([1], "no_answer", person="brother")), LAW).verdict == ALLOW
    assert decide(ask({"attorney": {"unresponsive": True}}), LAW).verdict == ALLOW
    assert rules(decide(ask(channel="postcard"), LAW)) == ["US.REGF.10b3", "US.REGF.22f1"]


# --- medium and address ---


def test_the_confirmation_of_an_opt_out_is_sent():
    for channel in ("sms", "email"):
        flags = {"sms_basis": {"dates": ["2026-06-01T10:00:00-04:00"], "withdrawn": True}}
        refused = facts(flags, channel=channel, media_opt_out=[channel], purpose="optout_confirm")
        assert decide(refused, LAW).verdict == ALLOW
    assert decide(facts(channel="call", media_opt_out=["call"], purpose="optout_confirm"), LAW).rule == "US.REGF.14h1"


def test_a_recorded_call_is_a_call_and_a_number_can_be_refused():
    assert "US.REGF.14h1" in rules(decide(facts(channel="ringless_vm", media_opt_out=["call"]), LAW))
    assert decide(facts(number="N1", media_opt_out=["N1"]), LAW).rule == "US.REGF.14h1"
    assert decide(facts(number="N2", media_opt_out=["N1"]), LAW).verdict == ALLOW


@pytest.mark.parametrize(
    ("flags", "rule"),
    [
        ({}, "US.REGF.6d3"),
        ({"email_basis": "none"}, "US.REGF.6d3"),
        ({"email_basis": "creditor_notice"}, "US.REGF.6d4ii"),
        ({"email_basis": "direct_consent", "email_addr": "employer"}, "NONE"),
        ({"email_basis": "direct_consent"}, "NONE"),
    ],
)
def test_basis_of_an_email_address(flags, rule):
    assert decide(facts(flags, channel="email"), LAW).rule == rule


def test_an_opt_out_period_that_runs_out_gives_a_time_to_try_again():
    notice = {"sent_at": "2026-05-06T12:00:00-04:00", "opt_out_days": 35, "public_domain": True}
    decision = decide(facts({"email_basis": "creditor_notice", "email_notice": notice}, channel="email"), LAW)
    assert decision.retry_at == datetime.fromisoformat("2026-06-11T08:00:00-04:00")
    private = {**notice, "public_domain": False}
    decision = decide(facts({"email_basis": "creditor_notice", "email_notice": private}, channel="email"), LAW)
    assert (decision.rule, decision.retry_at) == ("US.REGF.6d4ii", None)


@pytest.mark.parametrize("basis", [None, {"dates": []}, {"dates": ["2026-06-09T10:00:00-04:00"], "withdrawn": True}])
def test_a_text_needs_a_fresh_basis(basis):
    assert decide(facts({"sms_basis": basis}, channel="sms"), LAW).rule == "US.REGF.6d5"


# --- frequency ---


def test_calls_that_did_not_connect_do_not_count():
    log = calls(range(4, 11), "busy") + calls(range(4, 11), "not_in_service")
    assert decide(facts(log=log), BOTH).verdict == ALLOW


def test_student_loans_of_one_account_count_together():
    keys = {"debts": ["L1"], "debt_groups": {"L1": "ACC", "L2": "ACC"}}
    assert decide(facts(log=calls(range(4, 11), debts=["L2"]), **keys), LAW).rule == "US.REGF.14b2iA"


def test_a_call_that_named_no_debt_counts_to_each():
    assert decide(facts(log=calls(range(4, 11), debts=[])), LAW).rule == "US.REGF.14b2iA"


def test_a_contact_about_two_debts_needs_room_for_both():
    assert decide(facts(debts=["D9", "D1"], log=calls([8], "answered")), LAW).rule == "US.REGF.14b2iB"


def test_a_consent_ends_with_the_conversation_it_led_to():
    consent = {"kind": "frequency", "at": "2026-06-07T09:00:00-04:00", "person": "consumer"}
    decision = decide(facts(log=calls([8], "answered"), consents=[consent]), LAW)
    assert decision.rule == "US.REGF.14b2iB"
    assert decision.retry_at == datetime.fromisoformat("2026-06-15T08:00:00-04:00")


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, ALLOW),
        ({"debts": ["D1"]}, ALLOW),
        ({"debts": ["D2"]}, DENY),
        ({"person": "spouse"}, DENY),
        ({"days": 2}, DENY),
        ({"given_to": "prior_collector"}, DENY),
        ({"given_to": "us"}, ALLOW),
        ({"given_ok": False}, DENY),
        ({"kind": "time"}, DENY),
    ],
)
def test_which_frequency_consents_count(change, verdict):
    consent = {"kind": "frequency", "at": "2026-06-08T10:05:00-04:00", **change}
    assert decide(facts(log=calls([8], "answered"), consents=[consent]), LAW).verdict == verdict


def test_a_day_is_counted_in_every_zone_and_the_strictest_wins():
    # 23:30 on the 3rd in Los Angeles is 02:30 on the 4th in New York, where it still is one of the last seven days.
    late = row("2026-06-03T23:30:00-07:00")
    log = [late, *calls(range(5, 11))]
    assert decide(facts(log=log, tz={"address": ["America/Los_Angeles"]}), LAW).verdict == ALLOW
    both = {"address": ["America/Los_Angeles"], "phone": ["America/New_York"]}
    assert decide(facts(log=log, tz=both), LAW).rule == "US.REGF.14b2iA"


def test_the_gap_ends_to_the_minute():
    at = [row("2026-06-10T10:00:00-04:00")]
    assert decide(facts(now="2026-06-10T11:59:59-04:00", log=at), BOTH).rule == "HOUSE.GAP"
    assert decide(facts(now="2026-06-10T12:00:00-04:00", log=at), BOTH).verdict == ALLOW


# --- time ---


def test_retry_jumps_over_a_designated_week_and_keeps_local_time_across_a_clock_change():
    weekdays = {"inconvenient_times": [{"days": [0, 1, 2, 3, 4, 5], "from": "00:00", "to": "23:59"}]}
    decision = decide(facts(weekdays, now="2026-10-26T12:00:00-04:00"), LAW)
    assert decision.retry_at is not None
    assert decision.retry_at.isoformat() == "2026-11-01T08:00:00-05:00"


def test_no_time_suits_means_no_time_to_try_again():
    never = {"inconvenient_times": [{"from": "00:00", "to": "23:59"}]}
    assert decide(facts(never), LAW).retry_at is None


def test_a_window_over_midnight():
    night = {"inconvenient_times": [{"days": [1], "from": "20:00", "to": "09:00"}]}
    decision = decide(facts(night, now="2026-06-10T08:30:00-04:00"), LAW)
    assert decision.rule == "US.REGF.6b1i.DESIGNATED"
    assert decision.retry_at == datetime.fromisoformat("2026-06-10T09:00:00-04:00")


def test_retry_agrees_with_trying_every_quarter_hour():
    log = [
        *calls([5, 6, 7, 8, 9]),
        *calls([4], "answered"),
        row("2026-06-10T11:00:00-04:00"),
        row("2026-06-10T11:30:00-04:00"),
    ]
    flags = {"inconvenient_times": [{"days": [3], "from": "07:00", "to": "10:40"}]}
    zones = {"address": ["America/Denver"], "phone": ["America/New_York"]}
    asked = facts(flags, log=log, tz=zones)
    decision = decide(asked, BOTH)
    at = asked.now.astimezone(UTC)
    while decide(from_json({**to_json(asked), "now": at.isoformat()}), BOTH).verdict != ALLOW:
        at += timedelta(minutes=15)
    assert decision.retry_at == at


# --- content, dates, words ---


def test_what_has_to_be_said():
    first = decide(facts(), LAW).disclosures
    later = decide(facts({"initial_comm_at": NOON, "validation_sent_at": NOON}), LAW).disclosures
    assert first == ("attempting_to_collect", "info_used_for_purpose", "call_recorded")
    assert later == ("from_debt_collector", "call_recorded")


@pytest.mark.parametrize(
    ("kind", "content", "decision", "rule"),
    [
        ("initial", ("attempting_to_collect", "info_used_for_purpose"), ALLOW, "NONE"),
        ("initial", ("attempting_to_collect",), DENY, "US.REGF.18e1"),
        ("later", ("from_debt_collector",), ALLOW, "NONE"),
        ("later", (), DENY, "US.REGF.18e2"),
        ("anything_else", (), DENY, "US.REGF.18e2"),
    ],
)
def test_message_content(kind, content, decision, rule):
    verdict = check_message(Message(kind, content), LAW)
    assert (verdict.decision, verdict.rule) == (decision, rule)


def test_validation_period_skips_holidays_of_every_kind():
    assert validation_period(date(2026, 11, 20), LAW).receipt == date(2026, 11, 30)  # Thanksgiving, the 26th
    assert validation_period(date(2026, 5, 22), LAW).receipt == date(2026, 6, 1)  # Memorial Day, the last Monday
    with pytest.raises(LookupError):
        validation_period(date(2026, 5, 22), [PACKS["HOUSE"]])


def test_a_refusal_in_words():
    decision = decide(facts(now="2026-06-10T22:00:00-04:00"), LAW)
    told = explain(decision)
    assert told.text == "It is outside 08:00–21:00 where they are. Try again on Thursday 11 June at 08:00 (their time)."
    assert told.reasons[0].cite.startswith("12 CFR 1006.6(b)(1)(i)")
    stopped = explain(decide(facts({"attorney": {}}), LAW))
    assert stopped.text == "They have a lawyer for this debt. Contact the lawyer instead."


# --- facts ---


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flags": {"ceese": {}}}, "facts.flags: unknown key 'ceese'"),
        ({"flags": {"deceased": "yes"}}, "facts.flags.deceased: expected bool, got 'yes'"),
        ({"now": "2026-06-10T12:00:00"}, "facts.now: an instant needs an offset: '2026-06-10T12:00:00'"),
        ({"log": [{"channel": "call"}]}, "facts.log[0]: 'at' is missing"),
        ({"debts": "D1"}, "facts.debts: expected a list, got 'D1'"),
    ],
)
def test_badly_formed_facts_are_refused_by_name(change, message):
    with pytest.raises(FactsError) as refused:
        from_json({"now": NOON, **change})
    assert str(refused.value).startswith(message)


def test_known_not_to_be_mailed_differs_from_unknown():
    unmailed, unknown = facts({"notice_mailed": None}), facts()
    assert (unmailed.flags.notice_mailed, unknown.flags.notice_mailed) == ((), None)
    assert from_json(to_json(unmailed)) == unmailed
