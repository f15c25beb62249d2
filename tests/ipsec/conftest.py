"""The lab with its tunnel up, on the virtual clock."""

from __future__ import annotations

import pytest

from tests.sim import LabSim


@pytest.fixture
def tunnel() -> LabSim:
    """Stage solution after two pings: SAs are up, every ARP entry is known."""
    sim = LabSim(stage="solution")
    sim.exec("PC-A", "ping 192.168.2.1")
    assert sim.exec("PC-A", "ping 192.168.2.1").count("TTL=126") == 4
    return sim
