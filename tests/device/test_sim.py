"""The simulation itself: seeded trouble on the wires, the same seed the same run, hours in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.device.conftest import ROUTES
from tests.sim import Impairment, LabSim

ROOT = Path(__file__).resolve().parents[2]
BAD_WIRES = Impairment(loss=0.1, duplicate=0.1, reorder=0.3)


def run(seed: int) -> tuple[LabSim, str]:
    lab = LabSim(stage="start", seed=seed, impairment=BAD_WIRES)
    for node, route in ROUTES.items():
        lab.configure(node, route)
    output = lab.exec("PC-A", "ping -n 30 192.168.2.1", "ping -n 5 -l 4000 192.168.2.1")
    output += lab.exec("R-B", "ping 192.168.1.1 repeat 30", "show ip route", "show arp")
    return lab, output


def test_the_same_seed_gives_the_same_run() -> None:
    (one, said), (other, said_again) = run(11), run(11)
    assert one.trace
    assert one.trace == other.trace
    assert one.now == other.now
    assert said == said_again
    assert [node.log for node in one.nodes.values()] == [node.log for node in other.nodes.values()]


def test_another_seed_gives_another_run() -> None:
    assert run(11)[0].trace != run(12)[0].trace


def test_the_same_run_in_another_process() -> None:
    """Hash randomisation gives sets of names another order in each process: nothing may depend on it."""
    digests = set()
    for hash_seed in ("1", "2"):
        script = "from tests.device.test_sim import run; print(run(11)[0].digest())"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_trouble_happens_as_often_as_it_should() -> None:
    lab, output = run(11)
    assert output.count("Request timed out.") > 3
    assert lab.lost > 0
    assert lab.duplicated > 0
    assert lab.reordered > 0


def test_hours_run_in_seconds(lab: LabSim) -> None:
    began = time.monotonic()
    text = lab.exec("PC-A", "ping -n 1800 192.168.2.1", limit=2000.0)
    assert "Sent = 1800, Received = 1798, Lost = 2" in text
    assert lab.now > 1000.0 + 1790
    lab.run(9 * 3600.0)  # and nine in which only ARP and the MAC tables are busy
    # Half an hour with a ping each second; the bound is generous because machines differ.
    assert time.monotonic() - began < 60
