"""Packs are data: the code holds no rule id and no legal number, and an edited file changes a verdict."""

from __future__ import annotations

import ast
import json
import re
import shutil
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from compliance.policies import schema
from compliance.policies.decide import decide
from compliance.policies.facts import from_json
from compliance.policies.kinds import CHECKS, REFERENCE, TELLS
from compliance.policies.packs import (
    PACKS_DIR,
    PHASES,
    PackError,
    enforcing,
    load_packs,
    select_packs,
    shadowing,
)

CODE = sorted((PACKS_DIR.parent / "policies").rglob("*.py"))
# Quarter hours, the last minute of a day, the horizon in weeks, cache sizes: none of them is a limit of a law.
NUMBERS_OF_THE_CODE = {0, 1, 2, 9, 15, 23, 59, 1024}
VECTORS = PACKS_DIR.parent.parent / "tests" / "vectors" / "conduct.json"


@pytest.fixture
def folder(tmp_path):
    return Path(shutil.copytree(PACKS_DIR, tmp_path / "packs"))


def edit(folder, name, old, new):
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def evening(time="20:30:00"):
    return from_json({"now": f"2026-06-10T{time}-04:00", "tz": {"address": ["America/New_York"]}, "debts": ["D1"]})


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.stem)
def test_code_holds_no_rule_id_and_no_number_of_a_law(path):
    tree = ast.parse(path.read_text("utf-8"))
    ids = {rule.id for pack in load_packs().values() for rule in pack.rules}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant):
            continue
        if isinstance(node.value, str):
            assert not [rule_id for rule_id in ids if rule_id in node.value]
            assert not re.search(r"\b\d{1,2}:\d\d\b", node.value)
            assert not re.search(r"\b(US|UK|CN|HOUSE)\.[A-Z0-9]", node.value)
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            assert node.value in NUMBERS_OF_THE_CODE


def test_an_edited_hour_changes_the_verdict_and_the_sentence(folder):
    before = load_packs(folder)
    assert decide(evening(), tuple(before.values())).verdict == "allow"
    edit(folder, "us_fed.toml", 'close = "21:00"', 'close = "20:00"')
    after = load_packs(folder)
    decision = decide(evening(), tuple(after.values()))
    assert (decision.verdict, decision.rule) == ("deny", "US.REGF.6b1i.HOURS")
    assert decision.denials[0].say == "It is outside 08:00–20:00 where they are."
    assert before["US-FED"].digest != after["US-FED"].digest
    assert before["HOUSE"].digest == after["HOUSE"].digest


def test_an_edited_limit_and_an_edited_exemption_change_the_verdict(folder):
    asked = from_json(
        {
            "now": "2026-06-10T12:00:00-04:00",
            "tz": {"address": ["America/New_York"]},
            "debts": ["D1"],
            "log": [{"at": "2026-06-10T08:00:00-04:00", "debts": ["D1"], "outcome": "busy"}],
        }
    )
    assert decide(asked, tuple(load_packs(folder).values())).verdict == "allow"
    edit(folder, "house.toml", "limit = 3", "limit = 1")
    edit(folder, "house.toml", 'not_connected = ["busy", "not_in_service"]', 'not_connected = ["not_in_service"]')
    assert decide(asked, tuple(load_packs(folder).values())).rule == "HOUSE.DAILY"


def test_a_new_pack_needs_no_code(folder):
    (folder / "town.toml").write_text(
        """
pack_id = "TOWN"
version = "1.0"
effective_from = 2026-01-01
status = "shadow"
title = "A town"
rank = 30
[[rules]]
id = "TOWN.NO_VISITS"
kind = "stop_flag"
phase = "medium"
channels = ["visit"]
source = "Town code"
say = "No visits here."
""",
        "utf-8",
    )
    packs = load_packs(folder)
    asked = from_json({"now": "2026-06-10T12:00:00-04:00", "channel": "visit", "tz": {"address": ["America/New_York"]}})
    assert decide(asked, tuple(packs.values())).rule == "TOWN.NO_VISITS"
    assert decide(asked, enforcing(packs.values(), date(2026, 6, 10))).verdict == "allow"
    assert [pack.pack_id for pack in shadowing(packs.values(), date(2026, 6, 10))] == ["TOWN"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('close = "21:00"', 'close = "9 pm"', "rules[23] (US.REGF.6b1i.HOURS).params.close: '9 pm' does not match"),
        ("within_days = 5", "", "(US.REGF.34a1).params: 'within_days' is missing"),
        ("within_days = 5", "within_days = true", "params.within_days: expected integer, got True"),
        ('path = "flags.discharged"', 'path = "flags.discharge"', "US.BK.STAY: no fact 'flags.discharge'"),
        ('kind = "cooldown"', 'kind = "cool"', "(US.REGF.14b2iB): no kind 'cool'"),
        ('phase = "place"', 'phase = "asset"', "US.REGF.6b3: phase asset stands after address_basis"),
        ('id = "US.REGF.38c"', 'id = "US.REGF.38d2"', "US.REGF.38d2 is defined twice"),
        ('channels = ["@timed"]', 'channels = ["@tmed"]', "no group '@tmed'"),
        ('status = "enforcing"', 'status = "on"', "status: 'on' is not one of draft, shadow, enforcing"),
        ("rank = 10", "rnk = 10", "'rnk' is not a known key"),
        ("rank = 10", "rank = ", "us_fed.toml: "),
        ("{within_days} days", "{days} days", "US.REGF.34a1: 'days'"),
        ('pack_id = "US-FED"', 'pack_id = "HOUSE"', "us_fed.toml: pack HOUSE is defined twice"),
    ],
)
def test_a_bad_pack_is_refused_with_the_place_of_the_mistake(folder, old, new, message):
    edit(folder, "us_fed.toml", old, new)
    with pytest.raises(PackError) as refused:
        load_packs(folder)
    assert message in str(refused.value)


def test_schema_and_code_name_the_same_kinds_and_phases():
    root = json.loads((PACKS_DIR / "pack.schema.json").read_text("utf-8"))
    described = {name.removeprefix("params_") for name in root["$defs"] if name.startswith("params_")}
    assert described == set(CHECKS) | set(TELLS) | REFERENCE
    assert tuple(root["$defs"]["rule"]["properties"]["phase"]["enum"]) == PHASES


def test_a_schema_keyword_that_is_not_understood_is_reported():
    assert list(schema.problems(1, {"maximum": 0}, {}, "x")) == ["x: the schema uses an unknown keyword 'maximum'"]


def test_only_named_packs_and_the_floor_are_selected():
    packs = load_packs()
    chosen = {pack.pack_id: len(pack.rules) for pack in select_packs(packs, ["US-FED"])}
    assert chosen == {"HOUSE": 4, "US-FED": len(packs["US-FED"].rules)}
    with pytest.raises(KeyError):
        select_packs(packs, ["US-FED", "XX"])


def test_every_rule_speaks_plainly_and_cites_its_source():
    for pack in load_packs().values():
        for rule in pack.rules:
            assert rule.say.endswith("."), rule.id
            assert rule.source
            assert not re.search(r"[{}]|violat|pursuant|prohibit", rule.say), rule.id


def test_the_command_reports_and_fails_on_a_mismatch(tmp_path):
    out = StringIO()
    call_command("conduct_check", str(VECTORS), "--json", "--explain", "--only-supported", stdout=out)
    document = json.loads(out.getvalue())
    assert document["totals"]["failed"] == 0
    assert len(document["cases"]) == document["totals"]["passed"]

    case = next(
        case for case in json.loads(VECTORS.read_text("utf-8")) if case["facts"].get("packs") == ["US-FED", "HOUSE"]
    )
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps([{**case, "expect": {"decision": "allow", "rule": "NONE"}}]), "utf-8")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("conduct_check", str(wrong), "--explain", stdout=out)
    assert f"failed      {case['id']}" in out.getvalue()
    assert "0 passed, 1 failed, 0 not covered" in out.getvalue()


def test_the_command_counts_cases_it_does_not_cover(tmp_path):
    unknown = tmp_path / "unknown.json"
    unknown.write_text(json.dumps([{"id": "X", "facts": {"op": "teleport"}, "expect": {"decision": "deny"}}]), "utf-8")
    out = StringIO()
    call_command("conduct_check", str(unknown), stdout=out)
    assert "0 passed, 0 failed, 1 not covered" in out.getvalue()
    with pytest.raises(SystemExit):
        call_command("conduct_check", str(unknown), "--all", stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("conduct_check", str(tmp_path / "absent.json"))
