"""The product does not know the simulator, and the simulator does not know the product."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ["config", "web", "insight", "payments", "calling", "compliance", "marketplace", "accounts", "core"]
# Django sees these two, so that the command exists; the process needs neither.
FOR_DJANGO = {ROOT / "simulator/apps.py", ROOT / "simulator/management/commands/phone_simulator.py"}


def imported(file: Path) -> Iterator[str]:
    """The top-level packages that ``file`` imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("package", PRODUCT)
def test_no_product_module_imports_the_simulator(package: str) -> None:
    files = list((ROOT / package).rglob("*.py"))
    assert files
    assert [file for file in files if "simulator" in imported(file)] == []


def test_the_simulator_needs_the_standard_library_alone() -> None:
    allowed = set(sys.stdlib_module_names) | {"simulator"}
    files = set((ROOT / "simulator").rglob("*.py")) - FOR_DJANGO
    assert {(file.name, name) for file in files for name in imported(file) if name not in allowed} == set()
    for file in FOR_DJANGO:
        assert set(imported(file)) <= allowed | {"django"}
