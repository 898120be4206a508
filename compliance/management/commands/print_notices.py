from __future__ import annotations

import csv
import hashlib
import io
from argparse import ArgumentParser
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.db.models import QuerySet

from compliance.models import ValidationNotice
from compliance.notice_pdf import render_pdf
from compliance.services.notices import content_of
from core import clock
from marketplace.local import market_day


class Command(BaseCommand):
    help = "Write a day's notices as one PDF with a manifest, for the printer: manage.py print_notices [--date DATE]."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--date", type=date.fromisoformat, default=None, help="default: the clock's day")
        parser.add_argument("--folder", type=Path, default=Path(settings.VAR) / "print")

    def handle(self, *_args: Any, **options: Any) -> None:
        now = clock.now()
        day: date = options["date"] or market_day(now)
        folder: Path = options["folder"]
        with transaction.atomic():
            notices = _batch(day, now)
            if not notices:
                self.stdout.write(f"No notices to print for {day}.")
                return
            body = render_pdf(content_of(notice) for notice in notices)
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / f"notices-{day}.pdf", body)
            _write(folder / f"notices-{day}.csv", _manifest(notices))
        digest = hashlib.sha256(body).hexdigest()
        self.stdout.write(f"{len(notices)} notices in notices-{day}.pdf, sha256 {digest}")
        if left := _waiting(day).count():
            self.stdout.write(f"{left} more were sent after that file was made and go into the next day's.")


def _waiting(day: date) -> QuerySet[ValidationNotice]:
    by_post = ValidationNotice.objects.filter(delivery=ValidationNotice.Delivery.POST, printed_at__isnull=True)
    return by_post.filter(print_date__lte=day)


def _batch(day: date, now: datetime) -> list[ValidationNotice]:
    """The day's batch: fixed the first time it is printed, the same ever after, so that nobody gets a letter twice."""
    printed = ValidationNotice.objects.filter(print_date=day, printed_at__isnull=False)
    if not printed.exists():
        taken = list(_waiting(day).select_for_update(of=("self",)).values_list("pk", flat=True))
        ValidationNotice.objects.filter(pk__in=taken).update(print_date=day, printed_at=now)
    return list(printed.select_related("case__org").order_by("pk"))


def _manifest(notices: list[ValidationNotice]) -> bytes:
    """What the file holds, in its order: references and hashes, nobody's name."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["order", "notice", "case", "content_sha256"])
    for order, notice in enumerate(notices, start=1):
        writer.writerow([order, notice.ref, notice.case.ref, bytes(notice.content_sha256).hex()])
    return out.getvalue().encode()


def _write(target: Path, body: bytes) -> None:
    """Whole or not at all, and readable by nobody else: the letters carry names and addresses."""
    draft = target.with_suffix(target.suffix + ".part")
    draft.touch(mode=0o600)
    draft.write_bytes(body)
    draft.replace(target)
