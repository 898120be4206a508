from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware

from core import clock
from payments.services.settlement_run import settle


class Command(BaseCommand):
    help = "Clear payments, book commission, release holdbacks and pay out what is due: settle --as-of 2026-11-20."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", default="", help="day (to its end, New York) or instant; now if not given")

    def handle(self, *_args: object, **options: Any) -> None:
        done = settle(as_of=_as_of(options["as_of"]))
        self.stdout.write(", ".join(f"{name} {count}" for name, count in asdict(done).items()))


def _as_of(text: str) -> datetime:
    if not text:
        return clock.now()
    try:
        exact = parse_datetime(text) if len(text) > 10 else None
        day = parse_date(text) if len(text) == 10 else None
    except ValueError:
        exact = day = None
    if exact is not None:
        return make_aware(exact, clock.MARKET_ZONE) if is_naive(exact) else exact
    if day is None:
        raise CommandError(f"{text} is not a day. Write it as 2026-11-20.")
    return datetime.combine(day + timedelta(days=1), time.min, clock.MARKET_ZONE) - timedelta(microseconds=1)
