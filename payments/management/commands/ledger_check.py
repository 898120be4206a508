from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from payments.selectors.integrity import faults


class Command(BaseCommand):
    help = "Check the ledger's integrity by name; exits with 1 when anything is wrong."

    def handle(self, *_args: object, **_options: Any) -> None:
        found = faults()
        for name, wrong in found.items():
            self.stdout.write(f"{'wrong' if wrong else 'ok   '} {name}")
            for sentence in wrong:
                self.stdout.write(f"      {sentence}")
        if any(found.values()):
            raise SystemExit(1)
