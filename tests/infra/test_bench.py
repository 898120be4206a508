"""`make bench` measures what it says, at a size that proves nothing about speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import supervisor

pytestmark = pytest.mark.slow


def test_every_measurement_runs_and_is_written_down(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    env = os.environ | {"SCALE": "60", "ROUNDS": "1", "CLAIMERS": "4", "BENCH_JSON": str(file)}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench"],
        cwd=supervisor.BASE_DIR, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    lines = json.loads(file.read_text())
    assert len(lines) == 11
    assert all(line["ours_ms"] > 0 and line["limit_ms"] > 0 for line in lines)
    assert ran.stdout.startswith("what")
