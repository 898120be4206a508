#!/usr/bin/env python
"""Django's command line. Starts the embedded database for the length of the command when no DATABASE_URL is given."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext

WITHOUT_DATABASE = {
    "help", "version", "--help", "--version", "-h", "collectstatic", "makemessages", "compilemessages", "money_check",
}  # fmt: skip


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if not os.environ.get("DATABASE_URL") and not os.environ.get("SECRET_KEY"):
        # Neither a server nor a key was named: this is somebody's own machine, with the embedded database.
        os.environ.setdefault("EVENHAND_DEMO", "1")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config import postgres

    wanted = len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_DATABASE
    try:
        server = settings.EMBEDDED_POSTGRES if wanted else None
        with server.in_use() if server else nullcontext():
            execute_from_command_line(sys.argv)
    except (postgres.PostgresProblem, ImproperlyConfigured) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
