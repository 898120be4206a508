"""Disputes and stops: contact ends in the same transaction, a double tap is one, silence closes the debt."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from compliance import states
from compliance.gate import authorise
from compliance.models import Dispute, Hold, Refusal
from compliance.services.disputes import CaseIsClosed, DisputeAnswered, answer_dispute, open_dispute, sweep_unanswered
from compliance.services.notices import NoticeNotDue, content_of, send_notice
from compliance.services.stops import stop_contact
from core.errors import BadInput
from core.models import Event
from marketplace import states as market
from marketplace.models import Case, Promise
from marketplace.services.cases import close_case
from marketplace.services.promises import make_promise
from tests import factories as make

pytestmark = pytest.mark.django_db


def rule_now(case: Case, at: datetime) -> str:
    answer = authorise(case=case, channel="call", actor="system", at=at)
    return answer.rule if isinstance(answer, Refusal) else "NONE"


def dispute(case: Case, at: datetime, **extra: object) -> Dispute:
    values: dict[str, object] = {"parts": [], "text": "Not mine", "channel": "portal", "actor": "debtor"} | extra
    return open_dispute(case=case, at=at, **values)  # type: ignore[arg-type]


def test_a_dispute_denies_the_next_call_and_suspends_the_promise(at: datetime) -> None:
    claim = make.make_claim()
    make.make_notice(claim.case)
    promise = make_promise(
        case=claim.case, claim=claim, amount_minor=5000, due_date=at.date() + timedelta(days=3), channel="call",
        actor=claim.collector.actor, at=at,
    )  # fmt: skip
    row = dispute(claim.case, at)
    assert (row.state, row.is_in_period, row.is_written) == (states.AWAITING_CREDITOR, True, True)
    assert rule_now(claim.case, at) == "US.REGF.38d2"
    assert Promise.objects.get(pk=promise.pk).state == market.SUSPENDED


def test_a_double_tap_is_one_dispute(at: datetime) -> None:
    case = make.make_claim().case
    assert dispute(case, at) == dispute(case, at)
    assert Hold.objects.count() == 1


def test_an_unknown_part_is_refused_and_leaves_nothing(at: datetime) -> None:
    case = make.make_claim().case
    with pytest.raises(BadInput):
        dispute(case, at, parts=["gold"])
    assert not Dispute.objects.exists()
    assert not Hold.objects.exists()
    assert not Event.objects.exists()


def test_verification_lifts_the_pause(at: datetime) -> None:
    case = make.make_claim().case
    make.make_notice(case)
    row = dispute(case, at)
    answer_dispute(dispute=row, outcome="VALIDATED", text="Statement of August attached.", actor="user:1", at=at)
    assert rule_now(case, at) == "NONE"
    with pytest.raises(DisputeAnswered):
        answer_dispute(dispute=row, outcome="NOT_OWED", text="again", actor="user:1", at=at)


def test_an_answer_without_words_is_refused(at: datetime) -> None:
    row = dispute(make.make_claim().case, at)
    with pytest.raises(BadInput):
        answer_dispute(dispute=row, outcome="VALIDATED", text=" ", actor="user:1", at=at)
    assert Dispute.objects.get(pk=row.pk).state == states.AWAITING_CREDITOR


def test_not_owed_closes_the_case_and_ends_the_claim(at: datetime) -> None:
    claim = make.make_claim()
    row = dispute(claim.case, at)
    answer_dispute(dispute=row, outcome="NOT_OWED", text="Our mistake.", actor="user:1", at=at)
    case = Case.objects.get(pk=claim.case_id)
    assert (case.state, case.close_code) == (market.CLOSED, "DIS")
    claim.refresh_from_db()
    assert not claim.is_live


def test_silence_closes_the_debt_as_not_owed_after_the_last_day(at: datetime) -> None:
    case = make.make_claim().case
    row = dispute(case, at)
    last = at + timedelta(days=case.programme.dispute_answer_days)
    assert sweep_unanswered(at=last) == 0
    assert sweep_unanswered(at=last + timedelta(days=1)) == 1
    assert Dispute.objects.get(pk=row.pk).state == states.CLOSED_NOT_OWED
    assert Case.objects.get(pk=case.pk).close_code == "DIS"


def test_a_written_stop_covers_the_person_across_creditors(at: datetime) -> None:
    person = make.make_person()
    cases = []
    for _turn in range(2):
        programme = make.make_programme()
        debt = make.make_debt(make.make_debtor(programme.org, person))
        cases.append(make.make_case(programme, debt=debt, state=market.WORKING))
    assert stop_contact(case=cases[0], form="portal", actor="debtor", at=at) == stop_contact(
        case=cases[0], form="portal", actor="debtor", at=at
    )
    assert [rule_now(case, at) for case in cases] == ["US.REGF.6c1", "US.REGF.6c1"]


def test_a_notice_is_sent_once_with_every_field(at: datetime) -> None:
    case = make.make_case()
    notice = send_notice(case=case, at=at)
    content = content_of(notice)
    assert content.amount_now_minor == 123457
    assert content.amount_then_minor + content.interest_minor + content.fees_minor == content.amount_now_minor
    assert notice.period_ends_on == content.period_ends_on
    assert Case.objects.get(pk=case.pk).state == market.NOTICED
    with pytest.raises(NoticeNotDue):
        send_notice(case=case, at=at)


def test_a_notice_without_itemisation_is_refused_and_leaves_nothing(at: datetime) -> None:
    programme = make.make_programme()
    case = make.make_case(programme, debt=make.make_debt(make.make_debtor(programme.org), itemization_date=None))
    with pytest.raises(Exception, match="notice_incomplete"):
        send_notice(case=case, at=at)
    assert Case.objects.get(pk=case.pk).state == market.READY
    assert not Event.objects.exists()


def test_what_a_second_word_adds_is_kept_and_a_double_tap_adds_nothing(at: datetime) -> None:
    case = make.make_claim().case
    first = dispute(case, at, parts=["fees"], text="Fees were waived.")
    for _tap in range(2):
        dispute(case, at, parts=["interest"], text="And the rate is wrong.")
    row = Dispute.objects.get()
    assert (row.ref, row.parts) == (first.ref, ["interest", "fees"])
    assert row.text == "Fees were waived.\nAnd the rate is wrong."
    dispute(case, at, parts=[], text="It is not mine.")
    dispute(case, at, parts=["fees"], text="It is not mine.")
    assert Dispute.objects.get().parts == []
    assert Hold.objects.count() == 1
    assert Event.objects.filter(name="dispute.opened").count() == 1
    assert Event.objects.filter(name="dispute.added_to").count() == 2


def test_a_spoken_dispute_becomes_a_written_one(at: datetime) -> None:
    case = make.make_claim().case
    make.make_notice(case)
    assert not dispute(case, at, channel="call").is_written
    assert rule_now(case, at) != "NONE"
    dispute(case, at, channel="portal")
    row = Dispute.objects.get()
    assert (row.is_written, row.is_in_period) == (True, True)
    assert rule_now(case, at) == "US.REGF.38d2"


def test_a_dispute_after_the_period_is_taken_and_pauses_all_the_same(at: datetime) -> None:
    case = make.make_claim().case
    make.make_notice(case, sent_at=at - timedelta(days=90))
    assert not dispute(case, at).is_in_period
    assert rule_now(case, at) != "NONE"


def test_a_stolen_identity_stays_frozen_after_the_creditors_answer(at: datetime) -> None:
    case = make.make_claim().case
    make.make_notice(case)
    for _tap in range(2):
        row = dispute(case, at, text="Somebody used my identity", is_stolen=True)
    assert sorted(Hold.objects.values_list("reason", flat=True)) == ["DISPUTE", "ID_THEFT"]
    answer_dispute(dispute=row, outcome="VALIDATED", text="It is yours.", actor="user:1", at=at)
    assert rule_now(case, at) != "NONE"


def test_a_request_for_the_original_creditor_stands_beside_a_dispute(at: datetime) -> None:
    case = make.make_claim().case
    make.make_notice(case)
    asked = dispute(case, at, kind="orig_creditor", text="")
    assert rule_now(case, at) == "US.REGF.38c"
    dispute(case, at)
    answer_dispute(dispute=asked, outcome="VALIDATED", text="Harbour LLC, Albany.", actor="user:1", at=at)
    assert rule_now(case, at) == "US.REGF.38d2"


@pytest.mark.parametrize("kind", ["already_paid", "orig_creditor"])
def test_silence_closes_whatever_was_asked(at: datetime, kind: str) -> None:
    case = make.make_claim().case
    dispute(case, at, kind=kind)
    assert sweep_unanswered(at=at + timedelta(days=case.programme.dispute_answer_days + 1)) == 1
    assert Case.objects.get(pk=case.pk).close_code == "DIS"


def test_a_closed_case_takes_no_dispute_and_nothing_is_left(at: datetime) -> None:
    case = make.make_case()
    close_case(case=case, code="WTH", event="stop", actor="system", at=at)
    before = Event.objects.count()
    with pytest.raises(CaseIsClosed):
        dispute(case, at, is_stolen=True)
    assert not Dispute.objects.exists()
    assert not Hold.objects.exists()
    assert Event.objects.count() == before


def test_an_unknown_answer_is_refused_and_leaves_the_dispute(at: datetime) -> None:
    row = dispute(make.make_claim().case, at)
    before = Event.objects.count()
    with pytest.raises(BadInput):
        answer_dispute(dispute=row, outcome="MAYBE", text="Hm.", actor="user:1", at=at)
    assert Dispute.objects.get(pk=row.pk).answered_at is None
    assert Event.objects.count() == before
