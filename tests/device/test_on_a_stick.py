"""A lab with VLANs on the virtual clock: a router on a stick, a sniffer on the trunk, a switch that is managed.

::

    PC-10 -- Fa0/2 SW Fa0/1 == Sniffer == Fa0/0 R Fa0/1 -- Fa0 FAR
    PC-20 -- Fa0/3
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from labs.lab import Lab
from labs.load import load
from nodes.decode import pcapng
from nodes.decode.pcapng import Direction
from nodes.wire import ethernet
from tests.sim import LabSim

LAB = """\
name: stick
topology:
  nodes:
    R:
      kind: router
      startup-config: |
        hostname R
        interface Loopback0
         ip address 10.255.0.1 255.255.255.255
        interface FastEthernet0/0
         no ip address
        interface FastEthernet0/0.10
         encapsulation dot1Q 10
         ip address 10.0.10.254 255.255.255.0
        interface FastEthernet0/0.20
         encapsulation dot1Q 20
         ip address 10.0.20.254 255.255.255.0
        interface FastEthernet0/0.99
         encapsulation dot1Q 99 native
         ip address 10.0.99.254 255.255.255.0
        interface FastEthernet0/1
         ip address 10.9.0.254 255.255.255.0
        end
    SW:
      kind: switch
      startup-config: |
        hostname SW
        vlan 10,20,99
        interface FastEthernet0/1
         switchport trunk native vlan 99
         switchport mode trunk
        interface FastEthernet0/2
         switchport access vlan 10
        interface FastEthernet0/3
         switchport access vlan 20
        interface Vlan1
         no ip address
         shutdown
        interface Vlan99
         ip address 10.0.99.2 255.255.255.0
        ip default-gateway 10.0.99.254
        end
    Sniffer: {kind: sniffer}
    PC-10: {kind: pc, startup-config: "ipconfig 10.0.10.1 255.255.255.0 10.0.10.254\\n"}
    PC-20: {kind: pc, startup-config: "ipconfig 10.0.20.1 255.255.255.0 10.0.20.254\\n"}
    FAR: {kind: pc, startup-config: "ipconfig 10.9.0.1 255.255.255.0 10.9.0.254\\n"}
  links:
    - endpoints: ["PC-10:Fa0", "SW:Fa0/2"]
    - endpoints: ["PC-20:Fa0", "SW:Fa0/3"]
    - {endpoints: ["SW:Fa0/1", "Sniffer:Eth0"], cable: crossover}
    - endpoints: ["Sniffer:Eth1", "R:Fa0/0"]
    - {endpoints: ["R:Fa0/1", "FAR:Fa0"], cable: crossover}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    path = tmp_path_factory.mktemp("stick") / "stick.lab.yml"
    path.write_text(LAB, "utf-8")
    return load(path)


@pytest.fixture
def sim(lab: Lab) -> LabSim:
    sim = LabSim(lab, lab.default_stage)
    assert not [refusal for node in sim.nodes.values() for refusal in node.refusals]
    return sim


def trunk(sim: LabSim) -> list[bytes]:
    """The frames that the sniffer saw."""
    return [bytes.fromhex(packet["frame"]) for packet in sim.view("Sniffer", "show packets")["packets"]]


def test_the_router_carries_packets_between_vlans_by_one_wire(sim: LabSim) -> None:
    sim.exec("PC-10", "ping 10.0.20.1")
    assert "Received = 4" in sim.exec("PC-10", "ping 10.0.20.1")
    headers = [ethernet.peek(frame) for frame in trunk(sim)]
    echoes = [header.vid for header in headers if header.ethertype == ethernet.ETH_IPV4]
    # In by one VLAN, out by the other, and all of it back.
    assert echoes[-4:] == [10, 20, 20, 10]
    assert {header.vid for header in headers if header.ethertype == ethernet.ETH_ARP} >= {10, 20}
    # No host sees a tag, nor a frame of the other VLAN.
    for name in ("PC-10", "PC-20"):
        assert all(frame[12:14] != ethernet.TPID for frame in sim.frames([name]))
        # The switch's CDP is all that they have no use for.
        assert sim.nodes[name].device.drops.as_dict().keys() <= {"ethernet-unknown-type"}
    vlans = {vlan["number"]: vlan for vlan in sim.view("R", "show vlans")["vlans"]}
    assert vlans[10]["ip_received"] == vlans[20]["ip_sent"] + 1, "the first found no ARP entry"
    assert vlans[99]["native"]


def test_the_switch_is_managed_from_afar_through_its_default_gateway(sim: LabSim) -> None:
    sim.exec("FAR", "ping 10.0.99.2")
    assert "Received = 4" in sim.exec("FAR", "ping 10.0.99.2")
    assert "100 percent (5/5)" in sim.exec("SW", "ping 10.9.0.1")
    assert "  2 10.9.0.1" in sim.exec("SW", "traceroute 10.9.0.1")
    assert "100 percent (5/5)" in sim.exec("SW", "ping 10.255.0.1")
    # The native VLAN travels without a tag.
    packets = [frame for frame in trunk(sim) if ethernet.peek(frame).ethertype == ethernet.ETH_IPV4]
    assert packets
    assert all(frame[12:14] != ethernet.TPID for frame in packets)
    assert {entry["interface"] for entry in sim.view("SW", "show arp")["entries"]} == {"Vlan99"}
    # Without the gateway it reaches its own VLAN alone.
    sim.configure("SW", "no ip default-gateway")
    assert "0 percent" in sim.exec("SW", "ping 10.9.0.1")
    assert "100 percent" in sim.exec("SW", "ping 10.0.99.254")


def test_the_loopback_answers_whatever_port_is_down(sim: LabSim) -> None:
    sim.exec("FAR", "ping 10.255.0.1")
    sim.configure("R", "interface FastEthernet0/0", "shutdown")
    assert "Received = 4" in sim.exec("FAR", "ping 10.255.0.1")
    assert "100 percent" in sim.exec("R", "ping 10.9.0.1 source loopback0")
    assert "Reply from 10.9.0.254: Destination host unreachable." in sim.exec("FAR", "ping 10.0.99.254")


def test_the_management_interface_follows_its_vlan(sim: LabSim) -> None:
    def protocol() -> str:
        view = sim.view("SW", "show interfaces vlan 99")
        return str(view["interfaces"][0]["protocol"])

    assert protocol() == "up"
    sim.configure("SW", "interface FastEthernet0/1", "switchport trunk allowed vlan 1-98")
    assert protocol() == "down"
    assert "Line protocol on Interface Vlan99, changed state to down" in sim.nodes["SW"].log[-1]
    sim.configure("SW", "interface FastEthernet0/1", "no switchport trunk allowed vlan")
    assert protocol() == "up"
    sim.configure("SW", "no vlan 99")
    assert protocol() == "down"
    sim.configure("SW", "vlan 99")
    sim.power_off("Sniffer")
    sim.settle()
    assert protocol() == "down"
    assert "0 percent" in sim.exec("SW", "ping 10.0.99.254")


def test_everything_is_there_again_after_a_restart(sim: LabSim) -> None:
    before = {name: sim.exec(name, "show running-config") for name in ("R", "SW")}
    for name in before:
        sim.exec(name, "write memory")
        sim.start(name, "reload")
        sim.run(1.0)
        assert sim.nodes[name].boots == 2
        assert sim.nodes[name].refusals == []
        assert sim.exec(name, "show running-config") == before[name]
    sim.exec("FAR", "ping 10.0.99.2", "ping 10.0.20.1")
    assert "Received = 4" in sim.exec("FAR", "ping 10.0.99.2")
    assert "Received = 4" in sim.exec("FAR", "ping 10.0.20.1")


def test_tshark_reads_the_tags(sim: LabSim, tmp_path: Path) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: no independent reader of frames")
    sim.exec("PC-10", "ping 10.0.20.1")
    frames = trunk(sim)
    path = tmp_path / "trunk.pcapng"
    blocks = [pcapng.section_header(), pcapng.interface_description("trunk")]
    blocks += [pcapng.enhanced_packet(0, number, frame, Direction.INBOUND) for number, frame in enumerate(frames)]
    path.write_bytes(b"".join(blocks))
    fields = ["vlan.id", "vlan.etype", "ip.src", "arp.src.proto_ipv4", "ip.checksum.status", "_ws.malformed"]
    command = ["tshark", "-n", "-r", str(path), "-o", "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=;"]
    for field in fields:
        command += ["-e", field]
    read = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rows = [line.split(";") for line in read.stdout.splitlines()]
    assert len(rows) == len(frames)
    for (vlan, kind, *_, malformed), frame in zip(rows, frames, strict=True):
        header = ethernet.peek(frame)
        # Frames of the native VLAN have no tag.
        tag = (int(vlan), int(kind, 16)) if vlan else (None, header.ethertype)
        assert (*tag, malformed) == (header.vid, header.ethertype, "")
    checked = [row for row in rows if row[2]]
    assert {(row[0], row[2], row[4]) for row in checked} >= {("10", "10.0.10.1", "1"), ("20", "10.0.20.1", "1")}
