"""The command for conformance cases: clear answers, clear exits, and no case that stops the others."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from compliance.models import Permit, Refusal
from compliance.policies.facts import FactsError, from_json

FACTS = {
    "op": "contact", "packs": ["US-FED"], "now": "2026-06-10T12:00:00-04:00", "channel": "call", "debts": ["D1"],
    "tz": {"address": ["America/New_York"]}, "log": [],
}  # fmt: skip
ALLOWED = {"decision": "allow", "rule": "NONE"}


@pytest.fixture
def run(tmp_path):
    def run(*cases, options=()):
        path = tmp_path / "cases.json"
        path.write_text(json.dumps(list(cases)), "utf-8")
        out, code = StringIO(), 0
        try:
            call_command("conduct_check", str(path), *options, stdout=out)
        except SystemExit as leaving:
            code = leaving.code
        return code, out.getvalue()

    return run


def case(name="A-1", expect=ALLOWED, **facts):
    return {"id": name, "facts": {**FACTS, **facts}, "expect": expect}


def test_all_well_leaves_with_zero_and_a_mismatch_with_one(run):
    assert run(case()) == (0, "passed      A-1\n1 passed, 0 failed, 0 not covered\n")
    code, text = run(case(), case("A-2", now="2026-06-10T22:00:00-04:00"))
    assert code == 1
    assert "failed      A-2\n    expected decision allow, rule NONE\n" in text
    assert "retry_at 2026-06-11T08:00:00-04:00" in text


@pytest.mark.parametrize(
    "facts",
    [
        {"op": "utterance", "text": "x"}, {"op": "fly"}, {"op": None}, {"op": []}, {"packs": ["US-FED", "US-NYC"]},
        {"packs": ["CN"], "target": "contact"}, {"channel": "fax"},
    ],
)  # fmt: skip
def test_what_no_pack_judges_is_not_covered(run, facts):
    code, text = run(case(**facts))
    assert (code, text) == (0, "not covered A-1\n0 passed, 0 failed, 1 not covered\n")
    assert run(case(**facts), options=["--all"])[0] == 1
    assert run(case(**facts), options=["--only-supported"]) == (0, "0 passed, 0 failed, 1 not covered\n")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"now": None}, "'now' is missing"), ({"now": "noon"}, "facts.now: not an instant"),
        ({"now": "2026-06-10T12:00:00"}, "needs an offset"), ({"now": "0001-01-01T00:00:00+00:00"}, "out of range"),
        ({"log": [{}]}, "facts.log[0]: 'at' is missing"), ({"log": [7]}, "expected an object"),
        ({"flags": {"ceese": {}}}, "unknown key 'ceese'"), ({"flags": {"deceased": "yes"}}, "expected bool"),
        ({"packs": "US-FED"}, "expected a list of pack ids"), ({"tz": {"address": "America/New_York"}}, "expected a list"),
        ({"log": [{"at": FACTS["now"], "dir": "outward"}]}, "is not one of in, out"),
        ({"consents": [{"kind": "time", "days": 10**9}]}, "is out of range"),
        ({"flags": {"inconvenient_times": [{"days": [7]}]}}, "a day of the week is 0"),
        ({"flags": {"inconvenient_times": [{"from": "10:00+02:00"}]}}, "has no offset"),
        ({"debt_groups": {"G": ["D1"]}}, "expected str"), ({"op": "disclose", "kind": "lcm", "content": 5}, "no sense"),
    ],
)  # fmt: skip
def test_nonsense_fails_with_its_reason_and_the_rest_is_still_run(run, facts, said):
    code, text = run(case("bad", **facts), case("good"))
    assert code == 1
    assert said in text
    assert "passed      good" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[", "is not JSON"), ("", "is not JSON"), ("5", "a case is an object"), ('["a"]', "a case is an object"),
        ("{}", "has no id"), ('{"id": "A"}', "case A: 'facts' is missing"),
        ('{"id": "A", "facts": {}, "expect": []}', "case A: 'expect' is missing or not an object"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_said_in_one_sentence(tmp_path, content, said):
    path = tmp_path / "bad.json"
    path.write_text(content, "utf-8")
    with pytest.raises(CommandError, match=r"bad\.json: ") as error:
        call_command("conduct_check", str(path), stdout=StringIO())
    assert said in str(error.value)


def test_a_missing_file_and_a_folder(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("conduct_check", str(path), stdout=StringIO())


@pytest.mark.django_db
def test_through_the_database_leaves_nothing_and_says_how_many(run):
    cases = [
        case(), case("A-2", debts=["D1", "D2"]), case("A-3", purpose="a\0"), case("A-4", target="employer", expect={}),
        case("A-5", consents=[{"kind": "time", "at": FACTS["now"], "days": -3}]),
    ]  # fmt: skip
    code, text = run(*cases, options=["--through-database"])
    assert code == 0
    assert text.endswith(
        "5 passed, 0 failed, 0 not covered\n1 of them answered by the gate on rows too, in the same way\n"
    )
    assert not Permit.objects.exists()
    assert not Refusal.objects.exists()


def test_a_channel_that_no_rule_knows_is_no_fact():
    with pytest.raises(FactsError, match=r"facts\.channel"):
        from_json({**FACTS, "channel": "fax"})
