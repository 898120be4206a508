from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from compliance.services.placing import place_file
from core import clock
from core.errors import DomainError
from marketplace.local import market_day
from marketplace.models import Batch, Programme
from marketplace.placement.codes import VERDICTS


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
        is_dry = options["dry_run"]
        # What the page keeps of a dry run, so that it can be run later, nobody could come back to from here.
        with transaction.atomic() if is_dry else nullcontext():
            try:
                batch = place_file(
                    programme=programme, data=data, filename=options["file"].name, actor="system", at=at,
                    as_of=options["as_of"] or market_day(at), dry_run=is_dry,
                )  # fmt: skip
            except DomainError as refusal:
                raise CommandError(refusal.message) from refusal
            body = _document(batch, with_lines=options["lines"], is_dry=is_dry)
            if is_dry:
                transaction.set_rollback(True)
        self._tell(body, as_json=options["json"], seconds=time.perf_counter() - started)
        if batch.refused_reason:
            raise CommandError(batch.refused_reason)

    def _tell(self, body: dict[str, Any], *, as_json: bool, seconds: float) -> None:
        if as_json:
            self.stdout.write(json.dumps(body, ensure_ascii=False, indent=1))
            return
        if body["refused"]:
            return
        counts = ", ".join(f"{verdict} {number}" for verdict, number in body["verdicts"].items())
        self.stdout.write(f"{body['batch'] or 'dry run, nothing was kept'}: {body['rows']} rows: {counts}")
        for code, number in sorted(body["codes"].items()):
            self.stdout.write(f"  {code} {number}")
        for line in body.get("lines", []):
            self.stdout.write(f"  line {line['line']}: {line['verdict']} {line['code']} {line['reason']}")
        self.stdout.write(f"{body['rows'] / max(seconds, 0.001):,.0f} rows per second")


def _document(batch: Batch, *, with_lines: bool, is_dry: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "file": batch.filename, "batch": None if is_dry else batch.ref, "rows": batch.rows,
        "verdicts": batch.verdicts or dict.fromkeys(VERDICTS, 0), "codes": batch.codes,
        "ignored_columns": batch.ignored_columns, "refused": batch.refused_reason or None,
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
