from __future__ import annotations

import csv
import hashlib
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

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
        day = options["date"] or market_day(now)
        queue = ValidationNotice.objects.filter(print_date=day, delivery=ValidationNotice.Delivery.POST)
        notices = list(queue.select_related("case__org").order_by("pk"))
        if not notices:
            self.stdout.write(f"No notices to print for {day}.")
            return
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        body = render_pdf(content_of(notice) for notice in notices)
        target = folder / f"notices-{day}.pdf"
        target.write_bytes(body)
        target.chmod(0o600)
        with (folder / f"notices-{day}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["notice", "case", "content_sha256", "order"])
            for order, notice in enumerate(notices, start=1):
                writer.writerow([notice.ref, notice.case.ref, bytes(notice.content_sha256).hex(), order])
        queue.filter(printed_at__isnull=True).update(printed_at=now)
        self.stdout.write(f"{len(notices)} notices in {target.name}, sha256 {hashlib.sha256(body).hexdigest()}")
