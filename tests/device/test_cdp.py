"""CDP between the devices of the lab on a virtual clock, and one device on a bench with hand-made neighbours."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nodes.device.config import InterfaceAddress, SubinterfaceConfig
from nodes.device.router import Router
from nodes.device.switch import Switch
from nodes.engine.cdp import CAPACITY
from nodes.wire import cdp, ethernet
from nodes.wire.cdp import Capability, Cdp, Raw
from tests.device.bench import PEER_MAC, Bench, ip
from tests.sim import LabSim

PEER = Cdp(
    device_id="SW9",
    addresses=(ip("10.9.9.9"),),
    port_id="FastEthernet0/7",
    capabilities=Capability.SWITCH | Capability.IGMP,
    software="Cisco Internetwork Operating System Software \nIOS (tm) C2950 Software",
    platform="cisco WS-C2950-12",
    vtp_domain="LAB",
    native_vlan=1,
    full_duplex=True,
)

ROUTER = "interface fa0/0\ninterface fa0/1\n"


def neighbors(world: LabSim | Bench, node: str = "") -> dict[str, tuple[str, str]]:
    """device ID -> (our interface, theirs)."""
    command = "show cdp neighbors"
    view = world.view(node, command) if isinstance(world, LabSim) else world.view(command)
    return {entry["device_id"]: (entry["interface"], entry["port_id"]) for entry in view["neighbors"]}


def packets(sent: list[tuple[int, bytes]]) -> list[tuple[int, Cdp]]:
    """The CDP packets among what was sent."""
    found = ((port, cdp.packet_of(frame)) for port, frame in sent)
    return [(port, cdp.parse(packet)) for port, packet in found if packet is not None]


@pytest.fixture
def lab() -> LabSim:
    return LabSim(stage="start")


# Who hears whom ----------------------------------------------------------------------------------------------------


def test_both_ends_of_a_cable_know_each_other_as_soon_as_it_is_plugged_in(lab: LabSim) -> None:
    fa0, fa1 = "FastEthernet0/0", "FastEthernet0/1"
    assert neighbors(lab, "SW-1") == {"R-A": (fa1, fa1)}
    assert neighbors(lab, "R-A") == {"SW-1": (fa1, fa1), "R-B": (fa0, fa0)}
    # The routers through a sniffer that is in line and passes everything.
    assert neighbors(lab, "R-B") == {"SW-2": (fa1, fa1), "R-A": (fa0, fa0)}


def test_what_a_switch_and_a_router_say(lab: LabSim) -> None:
    (router,) = lab.view("SW-1", "show cdp neighbors detail")["neighbors"]
    assert router["addresses"] == router["management"] == ["192.168.1.254"]
    assert (router["platform"], router["capabilities"]) == ("Cisco 1841", ["Router", "Switch", "IGMP"])
    assert (router["native_vlan"], router["duplex"], router["vtp_domain"]) == (None, "full", "")
    assert "Version 12.4(15)T1" in router["software"][0]
    (switch,) = lab.view("R-A", "show cdp entry SW-1")["neighbors"]
    assert (switch["platform"], switch["capabilities"]) == ("cisco WS-C2950-24", ["Switch", "IGMP"])
    assert (switch["addresses"], switch["native_vlan"]) == ([], 1)


def test_a_switch_says_the_address_of_its_interface_in_a_vlan(lab: LabSim) -> None:
    device = lab.nodes["SW-1"].device
    assert isinstance(device, Switch)
    svi = device.config.svis["Vlan1"]
    svi.address, svi.shutdown = InterfaceAddress(ip("192.168.1.2"), 24), False
    device.configured()
    lab.run(61.0)
    (switch,) = lab.view("R-A", "show cdp entry SW-1")["neighbors"]
    assert switch["addresses"] == switch["management"] == ["192.168.1.2"]
    svi.shutdown = True
    device.configured()
    lab.run(61.0)
    (switch,) = lab.view("R-A", "show cdp entry SW-1")["neighbors"]
    assert (switch["addresses"], switch["management"]) == ([], None)


def test_a_router_on_a_stick_says_the_address_of_its_first_subinterface(lab: LabSim) -> None:
    device = lab.nodes["R-A"].device
    assert isinstance(device, Router)
    interfaces = device.config.interfaces
    interfaces["FastEthernet0/1"].address = None
    for vlan in (20, 10):
        name = f"FastEthernet0/1.{vlan}"
        address = InterfaceAddress(ip(f"10.0.{vlan}.1"), 24)
        interfaces[name] = SubinterfaceConfig(name, shutdown=False, address=address, vlan=vlan)
    device.configured()
    lab.run(61.0)
    (router,) = lab.view("SW-1", "show cdp neighbors")["neighbors"]
    assert router["addresses"] == ["10.0.10.1"]
    # What is heard is heard by the port itself.
    assert neighbors(lab, "R-A")["SW-1"] == ("FastEthernet0/1", "FastEthernet0/1")


def test_a_packet_a_minute_and_nothing_else_wakes_an_idle_router(lab: LabSim) -> None:
    lab.run(300.0)
    device = lab.nodes["R-A"].device
    before = lab.view("R-A", "show cdp traffic")
    wakes = set()
    end = lab.now + 3600.0
    while lab.step(end):
        deadline = device.next_deadline()
        assert deadline is not None
        wakes.add(round(deadline, 3))
    after = lab.view("R-A", "show cdp traffic")
    # Two ports, and two neighbours; what a neighbour said before wakes once more when it would have been too old.
    assert (after["output_2"] - before["output_2"], after["input_2"] - before["input_2"]) == (120, 120)
    assert len(wakes) < 250
    assert neighbors(lab, "R-A").keys() == {"SW-1", "R-B"}


def test_a_neighbour_without_power_is_known_until_the_holdtime_is_over(lab: LabSim) -> None:
    lab.run(30.0)
    lab.power_off("SW-1")
    (switch,) = lab.view("R-A", "show cdp neighbors fa0/1")["neighbors"]
    assert 151 <= switch["holdtime"] <= 152  # its last packet is two seconds younger than its link
    lab.run(switch["holdtime"] - 1.0)
    assert "SW-1" in neighbors(lab, "R-A")
    lab.run(2.0)
    assert neighbors(lab, "R-A").keys() == {"R-B"}


def test_no_cdp_run_is_not_told_to_others(lab: LabSim) -> None:
    lab.run(10.0)
    lab.configure("SW-1", "no cdp run")
    assert "% CDP is not enabled" in lab.refused("SW-1", "show cdp neighbors")
    lab.run(165.0)
    assert "SW-1" in neighbors(lab, "R-A")
    lab.run(20.0)
    assert neighbors(lab, "R-A").keys() == {"R-B"}
    assert "cdp-off" in lab.nodes["SW-1"].device.drops.as_dict()
    lab.configure("SW-1", "cdp run")
    lab.settle()
    assert "SW-1" in neighbors(lab, "R-A")
    # What the switch knew is gone, and the router speaks when it is time.
    assert neighbors(lab, "SW-1") == {}
    lab.run(61.0)
    assert neighbors(lab, "SW-1").keys() == {"R-A"}


def test_a_port_without_cdp_is_silent_and_deaf(lab: LabSim) -> None:
    lab.run(10.0)
    lab.configure("R-A", "interface fa0/1", "no cdp enable")
    assert "SW-1" in neighbors(lab, "R-A")
    lab.run(190.0)
    assert neighbors(lab, "R-A").keys() == {"R-B"}
    assert neighbors(lab, "SW-1") == {}
    assert lab.exec("R-A", "show cdp interface fa0/1") == " CDP is not enabled on interface FastEthernet0/1\n"
    lab.configure("R-A", "interface fa0/1", "cdp enable")
    lab.settle()
    assert neighbors(lab, "SW-1").keys() == {"R-A"}


def test_shutdown_is_told_before_the_link_goes(lab: LabSim) -> None:
    lab.run(10.0)
    lab.configure("R-A", "interface fa0/1", "shutdown")
    lab.settle()
    assert neighbors(lab, "SW-1") == {}
    assert not lab.nodes["SW-1"].device.ports[0].up
    # Here the switch is not forgotten: it said nothing of going.
    assert "SW-1" in neighbors(lab, "R-A")
    lab.configure("R-A", "interface fa0/1", "no shutdown")
    lab.settle()
    assert neighbors(lab, "SW-1").keys() == {"R-A"}


@pytest.mark.parametrize("line", ["cdp run", "no cdp run"])
def test_a_switch_never_passes_cdp_on(lab: LabSim, line: str) -> None:
    lab.configure("SW-1", line)
    lab.trace.clear()
    lab.run(130.0)
    names = {
        cdp.parse(packet).device_id
        for frame in lab.frames(["PC-A", "Sniffer2"])
        if (packet := cdp.packet_of(frame)) is not None
    }
    assert names == ({"SW-1"} if line == "cdp run" else set())


def test_a_pc_does_not_mind(lab: LabSim) -> None:
    lab.run(130.0)
    assert lab.nodes["PC-A"].device.drops.as_dict() == {"ethernet-unknown-type": 5}
    assert neighbors(lab, "SW-1").keys() == {"R-A"}


# One device --------------------------------------------------------------------------------------------------------


def hear(bench: Bench, packet: Cdp, port: int = 0) -> None:
    assert bench.send(port, packet.frame(PEER_MAC)) == []


def test_settings_reach_the_wire() -> None:
    bench = Bench("switch", "interface fa0/1\n switchport access vlan 10\n duplex half\n", carrier=False)
    bench.configure("cdp timer 5", "cdp holdtime 15", "hostname Edge")
    bench.device.carrier(0, True, "up", bench.now)
    ((_, packet),) = packets(bench.out())
    assert (packet.device_id, packet.ttl, packet.native_vlan, packet.full_duplex) == ("Edge", 15, 10, False)
    bench.configure("no cdp advertise-v2")
    bench.now += 1.0
    bench.device.handle_timer(bench.now)
    ((_, packet),) = packets(bench.out())
    assert (packet.version, packet.vtp_domain, packet.native_vlan, packet.full_duplex) == (1, None, None, None)
    assert bench.view("show cdp")["version"] == 1


def test_nothing_is_said_where_the_configuration_forbids_it_from_the_start() -> None:
    bench = Bench("router", "interface fa0/0\ninterface fa0/1\n no cdp enable\n", carrier=False)
    for port in (0, 1):
        bench.device.carrier(port, True, "up", bench.now)
    assert [port for port, _ in packets(bench.out())] == [0]
    silent = Bench("router", "interface fa0/0\nno cdp run\n", carrier=False)
    silent.device.carrier(0, True, "up", silent.now)
    assert packets(silent.out()) == []
    assert silent.device.next_deadline() is None


def test_the_destination_of_a_monitor_session_takes_no_part() -> None:
    bench = Bench("switch")
    bench.configure("monitor session 1 source interface fa0/2", "monitor session 1 destination interface fa0/1")
    bench.now += 200.0
    bench.device.handle_timer(bench.now)
    assert [port for port, _ in packets(bench.out())] == list(range(1, 24))
    hear(bench, PEER)
    assert neighbors(bench) == {}


def test_a_trunk_says_its_native_vlan_and_a_tag_does_not_hide_a_packet() -> None:
    bench = Bench("switch", "interface fa0/1\n switchport mode trunk\n switchport trunk native vlan 99\n")
    bench.now += 1.0
    bench.device.handle_timer(bench.now)
    said = dict(packets(bench.out()))
    assert (said[0].native_vlan, said[1].native_vlan) == (99, 1)
    assert bench.send(0, ethernet.push_tag(PEER.frame(PEER_MAC), 1)) == []
    assert neighbors(bench) == {"SW9": ("FastEthernet0/1", "FastEthernet0/7")}


def test_mismatches_are_logged_once_in_a_while() -> None:
    bench = Bench("switch", "interface fa0/1\n switchport access vlan 10\n")
    bench.log.clear()
    wrong = replace(PEER, full_duplex=False)
    for _ in range(3):
        hear(bench, wrong)
        bench.now += 1.0
    here, there = "FastEthernet0/1", "SW9 FastEthernet0/7"
    text = [line.partition(": ")[2] for line in bench.log]
    assert text == [
        f"%CDP-4-NATIVE_VLAN_MISMATCH: Native VLAN mismatch discovered on {here} (10), with {there} (1).",
        f"%CDP-4-DUPLEX_MISMATCH: duplex mismatch discovered on {here} (not half duplex), with {there} (half duplex).",
    ]
    bench.now += 57.0
    hear(bench, wrong)
    assert len(bench.log) == 4
    bench.configure("no cdp log mismatch duplex", "interface fa0/1", "no switchport access vlan")
    bench.log.clear()
    bench.now += 60.0
    hear(bench, wrong)
    hear(bench, replace(PEER, native_vlan=None, full_duplex=None))
    hear(bench, replace(wrong, ttl=0))
    assert bench.log == []


def test_hostile_names_reach_no_terminal() -> None:
    bench = Bench("router", ROUTER)
    nasty = "\x1b[2Jroot\r\n\xff"
    hear(bench, replace(PEER, device_id=nasty, port_id=nasty, platform=nasty, vtp_domain=nasty, software=nasty))
    for command in ("neighbors", "neighbors detail", "entry *", "entry * protocol", "entry * version"):
        said = bench.exec(f"show cdp {command}")
        assert ".[2Jroot" in said
        assert said.replace("\n", "").isprintable()
        assert said.isascii()


def test_unknown_elements_and_those_of_a_phone_are_taken() -> None:
    bench = Bench("switch")
    phone = Cdp(
        device_id="SEP0011",
        port_id="Port 1",
        capabilities=Capability.HOST | Capability.PHONE | Capability.MAC_RELAY,
        platform="Cisco IP Phone 7960",
        full_duplex=True,
        others=(Raw(0x0F, b" \x02\x00\x01"), Raw(0x10, b"\x18\x9c"), Raw(0xBEEF, b"?")),
    )
    hear(bench, phone)
    (row,) = bench.exec("show cdp neighbors").splitlines()[4:]
    assert row.split() == ["SEP0011", "Fas", "0/1", "180", "H", "P", "M", "IP", "Phone", "Port", "1"]


def test_the_table_is_bounded() -> None:
    bench = Bench("router", ROUTER)
    for number in range(CAPACITY + 5):
        hear(bench, replace(PEER, device_id=f"D{number}"))
    assert len(neighbors(bench)) == CAPACITY
    assert bench.drops() == {"cdp-table-full": 5}
    bench.exec("clear cdp table")
    assert neighbors(bench) == {}


def test_what_is_wrong_is_counted() -> None:
    bench = Bench("router", ROUTER)
    good = PEER.build()
    for bad in (good[:-1] + b"!", b"\x09" + good[1:], bytes.fromhex("02b4fd4b")):
        payload = cdp.SNAP + bad
        bench.send(0, ethernet.Frame(cdp.GROUP, PEER_MAC, len(payload), payload).build())
    traffic = bench.view("show cdp traffic")
    assert (traffic["checksum"], traffic["header"], traffic["invalid"]) == (1, 1, 1)
    assert bench.drops() == {"cdp-malformed": 2, "cdp-checksum": 1}
    bench.exec("clear cdp counters")
    assert bench.view("show cdp traffic")["checksum"] == 0


def test_an_interface_accounts_for_it() -> None:
    bench = Bench("router", ROUTER)
    hear(bench, PEER)
    (cdp_row,) = bench.view("show interfaces fa0/0 accounting")["interfaces"][0]["protocols"]
    assert cdp_row["name"] == "CDP"
    assert (cdp_row["packets_in"], cdp_row["octets_in"]) == (1, len(PEER.frame(PEER_MAC)))
    assert cdp_row["packets_out"] == 1


def test_cdp_cannot_be_enabled_on_an_interface_while_it_does_not_run() -> None:
    bench = Bench("router", "no cdp run\n")
    said = bench.configure("interface fa0/0", "no cdp enable", "cdp enable")
    assert "% Cannot enable CDP on this interface, since CDP is not running" in said
    assert " no cdp enable" in bench.exec("show running-config").splitlines()
