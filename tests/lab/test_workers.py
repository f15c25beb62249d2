"""ESP workers, routers and the broker killed under traffic through the tunnel."""

from __future__ import annotations

import time

import pytest

from tests.lab.live import LiveLab, wait_for
from tests.lab.test_recovery import REPLY, flowing

pytestmark = pytest.mark.processes


def spis(lab: LiveLab, name: str) -> set[int]:
    flow = lab.show(name, "show crypto ipsec sa")["interfaces"][0]["flows"][0]
    return {sa["spi"] for sa in (*flow["inbound"], *flow["outbound"])}


@pytest.mark.parametrize("victim", ["worker", "R-B", "broker"])
def test_killed_under_encrypted_traffic(lab: LiveLab, victim: str) -> None:
    lab.up()
    host = lab.console("PC-A")
    host.send(b"ping -t -w 500 192.168.2.1\r\n")
    flowing(host)
    before = spis(lab, "R-A")
    pids = lab.processes()
    if victim == "worker":
        killed = next(pid for pid, title in pids.items() if title.endswith(": R-A: esp worker 0"))
    else:
        killed = lab.pid(victim)
    lab.kill(killed)
    started = time.monotonic()
    flowing(host)
    took = time.monotonic() - started
    print(f"{victim} killed: a reply again after {took:.1f} s")
    host.until(REPLY)
    if victim == "broker":
        assert spis(lab, "R-A") == before, "tunnels survive the broker"
    elif victim == "worker":
        # A sequence number is never resumed under the same key: the SAs are new ones.
        wait_for(lambda: spis(lab, "R-A") and not spis(lab, "R-A") & before, "new SAs at R-A")
        assert "an ESP worker has died" in lab.wirelab("logs", "R-A").stdout
        assert pids.keys() - {killed} <= lab.processes().keys(), "nothing else was harmed"
    host.send(b"\x03")
    host.until(r"C:\\>")
