"""SPAN and the sniffers: exact copies to the right place, and nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from labs.load import load
from nodes.base.limits import SpanLimits
from nodes.device.effects import Transmit, ViewChanged
from nodes.wire import icmp, ipv4
from nodes.wire.cdp import packet_of
from tests.device.bench import Bench
from tests.sim import NO4, LabSim

DESTINATION = "monitor session 1 destination interface fa0/24"


def pings(frames: list[bytes]) -> list[str]:
    """``request`` or ``reply`` for each ICMP echo among the frames."""
    words = []
    for frame in frames:
        if frame[12:14] == b"\x08\x00":
            message = icmp.parse(ipv4.parse(frame[14:]).payload)
            words.append("request" if isinstance(message, icmp.EchoRequest) else "reply")
    return words


@pytest.mark.parametrize(
    ("word", "seen"),
    [("", ["request", "reply"]), (" both", ["request", "reply"]), (" rx", ["request"]), (" tx", ["reply"])],
)
def test_the_sniffer_sees_what_crosses_the_source_port(warm: LabSim, word: str, seen: list[str]) -> None:
    warm.configure("SW-1", f"monitor session 1 source interface fa0/2{word}", DESTINATION)
    warm.exec("Sniffer2", "clear")
    warm.trace.clear()
    assert "Received = 4" in warm.exec("PC-A", "ping 192.168.2.1")
    warm.settle()
    copies = warm.frames(["Sniffer2"])
    assert pings(copies) == seen * 4
    # They are the very frames of the wire between PC-A and the switch, in their order.
    assert copies == [
        frame
        for _, port, frame in warm.trace
        if (warm.port(port) == "SW-1:FastEthernet0/2" and "request" in seen)
        or (warm.port(port) == "PC-A:FastEthernet0" and "reply" in seen)
    ]
    shown = warm.view("Sniffer2", "show packets")["packets"]
    assert [packet["frame"] for packet in shown] == [frame.hex() for frame in copies]


def test_without_a_session_the_sniffer_sees_only_what_is_flooded(warm: LabSim) -> None:
    warm.trace.clear()
    warm.exec("PC-A", "ping 192.168.2.1")
    # Nothing but what the port says of itself now that it is one like others.
    assert [frame for frame in warm.frames(["Sniffer2"]) if packet_of(frame) is None] == []


def test_a_destination_forwards_nothing_else(warm: LabSim) -> None:
    warm.configure("SW-1", "monitor session 1 source interface fa0/2", DESTINATION)
    warm.exec("PC-A", "arp -d")
    warm.trace.clear()
    warm.exec("PC-A", "ping -n 1 192.168.1.254")
    # The ARP request is a broadcast: flooded it would come twice.
    requests = [frame for frame in warm.frames(["Sniffer2"]) if frame[:6] == b"\xff" * 6]
    assert len(requests) == 1
    # What the sniffer's side sends in is dropped, counted and not learnt.
    switch = warm.nodes["SW-1"]
    warm.settle()
    warm.trace.clear()
    switch.device.receive(23, [b"\xff" * 6 + b"\x02\xdd" + bytes(4) + b"\x90\x00" + bytes(46)], warm.now)
    warm.settle()
    assert warm.trace == []
    assert switch.device.drops.as_dict() == {"span-destination": 1}
    assert "Fa0/24" not in warm.exec("SW-1", "show mac address-table")


def test_the_state_of_a_destination(warm: LabSim) -> None:
    log = warm.nodes["SW-1"].log
    log.clear()
    warm.configure("SW-1", "monitor session 1 source interface fa0/2", DESTINATION)
    down = "%LINEPROTO-5-UPDOWN: Line protocol on Interface FastEthernet0/24, changed state to down"
    assert [line.partition(": ")[2] for line in log] == [down]
    assert "FastEthernet0/24 is up, line protocol is down (monitoring)" in warm.exec("SW-1", "show interfaces fa0/24")
    assert "Fa0/24                       monitoring" in warm.exec("SW-1", "show interfaces status")
    assert "Fa0/24" not in warm.exec("SW-1", "show vlan brief")
    warm.configure("SW-1", "no monitor session 1")
    assert "Fa0/24                       connected" in warm.exec("SW-1", "show interfaces status")
    warm.trace.clear()
    warm.exec("PC-A", "ping -n 1 192.168.2.1")
    # Nothing but what the port says of itself now that it is one like others.
    assert [frame for frame in warm.frames(["Sniffer2"]) if packet_of(frame) is None] == []


def test_two_sources_and_two_sessions(warm: LabSim) -> None:
    warm.configure("SW-1", "monitor session 1 source interface fa0/1 rx", "monitor session 1 source interface fa0/2 rx")
    warm.configure("SW-1", DESTINATION)
    warm.trace.clear()
    warm.exec("PC-A", "ping -n 1 192.168.2.1")
    warm.settle()
    assert pings(warm.frames(["Sniffer2"])) == ["request", "reply"]
    assert "RX Only" in warm.exec("SW-1", "show monitor session 1")
    assert warm.refused("SW-1", "configure terminal", "monitor session 2 destination interface fa0/24")


def test_a_straight_cable_to_the_sniffer_is_the_wrong_one() -> None:
    lab = load(NO4)
    wires = tuple(
        dataclasses.replace(link, cable="straight") if "Sniffer2" in (link.a.node, link.b.node) else link
        for link in lab.links
    )
    sim = LabSim(dataclasses.replace(lab, links=wires), "start")
    sim.configure("SW-1", "monitor session 1 source interface fa0/2", DESTINATION)
    assert "Fa0/24                       notconnect" in sim.exec("SW-1", "show interfaces status")
    assert "FastEthernet0/24 is down, line protocol is down (notconnect)" in sim.exec("SW-1", "show interfaces fa0/24")
    sim.exec("PC-A", "ping -n 1 192.168.1.254")
    assert sim.frames(["Sniffer2"]) == []


def test_the_session_survives_write_and_reload(warm: LabSim) -> None:
    warm.configure("SW-1", "monitor session 1 source interface fa0/2", DESTINATION)
    lines = [
        "monitor session 1 source interface Fa0/2",
        "monitor session 1 destination interface Fa0/24",
    ]
    assert warm.exec("SW-1", "show running-config | include monitor").splitlines() == lines
    warm.exec("SW-1", "write memory", "reload")
    warm.run(1.0)
    assert warm.exec("SW-1", "show running-config | include monitor").splitlines() == lines
    warm.trace.clear()
    warm.exec("PC-A", "ping -n 1 192.168.2.1")
    assert "request" in pings(warm.frames(["Sniffer2"]))


def test_copies_count_at_the_destination(warm: LabSim) -> None:
    warm.configure("SW-1", "monitor session 1 source interface fa0/2", DESTINATION)
    warm.exec("SW-1", "clear counters")
    warm.trace.clear()
    warm.exec("PC-A", "ping 192.168.2.1")
    warm.settle()
    octets = sum(map(len, warm.frames(["Sniffer2"])))
    shown = warm.exec("SW-1", "show interfaces fa0/24")
    assert f"     8 packets output, {octets} bytes" in shown
    assert "Total output drops: 0" in shown


def test_copies_that_were_lost_are_counted_where_they_were_to_go(warm: LabSim) -> None:
    switch = warm.nodes["SW-1"].device
    switch.copied(23, 5, 500, 3, warm.now)
    assert switch.drops.as_dict() == {"span-oversubscribed": 3}
    assert "Total output drops: 3" in warm.exec("SW-1", "show interfaces fa0/24")
    assert "span-oversubscribed" in warm.exec("SW-1", "show drops")


@pytest.mark.parametrize(
    ("options", "tagged"),
    [("", False), (" encapsulation dot1q", True), (" encapsulation replicate", False)],
)
def test_the_encapsulation_of_a_destination(warm: LabSim, options: str, tagged: bool) -> None:
    """The station's frames have no tag."""
    warm.configure("SW-1", "monitor session 1 source interface fa0/2 rx", DESTINATION + options)
    warm.trace.clear()
    warm.exec("PC-A", "ping -n 1 192.168.1.254")
    warm.settle()
    tag = bytes.fromhex("81000001") if tagged else b""
    sent = [frame for _, port, frame in warm.trace if warm.port(port) == "SW-1:FastEthernet0/2"]
    assert sent
    assert warm.frames(["Sniffer2"]) == [frame[:12] + tag + frame[12:] for frame in sent]


def test_a_destination_with_ingress_takes_frames_into_its_vlan(warm: LabSim) -> None:
    warm.configure("SW-1", "monitor session 1 source interface fa0/2 tx", DESTINATION + " ingress vlan 1")
    warm.trace.clear()
    probe = b"\xff" * 6 + b"\x02\xdd" + bytes(4) + b"\x90\x00" + bytes(46)
    warm.transmit("Sniffer2", Transmit(0, [probe]))
    warm.settle()
    arrived = [warm.port(port) for _, port, frame in warm.trace if frame == probe]
    # Into the switch, to the two other ports with a cable, and to the destination as a copy of what Fa0/2 sent.
    assert sorted(arrived) == [
        "PC-A:FastEthernet0",
        "R-A:FastEthernet0/1",
        "SW-1:FastEthernet0/24",
        "Sniffer2:Ethernet0",
    ]
    assert "Fa0/24" not in warm.exec("SW-1", "show mac address-table")
    assert "monitoring" in warm.exec("SW-1", "show interfaces status | include 0/24")


MANY = SpanLimits(sessions=66, sources=2, destinations=64)


def test_other_types_have_more_sessions_and_destinations() -> None:
    bench = Bench("switch", span=MANY)
    bench.configure(
        "monitor session 66 source interface fa0/1 - 2",
        "monitor session 66 destination interface fa0/20 - 22 , fa0/24",
        "monitor session 66 destination interface fa0/23 encapsulation replicate",
    )
    assert bench.exec("show running-config | include monitor").splitlines() == [
        "monitor session 66 source interface Fa0/1 - 2",
        "monitor session 66 destination interface Fa0/20 - 22 , Fa0/24",
        "monitor session 66 destination interface Fa0/23 encapsulation replicate",
    ]
    shown = bench.exec("show monitor session 66")
    assert "Destination Ports      : Fa0/20-22,Fa0/24\n    Encapsulation      : Native" in shown
    assert "Destination Ports      : Fa0/23\n    Encapsulation      : Replicate" in shown
    bench.out()
    assert [mirror.destination for mirror in bench.device.view().mirrors] == [19, 20, 21, 23, 22]


def test_the_wires_are_told_anew_when_the_rspan_vlan_takes_another_way() -> None:
    bench = Bench(
        "switch",
        "vlan 901\n remote-span\ninterface range fa0/10 - 11\n switchport mode trunk\n"
        "monitor session 1 source interface fa0/1\nmonitor session 1 destination remote vlan 901\n",
    )

    def told() -> list[int] | None:
        """Where copies go, if the wires were told of it since the last time."""
        changed = any(isinstance(effect, ViewChanged) for effect in bench.device.drain())
        return [mirror.destination for mirror in bench.device.view().mirrors] if changed else None

    assert bench.refusals == []
    assert [mirror.destination for mirror in bench.device.view().mirrors] == [9, 10]
    bench.device.carrier(9, False, "peer-absent", bench.now)
    assert bench.device.has_effects
    assert told() == [10]
    bench.switch.bridge.set_state(10, 901, learning=False, forwarding=False)
    assert told() == []
    bench.device.carrier(9, True, "up", bench.now)
    assert told() == [9]
    bench.configure("interface fa0/10", "switchport trunk allowed vlan 1-900")
    assert told() == []
    bench.configure("interface fa0/2", "description of nothing that matters")
    assert told() is None
    bench.configure("interface fa0/10", "no switchport trunk allowed vlan")
    assert told() == [9]
    bench.configure("vlan 901", "no remote-span")
    assert told() == []


# The sniffer -------------------------------------------------------------------------------------------------------


def test_the_sniffer_in_line_changes_nothing(warm: LabSim) -> None:
    warm.trace.clear()
    warm.exec("PC-A", "ping -n 3 -l 2000 192.168.2.1")
    into = [frame for _, port, frame in warm.trace if warm.port(port).startswith("Sniffer1:")]
    out = [frame for _, port, frame in warm.trace if warm.port(port) in ("R-A:FastEthernet0/0", "R-B:FastEthernet0/0")]
    assert into == out
    assert len(into) == 12
    assert [packet["frame"] for packet in warm.view("Sniffer1", "show packets last 12")["packets"]] == [
        frame.hex() for frame in into
    ]


def test_service_off_passes_frames_unseen(warm: LabSim) -> None:
    warm.exec("Sniffer1", "clear", "service off")
    assert "Received = 4" in warm.exec("PC-A", "ping 192.168.2.1")
    assert warm.view("Sniffer1", "show packets")["packets"] == []
    assert warm.nodes["Sniffer1"].device.drops.as_dict() == {}
    warm.exec("Sniffer1", "service on")
    warm.exec("PC-A", "ping 192.168.2.1")
    assert len(warm.view("Sniffer1", "show packets")["packets"]) == 8


def test_service_off_at_the_end_of_a_span_port_counts_what_is_lost(warm: LabSim) -> None:
    warm.configure("SW-1", "monitor session 1 source interface fa0/2", DESTINATION)
    warm.exec("Sniffer2", "service off")
    warm.exec("PC-A", "ping 192.168.2.1")
    warm.settle()
    assert warm.nodes["Sniffer2"].device.drops.as_dict() == {"capture-off": 8}


def test_a_dead_far_side_loses_frames_and_counts_them(warm: LabSim) -> None:
    # In line, with the far router gone.
    sniffer = warm.nodes["Sniffer1"].device
    warm.power_off("R-B")
    sniffer.receive(0, [b"\xff" * 60], warm.now)
    assert sniffer.drops.as_dict() == {"port-down": 1}


def test_the_filter_hides_and_forgets_nothing(warm: LabSim) -> None:
    warm.exec("Sniffer1", "clear", "filter icmp")
    warm.exec("R-A", "clear arp-cache")
    warm.exec("PC-A", "ping -n 2 192.168.2.1")
    shown = warm.view("Sniffer1", "show packets")
    assert {packet["protocol"] for packet in shown["packets"]} == {"ICMP"}
    assert shown["captured"] > shown["shown"]
    warm.exec("Sniffer1", "no filter")
    assert warm.view("Sniffer1", "show packets")["shown"] == shown["captured"]
    assert warm.refused("Sniffer1", "filter nonsense and") != ""
    assert warm.view("Sniffer1", "show capture")["filter"] == ""


def test_the_buffer_is_bounded_and_counts_what_gave_way(warm: LabSim) -> None:
    warm.exec("Sniffer1", "clear", "buffer 10")
    warm.exec("PC-A", "ping -n 10 192.168.2.1")
    view = warm.view("Sniffer1", "show packets")
    assert (view["captured"], view["overwritten"], len(view["packets"])) == (20, 10, 10)
    assert view["packets"][0]["number"] == 11
    assert warm.nodes["Sniffer1"].device.drops.as_dict() == {"capture-overwritten": 10}


def test_the_sniffer_s_settings_survive_a_restart_when_they_were_saved(warm: LabSim) -> None:
    warm.exec("Sniffer1", "filter icmp", "buffer 50", "service off", "write memory", "filter arp")
    warm.power_off("Sniffer1")
    warm.boot("Sniffer1")
    view = warm.view("Sniffer1", "show capture")
    assert (view["filter"], view["capacity"], view["service"]) == ("icmp", 50, False)
