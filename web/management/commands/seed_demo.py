from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core import clock
from web.seeding import seed


class Command(BaseCommand):
    help = "Make what the demo begins with; safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=240, help="accounts in the first creditor's portfolio")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not clock.is_market():
            raise CommandError("The demo's rows belong in a demo: set EVENHAND_DEMO=1.")
        seed(at=clock.now(), say=self.stdout.write, portfolio_rows=options["rows"])
