"""Whatever the facts are, rows and the gate answer as the pure policies do; and what protects never opens a door."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance.conformance_rows import ask_gate, is_in_scope
from compliance.policies.conformance import policy_evaluator, read_case, same_instant
from compliance.policies.decide import ALLOW, decide
from compliance.policies.facts import from_json
from compliance.policies.packs import load_packs, select_packs

PACKS = load_packs()
EVALUATE = policy_evaluator(PACKS)
BASE = datetime(2026, 11, 2, 16, tzinfo=UTC)
ZONES = ["America/New_York", "America/Los_Angeles", "America/Phoenix", "Pacific/Honolulu", "America/Nowhere"]

past = st.integers(-9 * 24 * 60, 0).map(lambda minutes: (BASE + timedelta(minutes=minutes)).isoformat())
some_debts = st.lists(st.sampled_from(["D1", "D2", "D3"]), unique=True, max_size=2)
yes = st.just(True)
entries = st.fixed_dictionaries(
    {
        "at": past,
        "channel": st.sampled_from(["call", "call", "ringless_vm", "sms", "email", "visit"]),
        "dir": st.sampled_from(["out", "out", "out", "in"]),
        "person": st.sampled_from(["consumer", "consumer", "spouse"]),
        "debts": some_debts,
        "outcome": st.sampled_from(["answered", "no_answer", "voicemail", "busy", "not_in_service", "wrong_person"]),
    },
    optional={"number": st.sampled_from(["N1", "N2"])},
)
consents = st.fixed_dictionaries(
    {"kind": st.sampled_from(["frequency", "time"]), "at": past},
    optional={
        "days": st.integers(1, 9), "given_ok": st.booleans(), "debts": some_debts, "revoked_at": past,
        "given_to": st.sampled_from(["us", "creditor"]), "person": st.sampled_from(["consumer", "spouse"]),
    },
)  # fmt: skip
windows = st.fixed_dictionaries(
    {
        "days": st.lists(st.integers(0, 6), unique=True, max_size=3),
        "from": st.sampled_from(["00:00", "09:10", "22:00"]),
        "to": st.sampled_from(["07:20", "12:00", "23:59", "24:00"]),
    }
)
protective = {
    "bankruptcy_pending": yes,
    "discharged": yes,
    "deceased": yes,
    "minor": yes,
    "dispute": st.fixed_dictionaries({"written": yes, "in_period": yes}, optional={"debts": some_debts}),
    "orig_creditor_request": st.just({"written": True}),
    "cease": st.fixed_dictionaries(
        {"form": st.sampled_from(["oral", "mail", "portal"])}, optional={"received_at": past}
    ),
    "attorney": st.just({}),
    "employer_prohibits": yes,
    "inconvenient_places": st.lists(st.sampled_from(["home", "work"]), min_size=1, unique=True),
    "inconvenient_times": st.lists(windows, min_size=1, max_size=2),
    "initial_comm_at": past,
}
other = {
    "validation_sent_at": past,
    "required_by_law": st.booleans(),
    "place_consent": st.booleans(),
    "paid": st.booleans(),
}


@st.composite
def flags(draw, most=2):
    """A few flags at a time: with all of them together every contact is refused for the same reason."""
    names = draw(st.lists(st.sampled_from(sorted({*protective, *other})), max_size=most, unique=True))
    return {name: draw({**protective, **other}[name]) for name in names}


calls = st.fixed_dictionaries(
    {
        "op": st.just("contact"),
        "packs": st.sampled_from([["US-FED"], ["US-FED", "HOUSE"]]),
        "now": st.integers(0, 30 * 60).map(lambda minutes: (BASE + timedelta(minutes=minutes)).isoformat()),
        "tz": st.fixed_dictionaries(
            {
                "address": st.lists(st.sampled_from(ZONES[:4]), min_size=1, max_size=2),
                "phone": st.lists(st.sampled_from(ZONES), max_size=1),
            }
        ),
        "debts": st.sampled_from([["D1"], ["D2"]]),
        "log": st.lists(entries, max_size=9),
        "consents": st.lists(consents, max_size=2),
        "media_opt_out": st.lists(st.sampled_from(["call", "sms", "N1"]), max_size=1),
        "flags": flags(),
    },
    optional={
        "purpose": st.sampled_from(["respond_inbound", "verification", "terminate", "optout_confirm"]),
        "responses_since_inbound": st.sampled_from([0, 1, 2]),
        "place": st.sampled_from(["home", "work", "mobile"]),
        "numkind": st.sampled_from(["home", "work", "mobile", "landline"]),
        "number": st.sampled_from(["N1", "N2"]),
        "debt_groups": st.just({"D1": "G", "D2": "G"}),
    },
)


def verdict(facts):
    return decide(from_json(facts), select_packs(PACKS, facts["packs"]))


@pytest.mark.django_db
@given(calls.filter(is_in_scope))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_answer_as_the_policies_do(facts):
    answer = EVALUATE(read_case({"id": "x", "facts": facts, "expect": {}})).values
    stored = ask_gate(facts)
    assert (stored["decision"], stored["rule"]) == (answer["decision"], answer["rule"])
    assert same_instant(stored["retry_at"], answer["retry_at"])


@given(calls, st.sampled_from(sorted(protective)), st.data())
@settings(max_examples=200, deadline=None)
def test_one_more_protection_never_opens_a_contact(facts, name, data):
    if name in facts["flags"]:
        return
    more = {**facts, "flags": {**facts["flags"], name: data.draw(protective[name])}}
    before, after = verdict(facts), verdict(more)
    assert after.verdict != ALLOW or before.verdict == ALLOW
    assert {denial.rule_id for denial in before.denials} <= {denial.rule_id for denial in after.denials}


@given(calls, st.sampled_from(ZONES))
@settings(max_examples=100, deadline=None)
def test_one_more_place_they_may_be_never_opens_a_contact(facts, zone):
    tz = facts["tz"]
    more = {**facts, "tz": {**tz, "address": [*tz["address"], zone]}}
    if verdict(facts).verdict != ALLOW:
        assert verdict(more).verdict != ALLOW


@given(calls)
@settings(max_examples=100, deadline=None)
def test_the_minute_before_the_time_to_try_again_is_refused(facts):
    retry = verdict(facts).retry_at
    if retry is not None:
        assert verdict({**facts, "now": retry.isoformat()}).verdict == ALLOW
        earlier = max(retry - timedelta(minutes=15), datetime.fromisoformat(facts["now"]))
        assert verdict({**facts, "now": earlier.isoformat()}).verdict != ALLOW
