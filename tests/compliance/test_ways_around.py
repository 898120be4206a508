"""Ways around the gate, each tried and shut: other numbers, other clocks, edited lists, packs and rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance import packbook
from compliance.errors import NoNumber, PermitExpired
from compliance.gate import authorise, preview, recheck, redeem
from compliance.models import Consent, ContactAttempt, Hold, Permit, Preference, Refusal
from compliance.policies.packs import load_packs
from compliance.services.attempts import record_outcome
from compliance.services.disputes import open_dispute
from compliance.services.holds import close_hold, open_hold
from core.models import Event
from marketplace import states
from marketplace.models import ContactPoint
from tests import factories as make
from tests.invariants.attack import CHECK, never_changes, never_goes, refused, sql

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


@pytest.fixture
def case():
    case = make.make_claim().case
    make.make_notice(case)
    return case


def ask(case, at, **more):
    return authorise(case=case, channel="call", actor="collector:C-1", at=at, **more)


def permitted(case, at):
    permit = ask(case, at)
    assert isinstance(permit, Permit)
    return permit


def rule(answer):
    assert isinstance(answer, Refusal)
    return answer.rule


# Numbers


def test_another_persons_number_gets_no_permit(case, at):
    strangers = make.make_debtor(case.org).contact_points.get()
    with pytest.raises(NoNumber):
        ask(case, at, contact_point=strangers)
    assert not Permit.objects.exists()
    assert not Refusal.objects.exists()


def test_a_permit_is_for_the_number_it_names(case, at):
    permit = permitted(case, at)
    other = ContactPoint.objects.get(debtor=make.make_debtor(case.org))
    never_changes(permit, "contact_point_id", other.pk)
    assert redeem(permit=permit, at=at).number_hash == permit.contact_point.hash


# Clocks


def test_a_clock_put_back_frees_no_slot(case, at):
    redeem(permit=permitted(case, at), at=at)
    assert rule(ask(case, at - timedelta(hours=1))) == "HOUSE.GAP"


def test_a_clock_put_back_does_not_open_the_days_after_a_talk(case, at):
    attempt = redeem(permit=permitted(case, at), at=at)
    record_outcome(attempt=attempt, outcome="answered", answered_by="right_party", is_conversation=True,
                   source="collector", at=at)  # fmt: skip
    assert "US.REGF.14b2iB" in [row["rule"] for row in ask(case, at - timedelta(hours=1)).denials]


@pytest.mark.parametrize(
    ("reason", "detail", "said"),
    [
        ("CEASE", {"form": "portal"}, "US.REGF.6c1"), ("CEASE", {"form": "oral"}, "HOUSE.ORAL_CEASE"),
        ("BANKRUPT", {}, "US.BK.STAY"), ("REPRESENTED", {}, "US.REGF.6b2"), ("COMPLAINT", {}, "HOLD.COMPLAINT"),
    ],
)  # fmt: skip
def test_a_clock_put_back_lifts_no_stop(case, at, reason, detail, said):
    open_hold(reason=reason, case=case, detail=detail, actor="debtor", at=at)
    assert rule(ask(case, at - SECOND)) == said


def test_a_clock_put_back_lifts_no_dispute_and_no_wish(case, at):
    open_dispute(case=case, kind="dispute", parts=[], text="", channel="portal", actor="debtor", at=at)
    Preference.objects.create(person=case.debtor.person, kind="media_opt_out", detail={"medium": "call"},
                              set_by="debtor", set_at=at)  # fmt: skip
    told = {row["rule"] for row in ask(case, at - SECOND).denials}
    assert {"US.REGF.38d2", "US.REGF.14h1"} <= told


def test_a_consent_of_later_opens_nothing_before(case, at):
    night = at.replace(hour=22)
    Consent.objects.create(person=case.debtor.person, kind="time", at=night, is_compliant=True)
    assert rule(ask(case, night - SECOND)) == "US.REGF.6b1i.HOURS"
    assert isinstance(ask(case, night), Permit)


def test_a_permit_is_not_used_before_it_was_given(case, at):
    permit = permitted(case, at)
    with pytest.raises(PermitExpired):
        redeem(permit=permit, at=at - SECOND)
    assert not ContactAttempt.objects.exists()


def test_a_wrong_year_does_not_switch_the_law_off(case, at):
    answer = ask(case, at.replace(year=1999, hour=23))
    assert rule(answer) == "US.REGF.6b1i.HOURS"


# Between the press and the dial


def test_a_dispute_after_the_permit_is_met_before_the_dial(case, at):
    permit = permitted(case, at)
    open_dispute(case=case, kind="dispute", parts=[], text="", channel="portal", actor="debtor", at=at + SECOND)
    redeem(permit=permit, at=at + 2 * SECOND)
    assert rule(recheck(permit=permit, at=at + 3 * SECOND)) == "US.REGF.38d2"


def test_nothing_is_dialled_on_a_permit_that_was_not_used(case, at):
    permit, events = permitted(case, at), Event.objects.count()
    with pytest.raises(PermitExpired):
        recheck(permit=permit, at=at)
    assert not Refusal.objects.exists()
    assert Event.objects.count() == events


# Lists of packs


def test_the_law_of_the_place_cannot_be_left_out(at):
    case = make.make_claim(make.make_case(make.make_programme(pack_ids=[]), state=states.WORKING)).case
    night = at.replace(hour=23)
    assert rule(ask(case, night)) == "US.REGF.6b1i.HOURS"
    assert preview(cases=[case], at=night)[case.pk].rule == "US.REGF.6b1i.HOURS"
    type(case.programme).objects.update(pack_ids=["HOUSE"])
    assert rule(ask(case, night)) == "US.REGF.6b1i.HOURS"


def test_an_unknown_pack_gives_no_permit(at):
    case = make.make_claim(make.make_case(make.make_programme(pack_ids=["US-XX"]), state=states.WORKING)).case
    with pytest.raises(KeyError):
        ask(case, at)
    assert not Permit.objects.exists()


@pytest.mark.parametrize(("status", "verdict"), [("shadow", None), ("draft", None), ("enforcing", "TOWN.NO_CALLS")])
def test_only_an_enforcing_pack_denies(at, tmp_path, monkeypatch, status, verdict):
    for path in packbook.PACKS_DIR.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "town.toml").write_text(
        f'pack_id = "TOWN"\nversion = "1.0"\neffective_from = 2026-01-01\nstatus = "{status}"\ntitle = "A town"\n'
        'rank = 30\n[[rules]]\nid = "TOWN.NO_CALLS"\nkind = "stop_flag"\nphase = "medium"\nalways = true\n'
        'source = "Town code"\nsay = "No calls here."\n',
        "utf-8",
    )
    monkeypatch.setattr(packbook, "PACKS_DIR", tmp_path)
    monkeypatch.setattr(packbook, "load_packs", lambda _folder: load_packs(tmp_path))
    packbook.reload_packs()
    try:
        programme = make.make_programme(pack_ids=["US-FED", "TOWN"])
        answer = ask(make.make_claim(make.make_case(programme, state=states.WORKING)).case, at)
    finally:
        packbook.reload_packs()
    assert (rule(answer) if verdict else type(answer)) == (verdict or Permit)


# Student loans (12 CFR 1006.14(b)(4))


def test_a_talk_about_one_student_loan_closes_the_creditors_others(at):
    programme, person = make.make_programme(), make.make_person()
    debtor = make.make_debtor(programme.org, person)
    loans = [make.make_debt(debtor, product=name) for name in ("Student loan", "private STUDENT loan", "card")]
    cases = [make.make_case(programme, debt=debt, state=states.WORKING) for debt in loans]
    attempt = redeem(permit=permitted(cases[0], at), at=at)
    record_outcome(attempt=attempt, outcome="answered", answered_by="right_party", is_conversation=True,
                   source="collector", at=at)  # fmt: skip
    tomorrow = at + timedelta(days=1)
    assert rule(ask(cases[1], tomorrow)) == "US.REGF.14b2iB"
    assert isinstance(ask(cases[2], tomorrow), Permit)


# Rows


def test_a_used_permit_is_never_unused_again(case, at):
    permit = permitted(case, at)
    redeem(permit=permit, at=at)
    permit.refresh_from_db()
    never_changes(permit, "redeemed_at", None)
    never_changes(permit, "redeemed_at", at + SECOND)


def test_an_attempt_needs_the_very_permit_that_was_used(case, at):
    permit = permitted(case, at)
    other = make.make_claim().case

    def attempt(**changes):
        values = {"permit": permit, "case": case, "person": case.debtor.person, "channel": "call", "at": at,
                  "debt_refs": []} | changes  # fmt: skip
        return lambda: ContactAttempt.objects.create(**values)

    refused(attempt(), CHECK)
    Permit.objects.filter(pk=permit.pk).update(redeemed_at=at)
    refused(attempt(case=other), CHECK)
    refused(attempt(person=other.debtor.person), CHECK)
    refused(attempt(channel="sms"), CHECK)
    assert not ContactAttempt.objects.exists()
    attempt()()


@pytest.mark.parametrize(
    ("field", "value"),
    [("reason", "NOTICE_PERIOD"), ("detail", {"form": "oral"}), ("opened_by", "x"), ("evidence", "x")],
)
def test_a_hold_is_not_rewritten(case, at, field, value):
    hold = open_hold(reason="CEASE", case=case, detail={"form": "portal"}, actor="debtor", at=at)
    never_changes(hold, field, value)
    never_changes(hold, "from_at", at + timedelta(days=1))
    never_changes(hold, "to_at", at + SECOND)
    never_changes(hold, "person_id", make.make_person().pk)
    never_goes(hold)


def test_a_lifted_hold_keeps_who_lifted_it(case, at):
    hold = open_hold(reason="COMPLAINT", case=case, actor="debtor", at=at)
    close_hold(hold=hold, actor="user:1", at=at, reason="answered")
    hold = Hold.objects.get()
    never_changes(hold, "closed_by", "user:2")
    never_changes(hold, "closed_at", None)
    never_changes(hold, "close_reason", "other")


def test_a_wish_and_a_consent_are_not_rewritten(case, at):
    person = case.debtor.person
    wish = Preference.objects.create(person=person, kind="media_opt_out", detail={"medium": "call"}, set_by="debtor",
                                     set_at=at)  # fmt: skip
    consent = Consent.objects.create(person=person, kind="time", at=at, is_compliant=False, revoked_at=at)
    for row, field, value in [
        (wish, "detail", {"medium": "letter"}), (wish, "set_by", "x"), (wish, "kind", "basis"),
        (consent, "is_compliant", True), (consent, "revoked_at", None), (consent, "kind", "frequency"),
    ]:  # fmt: skip
        never_changes(row, field, value)
    never_goes(wish)
    never_goes(consent)
    refused(sql("UPDATE compliance_consent SET given_to = 'us' WHERE id = %s", consent.pk), CHECK)
