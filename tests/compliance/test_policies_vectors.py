"""Every conformance case that the packs cover, through the pure policies."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from compliance.policies.conformance import NOT_COVERED, PASSED, policy_evaluator, read_case, run_case
from compliance.policies.packs import load_packs

VECTORS = Path(__file__).resolve().parent.parent / "vectors" / "conduct.json"
CASES = [read_case(value) for value in json.loads(VECTORS.read_text("utf-8"))]
OURS = {"US-FED", "HOUSE", "US-TCPA"}


@pytest.fixture(scope="module")
def evaluator():
    return policy_evaluator(load_packs())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case, evaluator):
    result = run_case(case, evaluator)
    assert result.outcome in (PASSED, NOT_COVERED), f"{case.note}\nexpected {case.expect}\nactual {result.actual}"


def test_every_case_of_our_packs_is_covered(evaluator):
    operations = Counter()
    for case in CASES:
        op = case.facts["op"]
        if op in ("validation_end", "disclose") or (op == "contact" and set(case.facts["packs"]) <= OURS):
            assert run_case(case, evaluator).outcome == PASSED, case.id
            operations[op] += 1
    assert operations == {"contact": 113, "validation_end": 4, "disclose": 7}
