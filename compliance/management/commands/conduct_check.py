"""`manage.py conduct_check FILE…`: put conformance cases, or a "what if", to the conduct rules in force."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from compliance.conformance_rows import SAME, database_evaluator
from compliance.policies.conformance import (
    FAILED,
    NOT_COVERED,
    PASSED,
    Case,
    CaseResult,
    Evaluator,
    policy_evaluator,
    read_case,
    run_case,
)
from compliance.policies.facts import FactsError
from compliance.policies.packs import PACKS_DIR, PackError, load_packs


class Command(BaseCommand):
    help = "Runs conformance cases through the conduct rules and compares the decisions with what the cases expect."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="JSON files, each a list of cases")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
        parser.add_argument("--explain", action="store_true", help="print every reason, its source and what to say")
        parser.add_argument("--only-supported", action="store_true", help="leave out cases that are not covered")
        parser.add_argument("--all", action="store_true", dest="every", help="count a case not covered as a mismatch")
        parser.add_argument(
            "--through-database",
            action="store_true",
            help="also write each call to the consumer as rows, ask gate.authorise, and roll back",
        )
        parser.add_argument("--packs", type=Path, default=PACKS_DIR, help="folder of policy packs to use")

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            evaluator = self.evaluator(options)
            cases = _read(options["files"])
            results = [run_case(case, evaluator) for case in cases]
        except (PackError, FactsError) as problem:
            raise CommandError(str(problem)) from problem
        shown = [result for result in results if not (options["only_supported"] and result.outcome == NOT_COVERED)]
        totals = Counter(result.outcome for result in results)
        asked = sum(result.detail.get("gate") == SAME for result in results)
        if options["as_json"]:
            self.stdout.write(json.dumps(_document(shown, totals, options["explain"]), indent=2, ensure_ascii=False))
        else:
            self._print(shown, totals, options["explain"])
            if options["through_database"]:
                self.stdout.write(f"{asked} of them answered by the gate on rows too, in the same way")
        if totals[FAILED] or (options["every"] and totals[NOT_COVERED]):
            raise SystemExit(1)

    def evaluator(self, options: dict[str, Any]) -> Evaluator:
        """What answers the cases: the pure policies over the packs of a folder. Raises PackError."""
        pure = policy_evaluator(load_packs(options["packs"]))
        return database_evaluator(pure) if options["through_database"] else pure

    def _print(self, results: Iterable[CaseResult], totals: Counter[str], explain: bool) -> None:
        for result in results:
            self.stdout.write(f"{result.outcome:<11} {result.case.id}")
            if result.outcome == FAILED:
                self.stdout.write(f"    expected {_brief(result.case.expect)}\n    actual   {_brief(result.actual)}")
            if explain and result.outcome != NOT_COVERED:
                self._print_detail(result)
        self.stdout.write(f"{totals[PASSED]} passed, {totals[FAILED]} failed, {totals[NOT_COVERED]} not covered")

    def _print_detail(self, result: CaseResult) -> None:
        self.stdout.write(f"    {_brief(result.actual)}")
        for name, value in result.detail.items():
            lines = value if isinstance(value, list) else [value]
            for line in lines:
                self.stdout.write(f"    {name}: {line}")


def _read(files: Iterable[Path]) -> list[Case]:
    """The cases of every file: a list, one case, or an object whose "cases" is the list."""
    found: list[Case] = []
    for path in files:
        try:
            content: Any = json.loads(path.read_text("utf-8"))
        except OSError as problem:
            raise CommandError(f"{path}: cannot be read ({problem.strerror or problem})") from problem
        except (ValueError, RecursionError) as problem:
            raise CommandError(f"{path}: is not JSON ({problem})") from problem
        if isinstance(content, dict) and isinstance(content.get("cases"), list):
            content = content["cases"]
        try:
            found.extend(read_case(value) for value in (content if isinstance(content, list) else [content]))
        except FactsError as problem:
            raise CommandError(f"{path}: {problem}") from problem
    return found


def _document(results: Iterable[CaseResult], totals: Counter[str], explain: bool) -> dict[str, Any]:
    return {
        "totals": {outcome.replace(" ", "_"): totals[outcome] for outcome in (PASSED, FAILED, NOT_COVERED)},
        "cases": [_row(result, explain) for result in results],
    }


def _row(result: CaseResult, explain: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": result.case.id,
        "outcome": result.outcome,
        "expected": dict(result.case.expect),
        "actual": dict(result.actual),
    }
    return {**row, "detail": dict(result.detail)} if explain else row


def _brief(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items() if value is not None)
