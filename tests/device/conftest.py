"""The No.4 lab in the clear on a virtual clock, and a router on a bench."""

from __future__ import annotations

import pytest

from tests.device.bench import Bench
from tests.sim import LabSim

ROUTES = {
    "R-A": "ip route 192.168.2.0 255.255.255.0 10.0.10.20",
    "R-B": "ip route 192.168.1.0 255.255.255.0 10.0.10.10",
}

ROUTER = """\
interface FastEthernet0/0
 ip address 10.0.0.1 255.255.255.0
 no shutdown
interface FastEthernet0/1
 ip address 10.1.0.1 255.255.255.0
 no shutdown
no ip icmp rate-limit unreachable
"""


@pytest.fixture
def start() -> LabSim:
    """Addresses, no routes."""
    return LabSim(stage="start")


@pytest.fixture
def lab(start: LabSim) -> LabSim:
    """Addresses and routes, every ARP table cold."""
    for node, route in ROUTES.items():
        start.configure(node, route)
    return start


@pytest.fixture
def warm(lab: LabSim) -> LabSim:
    """As ``lab``, after pings that filled the ARP tables."""
    lab.exec("PC-A", "ping 192.168.2.1")
    return lab


@pytest.fixture
def router() -> Bench:
    """10.0.0.1/24 on port 0, 10.1.0.1/24 on port 1, neighbours 10.0.0.2 and 10.1.0.2 known, no ICMP rate limit."""
    bench = Bench("router", ROUTER)
    assert not bench.refusals
    bench.know(0, "10.0.0.2")
    bench.know(1, "10.1.0.2", bytes.fromhex("02aaaaaaaa02"))
    return bench
