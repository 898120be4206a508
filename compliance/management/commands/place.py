from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.services.placing import place_file
from core import clock
from core.errors import DomainError
from marketplace.local import market_day
from marketplace.models import Batch, Programme


class Command(BaseCommand):
    help = "Place a creditor's file: manage.py place FILE --creditor SLUG --programme SLUG [--as-of DATE] [--dry-run]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--creditor", required=True)
        parser.add_argument("--programme", required=True)
        parser.add_argument("--as-of", type=date.fromisoformat, default=None, help="default: the clock's day")
        parser.add_argument("--dry-run", action="store_true")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--lines", action="store_true", help="every line's verdict")

    def handle(self, *_args: Any, **options: Any) -> None:
        programme = _programme(options["creditor"], options["programme"])
        try:
            data = options["file"].read_bytes()
        except OSError as problem:
            raise CommandError(f"{options['file']} cannot be read: {problem.strerror}.") from problem
        at = clock.now()
        started = time.perf_counter()
        try:
            batch = place_file(
                programme=programme, data=data, filename=options["file"].name, actor="system", at=at,
                as_of=options["as_of"] or market_day(at), dry_run=options["dry_run"],
            )  # fmt: skip
        except DomainError as refusal:
            raise CommandError(refusal.message) from refusal
        if batch.refused_reason:
            raise CommandError(batch.refused_reason)
        self._tell(batch, options, seconds=time.perf_counter() - started)

    def _tell(self, batch: Batch, options: dict[str, Any], *, seconds: float) -> None:
        body = _document(batch, with_lines=options["lines"])
        if options["json"]:
            self.stdout.write(json.dumps(body, ensure_ascii=False, indent=1))
            return
        counts = ", ".join(f"{verdict} {number}" for verdict, number in body["verdicts"].items())
        self.stdout.write(f"{batch.ref}: {batch.rows} rows: {counts}")
        for code, number in sorted(body["codes"].items()):
            self.stdout.write(f"  {code} {number}")
        for line in body.get("lines", []):
            self.stdout.write(f"  line {line['line']}: {line['verdict']} {line['code']} {line['reason']}")
        self.stdout.write(f"{batch.rows / max(seconds, 0.001):,.0f} rows per second")


def _document(batch: Batch, *, with_lines: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "file": batch.filename, "batch": batch.ref, "rows": batch.rows, "verdicts": batch.verdicts,
        "codes": batch.codes, "ignored_columns": batch.ignored_columns,
    }  # fmt: skip
    if with_lines:
        body["lines"] = [
            {"line": line, "verdict": verdict, "code": code, "field": field, "reason": reason, "case": case or None}
            for line, verdict, code, field, reason, case in batch.lines.order_by("line").values_list(
                "line", "verdict", "code", "field", "reason", "case_ref"
            )
        ]
    return body


def _programme(creditor: str, slug: str) -> Programme:
    programme = Programme.objects.select_related("org").filter(org__slug=creditor, slug=slug).first()
    if programme is None:
        raise CommandError(f"There is no programme {slug} of a creditor {creditor}. Run manage.py seed_demo first.")
    return programme
