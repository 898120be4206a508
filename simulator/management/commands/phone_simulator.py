"""``manage.py phone_simulator``: the telephone network of the demo."""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from simulator.options import Options, add_arguments
from simulator.server import PortTakenError, serve


class Command(BaseCommand):
    help = "Runs the phone simulator: the telephone network of the demo, with two phones to play by hand."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(
            parser,
            account=getattr(settings, "VOICE_ACCOUNT_SID", ""),
            token=getattr(settings, "VOICE_AUTH_TOKEN", ""),
        )

    def handle(self, *_args: object, **options: object) -> None:
        try:
            serve(Options.of(options))
        except PortTakenError as problem:
            raise CommandError(str(problem)) from None
