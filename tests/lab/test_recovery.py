"""Every process of a lab killed in turn under traffic: what comes back, and that nothing else is harmed."""

from __future__ import annotations

import pytest

from tests.lab.live import Console, LiveLab, wait_for

pytestmark = pytest.mark.processes

REPLY = r"Reply from 192\.168\.2\.1: bytes=32 time\S+ TTL=126\n"


def flowing(host: Console) -> None:
    """Wait for a reply that comes from now on."""
    host.until(r"\n")
    host.until(REPLY)


@pytest.mark.parametrize("victim", ["broker", "R-A", "SW-1", "Sniffer1"])
def test_a_killed_process_comes_back_and_traffic_flows(lab: LiveLab, victim: str) -> None:
    lab.up()
    host = lab.console("PC-A")
    host.send(b"ping -t -w 500 192.168.2.1\r\n")
    flowing(host)
    before = lab.processes()
    killed = lab.pid(victim)
    lab.kill(killed)
    replaced = wait_for(
        lambda: [pid for pid, title in lab.processes().items() if title.endswith(f": {victim}") and pid != killed],
        f"a new {victim}",
    )
    flowing(host)
    after = lab.processes()
    # A router's ESP workers go with it.
    others = {pid for pid, title in before.items() if f": {victim}" not in title}
    assert others <= set(after), "another process did not survive"
    assert killed not in after
    assert set(replaced) <= set(after)
    host.send(b"\x03")
    assert "Ping statistics for 192.168.2.1:" in host.until(r"C:\\>")
    # Nothing is told twice: the lab still answers as one whole.
    assert {node["state"] for node in lab.ps()["nodes"]} == {"running"}


def test_a_killed_pc_loses_its_console_and_nothing_else(lab: LiveLab) -> None:
    lab.up()
    lab.exec("SV-B", "ping 192.168.1.1 -w 500")
    console, other = lab.console("PC-A"), lab.console("SV-B")
    lab.kill(lab.pid("PC-A"))
    assert console.closed_by_peer()
    assert lab.wirelab("start", "PC-A").returncode == 0
    assert "TTL=126" in other.command("ping 192.168.1.1 -n 4 -w 1000")
    assert "192.168.1.1" in lab.console("PC-A").command("ipconfig")


def test_power_and_restart(lab: LiveLab) -> None:
    """stop is power off: the neighbour's line protocol goes down, and comes up again by itself."""
    lab.up()
    lab.wirelab("stop", "PC-A")
    wait_for(lambda: lab.show("SW-1", "show interfaces fa0/2")["interfaces"][0]["status"] == "down", "SW-1 Fa0/2 down")
    assert lab.show("SW-1", "show interfaces fa0/2")["interfaces"][0]["reason"] == "peer-absent"
    assert lab.node("PC-A")["state"] == "stopped"
    lab.wirelab("start", "PC-A")
    assert lab.show("SW-1", "show interfaces fa0/2")["interfaces"][0]["protocol"] == "up"
    pid = lab.pid("R-B")
    lab.wirelab("restart", "R-B")
    assert lab.pid("R-B") != pid
    assert "TTL=126" in lab.exec("PC-A", "ping 192.168.2.1 -w 1000")


def test_supervisord_killed_leaves_nothing_and_up_recovers(lab: LiveLab) -> None:
    lab.up()
    lab.kill(lab.pid("supervisord"))
    wait_for(lambda: not lab.processes(), "everything gone with supervisord")
    assert lab.wirelab("ps", check=False).returncode == 1
    lab.up()
    assert {node["state"] for node in lab.ps()["nodes"]} == {"running"}
    assert "TTL=126" in lab.exec("PC-A", "ping 192.168.2.1 -w 1000")
