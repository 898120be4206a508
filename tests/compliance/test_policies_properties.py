"""Properties of every decision: replay gives the same, more contacts never free one, the retry time is the first."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.policies.decide import ALLOW, decide
from compliance.policies.facts import from_json, to_json
from compliance.policies.packs import load_packs

PACKS = tuple(load_packs().values())
BASE = datetime(2026, 6, 10, 16, tzinfo=UTC)
ZONES = ["America/New_York", "America/Los_Angeles", "America/Chicago", "America/Phoenix", "Asia/Kathmandu"]

instants = st.integers(-14 * 24 * 60, 0).map(lambda minutes: BASE + timedelta(minutes=minutes))
debts = st.lists(st.sampled_from(["D1", "D2", "D3"]), unique=True, max_size=2)
entries = st.fixed_dictionaries(
    {
        "at": instants.map(datetime.isoformat),
        "channel": st.sampled_from(["call", "ringless_vm", "sms", "email"]),
        "dir": st.sampled_from(["out", "out", "in"]),
        "person": st.sampled_from(["consumer", "consumer", "spouse"]),
        "debts": debts,
        "outcome": st.sampled_from(["answered", "no_answer", "voicemail", "busy", "dropped"]),
    }
)
flags = st.fixed_dictionaries(
    {},
    optional={
        "bankruptcy_pending": st.booleans(),
        "cease": st.fixed_dictionaries({"form": st.sampled_from(["oral", "mail"])}),
        "attorney": st.fixed_dictionaries({}, optional={"unresponsive": st.booleans()}),
        "initial_comm_at": instants.map(datetime.isoformat),
        "email_basis": st.sampled_from(["consumer_used", "none"]),
        "sms_basis": st.fixed_dictionaries({"dates": st.lists(instants.map(datetime.isoformat), max_size=2)}),
        "inconvenient_times": st.lists(
            st.fixed_dictionaries(
                {
                    "days": st.lists(st.integers(0, 6), unique=True, max_size=4),
                    "from": st.sampled_from(["00:00", "09:10", "15:00"]),
                    "to": st.sampled_from(["12:00", "17:20", "23:59"]),
                }
            ),
            max_size=2,
        ),
        "notice_mailed": st.none(),
    },
)
consents = st.fixed_dictionaries(
    {"kind": st.sampled_from(["frequency", "time"]), "at": instants.map(datetime.isoformat)},
    optional={"days": st.integers(1, 9), "given_ok": st.booleans(), "debts": debts},
)


def contacts(flags=flags):
    return st.fixed_dictionaries(
        {
            "now": st.integers(0, 24 * 60).map(lambda minutes: (BASE + timedelta(minutes=minutes)).isoformat()),
            "channel": st.sampled_from(["call", "call", "call", "sms", "email", "letter", "visit"]),
            "purpose": st.sampled_from([None, None, "respond_inbound", "verification"]),
            "tz": st.fixed_dictionaries({"address": st.lists(st.sampled_from(ZONES), min_size=1, max_size=2)}),
            "debts": debts,
            "debt_groups": st.sampled_from([{}, {"D1": "G", "D2": "G"}]),
            "log": st.lists(entries, max_size=12),
            "consents": st.lists(consents, max_size=1),
            "media_opt_out": st.lists(st.sampled_from(["call", "sms"]), max_size=1, unique=True),
            "responses_since_inbound": st.sampled_from([None, 0, 1]),
            "flags": flags,
        }
    )


@given(contacts())
@settings(max_examples=150, deadline=None)
def test_a_stored_decision_replays(asked):
    facts = from_json(asked)
    stored = json.loads(json.dumps(to_json(facts)))
    assert from_json(stored) == facts
    assert decide(from_json(stored), PACKS) == decide(facts, PACKS)


@given(contacts(), entries)
@settings(max_examples=150, deadline=None)
def test_one_more_outgoing_contact_never_frees_the_next(asked, entry):
    more = {**asked, "log": [*asked["log"], {**entry, "dir": "out"}]}
    before, after = decide(from_json(asked), PACKS), decide(from_json(more), PACKS)
    if before.verdict != ALLOW:
        assert after.verdict != ALLOW
    assert {denial.rule_id for denial in before.denials} <= {denial.rule_id for denial in after.denials}


@given(contacts(), st.sampled_from(PACKS))
@settings(max_examples=100, deadline=None)
def test_one_more_pack_never_frees_a_contact(asked, left_out):
    facts = from_json(asked)
    fewer = decide(facts, tuple(pack for pack in PACKS if pack is not left_out))
    if fewer.verdict != ALLOW:
        assert decide(facts, PACKS).verdict != ALLOW


@given(
    contacts(
        flags=st.fixed_dictionaries(
            {}, optional={"inconvenient_times": st.just([{"days": [2, 3], "from": "00:00", "to": "13:10"}])}
        )
    )
)
@settings(max_examples=25, deadline=None)
def test_the_time_to_try_again_is_the_first_quarter_hour_allowed(asked):
    decision = decide(from_json(asked), PACKS)
    if decision.retry_at is None:
        return
    at = datetime.fromisoformat(asked["now"])
    at += -timedelta(minutes=at.minute % 15) + timedelta(minutes=15)
    while at < decision.retry_at:
        assert decide(from_json({**asked, "now": at.isoformat()}), PACKS).verdict != ALLOW
        at += timedelta(minutes=15)
    assert decide(from_json({**asked, "now": at.isoformat()}), PACKS).verdict == ALLOW
