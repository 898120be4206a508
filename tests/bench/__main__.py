"""`make bench`: ours beside the bare limit, as ratios of one run. `SCALE` is the number of accounts first placed."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings_test"

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tests import databases  # noqa: E402

HEADINGS = ("what", "ours", "limit", "takes", "ratio", "goal", "ok")


def main() -> None:
    """Build a database, measure, print the table and write it as JSON."""
    from tests.bench.suite import Suite

    scale = int(os.environ.get("SCALE") or 4000)
    rounds, claimers = int(os.environ.get("ROUNDS") or 9), int(os.environ.get("CLAIMERS") or 64)
    logging.getLogger("kombu").setLevel(logging.ERROR)  # tasks go nowhere here
    name = f"bench_{os.getpid()}"
    with settings.EMBEDDED_POSTGRES.in_use():
        databases.execute("CREATE DATABASE {} TEMPLATE {}", name, databases.make_template())
        connection.settings_dict["NAME"] = settings.DATABASES["default"]["NAME"] = name
        try:
            lines = list(Suite(rows=scale, rounds=rounds, claimers=claimers).run())
        finally:
            connection.close()
            databases.execute("DROP DATABASE {} WITH (FORCE)", name)
    _print([HEADINGS, *(line.words for line in lines)])
    file = Path(os.environ.get("BENCH_JSON") or Path(settings.VAR).parent / "bench.json")
    file.write_text(json.dumps([line.as_json() for line in lines], indent=1))
    print(f"\nMedians of one run in turns; the same as JSON: {os.path.relpath(file)}")


def _print(rows: list[tuple[str, ...]]) -> None:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


main()
