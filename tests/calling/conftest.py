"""A phone simulator in its own process, and the application's end of the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.calling.switchboard import Switchboard
from tests.simulator import Simulator, run_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A simulator without faults, fifty times as fast as life; people talk for five simulated seconds."""
    with run_simulator("--talk", "5", "--stall", "0.4") as running:
        yield running


@pytest.fixture
def switchboard(simulator: Simulator) -> Iterator[Switchboard]:
    """Real webhooks, real rendering, the real adapter, in front of the simulator."""
    with Switchboard(simulator) as board:
        yield board
