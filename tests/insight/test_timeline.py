"""A case's timeline: words from events alone, and nobody's name or number in them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.models import Refusal
from core.events import record
from insight.selectors.timeline import timeline
from insight.words import WORDS, role_words, words_of
from marketplace.models import Note
from tests.factories import START, make_case, make_claim, make_collector, make_member
from tests.payments.kit import pay

pytestmark = pytest.mark.django_db

# What the services put into each event's data, as far as a sentence reads it.
DATA = {
    "amount_minor": 10030, "currency": "USD", "due": "2026-11-06", "reason": "DISPUTE", "code": "PIF", "rule": "HOUSE.1",
    "outcome": "no_answer", "final": "2026-11-10", "action": "CALL", "result": "PTP", "fee_minor": 1504,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(WORDS))
def test_every_event_has_a_sentence_even_without_data(name):
    for data in (DATA, {}):
        _icon, _tone, sentence = words_of(name, data)
        assert sentence
        assert "%(" not in sentence


def test_an_event_without_words_is_told_by_its_name():
    assert words_of("thing.went_well", {})[2] == "thing: went well"


def test_amounts_and_days_are_written_as_on_every_page():
    assert words_of("promise.made", DATA)[2] == "Promised $100.30 for 6 November"
    assert words_of("payment.reversed", {**DATA, "reversed_minor": 30})[2] == "Payment of $0.30 taken back"


def test_who_acted_is_a_role():
    assert role_words("collector:C-000001") == "Case worker"
    assert role_words("debtor") == "Account holder"
    assert role_words("user:7", {"user:7"}) == "The creditor"
    assert role_words("user:8", {"user:7"}) == "Evenhand"
    assert role_words("api:3") == "The creditor's system"


def test_newest_first_with_evidence_and_no_name_of_a_collector():
    collector = make_collector(alias="Canary Alias")
    claim = make_claim(collector=collector)
    make_member(claim.case.org)
    pay(claim.case, 10030, START + timedelta(hours=1))
    record(
        name="case.claimed", stream=claim.case.stream, actor=collector.actor, at=START, creditor_id=claim.case.org_id,
        data={"claim": claim.ref, "collector": collector.ref},
    )  # fmt: skip
    found = timeline(claim.case, viewer="creditor")
    assert [one.name for one in found][:2] == ["case.claimed", "payment.reported"]
    assert all(len(one.evidence) == 10 for one in found)
    told = " ".join(f"{one.title} {one.who} {one.quote} {one.detail}" for one in found)
    assert "Canary" not in told
    assert collector.ref not in told


def test_a_refusal_says_why_and_a_note_is_quoted():
    claim = make_claim()
    case = claim.case
    Refusal.objects.create(
        ref="F-1", case=case, person=case.debtor.person, channel="call", actor="collector:x", at=START, verdict="deny",
        rule="HOUSE.HOURS", denials=[{"rule": "HOUSE.HOURS", "say": "It is too late there."}], facts={}, packs=[],
    )  # fmt: skip
    note = Note.objects.create(
        case=case, claim=claim, action="CALL", result="PTP", text="Pays on Friday.", actor="collector:x", at=START
    )
    for name, data in (
        ("contact.refused", {"refusal": "F-1", "rule": "HOUSE.HOURS"}),
        ("note.added", {"note": note.pk}),
    ):
        record(name=name, stream=case.stream, actor="collector:x", at=START, creditor_id=case.org_id, data=data)
    note_line, refusal = timeline(case, viewer="creditor")
    assert (note_line.quote, refusal.detail) == ("Pays on Friday.", "It is too late there.")


def test_each_side_reads_its_own(django_assert_max_num_queries):
    case = make_case()
    for name in ("ticket.opened", "commission.booked"):
        record(name=name, stream=case.stream, actor="system", at=START, creditor_id=case.org_id, data=DATA)
    with django_assert_max_num_queries(4):
        assert [one.name for one in timeline(case, viewer="creditor")] == ["commission.booked"]
    assert [one.name for one in timeline(case, viewer="collector")] == ["ticket.opened"]
