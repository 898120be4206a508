from __future__ import annotations

import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Command(BaseCommand):
    help = "Show the market clock of the demo, or move it forward: --advance 7d, 3h, 30m, or --to 21:30 (New York)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--advance", metavar="7d")
        parser.add_argument("--to", metavar="21:30")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            if options["advance"]:
                clock.advance(_delta(options["advance"]))
            if options["to"]:
                hour, minute = options["to"].split(":")
                clock.advance_to_local(int(hour), int(minute))
            if not clock.is_market():
                raise clock.ClockRefused("the market clock exists only in demo mode: set EVENHAND_DEMO=1")
        except clock.ClockRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(clock.now().astimezone(clock.MARKET_ZONE).isoformat(timespec="seconds"))


def _delta(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)([mhd])", text)
    if not match:
        raise CommandError("say how far, for example --advance 7d, 3h or 30m")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
