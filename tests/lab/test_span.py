"""SPAN over real telnet, with the outputs of the handout, and the cable that it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.live import ROOT, LiveLab, wait_for

pytestmark = pytest.mark.processes


def test_span_as_in_the_handout(lab: LiveLab) -> None:
    lab.up()
    switch, host, sniffer = lab.console("SW-1"), lab.console("PC-A"), lab.console("Sniffer2")
    for line in (
        "en",
        "conf t",
        "monitor session 1 source interface Fa0/2",
        "monitor session 1 destination interface Fa0/24",
        "end",
    ):
        assert "% " not in switch.command(line)
    assert switch.command("show running-config | include monitor") == (
        "monitor session 1 source interface Fa0/2\nmonitor session 1 destination interface Fa0/24\nSW-1#"
    )
    assert switch.command("show monitor session all") == (
        "Session 1\n"
        "---------\n"
        "Type                   : Local Session\n"
        "Description            : -\n"
        "Source Ports           : \n"
        "    Both               : Fa0/2\n"
        "Destination Ports      : Fa0/24\n"
        "    Encapsulation      : Native\n"
        "          Ingress      : Disabled\n"
        "\n"
        "SW-1#"
    )
    assert "FastEthernet0/24 is up, line protocol is down (monitoring)" in switch.command("sh int fa0/24 | i line")

    sniffer.command("filter icmp")
    sniffer.command("clear")
    host.command("ping 192.168.2.1")  # warms ARP
    sniffer.command("clear")
    assert host.command("ping 192.168.2.1 -n 3").count("TTL=126") == 3
    packets = wait_for(
        lambda: (view := lab.show("Sniffer2", "show packets")) and view["shown"] >= 6 and view["packets"],
        "three echoes and three replies on Sniffer2",
    )
    assert [(packet["source"], packet["destination"]) for packet in packets] == [
        ("192.168.1.1", "192.168.2.1"),
        ("192.168.2.1", "192.168.1.1"),
    ] * 3
    assert "Echo (ping) request" in packets[0]["info"]

    # The destination forwards nothing else: a broadcast that the source port does not see stays away.
    for line in ("conf t", "no monitor session 1", "monitor session 1 source interface Fa0/5"):
        switch.command(line)
    switch.command("monitor session 1 destination interface Fa0/24")
    switch.command("end")
    sniffer.command("no filter")
    sniffer.command("clear")
    host.command("arp -d")
    host.command("ping 192.168.2.1 -n 1")
    lab.exec("PC-A", "ping 192.168.2.1 -n 1")
    assert lab.show("Sniffer2", "show packets")["captured"] == 0


def test_a_straight_cable_to_the_sniffer_is_a_dead_port(lab: LiveLab, tmp_path: Path) -> None:
    """The handout's warning: switch and sniffer are both MDI-X, and a Catalyst 2950 has no auto-MDIX."""
    source = ROOT / "labs/catalog/no4-ipsec"
    text = (source / "no4-ipsec.lab.yml").read_text().replace("cable: crossover", "cable: straight")
    file = tmp_path / "wrong-cable.lab.yml"
    file.write_text(text)
    (tmp_path / "configs").symlink_to(source / "configs")
    lab.wirelab("up", str(file), "--base-port", "0")
    status = lab.exec("SW-1", "show interfaces status")
    assert "Fa0/24                       notconnect   1 " in status
    view = lab.show("SW-1", "show interfaces FastEthernet 0/24")["interfaces"][0]
    assert (view["status"], view["protocol"], view["reason"]) == ("down", "down", "wrong-cable")
    assert lab.show("SW-1", "show interfaces Fa0/2")["interfaces"][0]["status"] == "up"
