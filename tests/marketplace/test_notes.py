"""Notes, support, outcome codes, bands, and the two proofs that only compliance can make."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.errors import BadInput, NotFound
from core.models import Event
from marketplace import bands, outcomes
from marketplace.checked import NO_TEXT, CheckedText
from marketplace.errors import ClaimEnded, KeyReused, WrongState
from marketplace.models import Note, SupportMessage, SupportTicket
from marketplace.services.claims import Clearance, end_claim
from marketplace.services.notes import write_note
from marketplace.services.support import close_ticket, open_ticket, reply
from tests.factories import START, make_claim, make_user

ROOT = Path(__file__).parents[2]
PRODUCT = ("config", "web", "insight", "payments", "calling", "compliance", "marketplace", "accounts", "core")


def words(text: str) -> CheckedText:
    return CheckedText._from_policy(text, "en")


def write(claim, **extra):
    values = {
        "action": "CALL",
        "result": "TALKED",
        "text": words("Calm talk"),
        "actor": claim.collector.actor,
        "at": START,
    }
    return write_note(case=claim.case, claim=claim, **(values | extra))


@pytest.mark.django_db
def test_a_note_is_kept_once_by_its_key():
    claim = make_claim(first_action_due_at=START)
    first = write(claim, idem_key="k1")
    assert write(claim, idem_key="k1").pk == first.pk
    assert (Note.objects.count(), Event.objects.filter(name="note.added").count()) == (1, 1)
    with pytest.raises(KeyReused):
        write(claim, idem_key="k1", result="NO_ANSWER")
    with pytest.raises(KeyReused):
        write(make_claim(), idem_key="k1")
    claim.refresh_from_db()
    assert claim.first_action_due_at is None
    assert "Calm talk" not in str(Event.objects.get(name="note.added").data)


@pytest.mark.django_db
def test_pairs_that_do_not_exist_are_refused_without_trace():
    claim = make_claim()
    for action, result in (("EMAIL", "TALKED"), ("CALL", "DELIVERED"), ("CALL", "PRESSURE"), ("SHOUT", "TALKED")):
        with pytest.raises(BadInput):
            write(claim, action=action, result=result)
    assert (Note.objects.count(), Event.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_after_the_claim_only_a_calls_result_may_be_written():
    claim = make_claim()
    end_claim(claim=claim, event="lease_expired", reason="", actor="system", at=START)
    with pytest.raises(ClaimEnded):
        write(claim)
    assert write(claim, call_ref="L-1").call_ref == "L-1"


def test_eight_tiles_and_every_result_has_a_use():
    assert len(outcomes.WRAP_UP) == len(set(outcomes.WRAP_UP)) == 8
    assert set(outcomes.WRAP_UP) | set(outcomes.WRAP_UP_MORE) == outcomes.PAIRS["CALL"]
    assert set().union(*outcomes.PAIRS.values()) == set(outcomes.RESULTS)
    assert set(outcomes.PAIRS) == set(outcomes.ACTIONS)
    assert set(outcomes.RESULTS) >= outcomes.PROTECTIVE
    assert all(len(code) <= 20 for code in outcomes.RESULTS)


def test_a_touch_is_the_right_party_or_a_delivered_message():
    touches = {(a, r) for a, results in outcomes.PAIRS.items() for r in results if outcomes.is_touch(a, r)}
    assert ("CALL", "PROMISE") in touches
    assert ("EMAIL", "DELIVERED") in touches
    for result in ("VOICEMAIL", "NO_ANSWER", "THIRD_PARTY", "WRONG_PERSON", "DECEASED"):
        assert ("CALL", result) not in touches
    assert not outcomes.is_touch("CALL", "DELIVERED")


@pytest.mark.parametrize(
    ("minor", "currency", "band"),
    [(1, "USD", 0), (10_000, "USD", 0), (10_001, "USD", 1), (123_457, "USD", 3), (250_000, "USD", 3), (250_001, "USD", 4),
     (2_500_001, "USD", 7), (10**12, "USD", 7), (100, "JPY", 0), (101, "JPY", 1), (100_000, "KWD", 0), (100_001, "KWD", 1)],
)  # fmt: skip
def test_bands_include_their_upper_edge(minor, currency, band):
    assert bands.band_of(minor, currency) == band


@pytest.mark.parametrize(
    ("days", "key"),
    [
        (-3, "1-29"),
        (0, "1-29"),
        (29, "1-29"),
        (30, "30-59"),
        (59, "30-59"),
        (60, "60-89"),
        (179, "150-179"),
        (180, "180+"),
        (4000, "180+"),
    ],
)
def test_buckets_by_days_past_due(days, key):
    assert bands.bucket_of(days).key == key
    today = date(2026, 11, 3)
    due = today - timedelta(days=days)
    fitting = [
        b.key
        for b in bands.BUCKETS
        for e, until in [b.since(today)]
        if (e is None or due >= e) and (until is None or due <= until)
    ]
    assert fitting == [key]


@pytest.mark.django_db
def test_one_tap_opens_one_ticket_and_both_sides_answer():
    claim, staff, stranger = make_claim(), make_user(is_staff=True), make_user()
    user = claim.collector.user
    given = {
        "user": user,
        "case": claim.case,
        "topic": "call",
        "text": "No sound",
        "actor": claim.collector.actor,
        "at": START,
    }
    ticket = open_ticket(**given, context={"call": "L-1"}, idem_key="t1")
    assert open_ticket(**given, idem_key="t1").pk == ticket.pk
    assert SupportTicket.objects.count() == SupportMessage.objects.count() == 1
    with pytest.raises(KeyReused):
        open_ticket(**given | {"user": stranger}, idem_key="t1")
    with pytest.raises(BadInput):
        open_ticket(**given | {"text": "  "})
    with pytest.raises(BadInput):
        open_ticket(**given | {"topic": "spam"})
    assert reply(ticket=ticket, author=staff, text="Try now", actor="user:1", at=START).is_staff
    assert SupportTicket.objects.get().state == "ANSWERED"
    reply(ticket=ticket, author=user, text="Works", actor="x", at=START)
    assert SupportTicket.objects.get().state == "OPEN"
    with pytest.raises(NotFound):
        reply(ticket=ticket, author=stranger, text="Hello", actor="x", at=START)
    with pytest.raises(NotFound):
        close_ticket(ticket=ticket, user=stranger, at=START)
    close_ticket(ticket=ticket, user=user, at=START)
    with pytest.raises(WrongState):
        reply(ticket=ticket, author=staff, text="Late", actor="user:1", at=START)
    assert [e.name for e in Event.objects.order_by("pk")] == ["ticket.opened", "ticket.answered"]


def test_checked_text_and_clearance_cannot_be_made_by_hand():
    with pytest.raises(TypeError):
        CheckedText()
    with pytest.raises(TypeError):
        CheckedText("abc", "en")
    with pytest.raises(AttributeError):
        NO_TEXT.text = "changed"


def callers_of(name: str) -> set[str]:
    found = set()
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                called = node.func if isinstance(node, ast.Call) else None
                if (isinstance(called, ast.Name) and called.id == name) or (
                    isinstance(called, ast.Attribute) and called.attr == name
                ):
                    found.add(path.relative_to(ROOT).as_posix())
    return found


def test_only_compliance_makes_the_proofs():
    assert callers_of(Clearance.__name__) == {"compliance/services/claiming.py"}
    assert callers_of("_from_policy") <= {"compliance/language.py", "marketplace/checked.py"}
