"""Run money cases through the product's own pure functions and say which ones hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from insight.money_vectors import Verdict, run


def _cases(name: str) -> list[dict[str, Any]]:
    try:
        data = json.loads(Path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{name}: {error}") from None
    rows = data.get("cases") if isinstance(data, dict) else data
    if not isinstance(rows, list):
        raise CommandError(f"{name}: a list of cases is needed")
    return rows


class Command(BaseCommand):
    """`manage.py money_check FILE… [--json] [--explain]`; exit code 1 on any mismatch. Needs no database."""

    help = "Check attribution, commission, settlement and KPI cases against the product's own rules."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The files and the two ways to print."""
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document")
        parser.add_argument("--explain", action="store_true", help="add why each case came out as it did")

    def handle(self, *_args: object, files: list[str], as_json: bool, explain: bool, **_options: object) -> None:
        """Print a verdict for each case and the sum."""
        verdicts = [run(case) for name in files for case in _cases(name)]
        passed = sum(verdict.passed for verdict in verdicts)
        summary = f"{passed} of {len(verdicts)} passed"
        if as_json:
            rows = [_as_json(verdict, explain) for verdict in verdicts]
            document = {"passed": passed, "total": len(verdicts), "summary": summary, "cases": rows}
            self.stdout.write(json.dumps(document, ensure_ascii=False, indent=1))
        else:
            for verdict in verdicts:
                self.stdout.write(_as_text(verdict, explain))
            self.stdout.write(summary)
        if passed < len(verdicts):
            raise SystemExit(1)


def _as_json(verdict: Verdict, explain: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": verdict.id,
        "passed": verdict.passed,
        "expected": verdict.expected,
        "actual": verdict.actual,
    }
    return {**row, "why": verdict.why} if explain else row


def _as_text(verdict: Verdict, explain: bool) -> str:
    word = "pass" if verdict.passed else "FAIL"
    shown = verdict.actual
    if isinstance(verdict.expected, dict):
        shown = {name: shown[name] for name in verdict.expected if name in shown} or shown
    lines = [
        f"{word} {verdict.id}",
        f"  expected {json.dumps(verdict.expected, ensure_ascii=False)}",
        f"  actual   {json.dumps(shown, ensure_ascii=False)}",
    ]
    return "\n".join([*lines, f"  why      {verdict.why}"] if explain else lines)
