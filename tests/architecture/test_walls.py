"""The walls of the house, tried: import contracts, and who alone may do what only one place may do."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ["config", "web", "insight", "payments", "calling", "compliance", "marketplace", "accounts", "core"]
MONEY = [
    "core/money.py", "marketplace/settlement.py", "marketplace/services/debts.py", "insight/money_facts.py",
    *(str(path.relative_to(ROOT)) for path in (ROOT / "payments").rglob("*.py")),
]  # fmt: skip


@cache
def trees() -> dict[str, ast.Module]:
    """Every module of the product, by its path."""
    files = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def product(*parts: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node of every module, migrations left out, with the module's path; `parts` must be in the path."""
    for path, tree in trees().items():
        if "/migrations/" not in path and (not parts or any(part in path for part in parts)):
            for node in ast.walk(tree):
                yield path, node


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def importers(name: str) -> set[str]:
    return {
        path for path, node in product() if any(one == name or one.startswith(f"{name}.") for one in imported(node))
    }


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute chain; "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


def users(name: str) -> set[str]:
    """The modules that name this function or method."""
    return {
        path
        for path, node in product()
        if (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name)
    }


def makers(model: str) -> set[str]:
    """The modules that construct a row of this model or create one through its manager."""
    found = set()
    for path, node in product():
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            made = called == model or (called.split(".")[:1] == [model] and called.split(".")[-1] in {
                "create", "bulk_create", "get_or_create", "update_or_create",
            })  # fmt: skip
            if made:
                found.add(path)
    return found


def test_the_import_contracts_are_kept() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout[-3000:]


def test_only_the_dialler_knows_a_provider() -> None:
    outside = {path for path in importers("calling.providers") if not path.startswith("calling/providers/")}
    assert outside == {"calling/dialler.py"}


@pytest.mark.parametrize("model", ["ContactAttempt", "Permit"])
def test_only_the_gate_writes_permits_and_attempts(model: str) -> None:
    assert makers(model) == {"compliance/gate.py", "compliance/conformance_rows.py"} & makers(model)
    assert "compliance/gate.py" in makers(model)


def test_only_the_conformance_check_chooses_its_packs() -> None:
    used = users("only_packs")
    assert used <= {
        "compliance/conformance_rows.py",
        "compliance/packbook.py",
        "compliance/facts.py",
        "compliance/gate.py",
    }
    calls = {
        path
        for path, node in product()
        if isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] == "only_packs"
    }
    assert calls == {"compliance/conformance_rows.py"}


def test_only_the_language_policy_passes_a_text() -> None:
    assert users("_from_policy") == {"compliance/language.py", "marketplace/checked.py"}
    own = [node.args for path, node in product("marketplace/checked.py") if isinstance(node, ast.Call)
           and dotted(node.func).endswith("_from_policy")]  # fmt: skip
    assert [[getattr(arg, "value", None) for arg in args] for args in own] == [["", ""]]  # no words at all


def test_only_the_gateway_knows_stripe() -> None:
    assert importers("stripe") == {"payments/stripe_gateway.py"}


def test_nobody_imports_the_simulator() -> None:
    assert importers("simulator") == set()


def test_money_is_whole_numbers() -> None:
    found = []
    for path, node in product(*MONEY):
        if path not in MONEY:
            continue
        is_float = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if is_float or (isinstance(node, ast.Name) and node.id == "float"):
            found.append(f"{path}:{node.lineno}")
    assert found == []


# They measure real seconds between requests, not the market's time: wrong answers in a row, age of a dashboard.
STOPWATCHES = {"compliance/services/portal.py", "insight/services/progress.py"}


def test_services_and_policies_are_told_the_time() -> None:
    found = []
    for path, node in product("/services/", "/policies/"):
        if path not in STOPWATCHES and isinstance(node, ast.Call):
            words = dotted(node.func).split(".")
            asks = words[-1] in {"now", "utcnow", "today"} and words[0] in {
                "timezone",
                "datetime",
                "date",
                "clock",
                "dt",
            }
            if asks or words == ["time", "time"]:
                found.append(f"{path}:{node.lineno}")
    assert found == []


def test_policies_name_no_rule() -> None:
    """Rules and their numbers are data of the packs; the code knows kinds only."""
    found = [
        f"{path}: {node.value}"
        for path, node in product("compliance/policies/")
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and node.value.startswith(("US-FED.", "HOUSE.", "FED.", "US.", "HSE."))
    ]  # fmt: skip
    assert found == []
