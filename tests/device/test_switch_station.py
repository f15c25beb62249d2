"""A switch as a station of its VLANs: its port in the bridge, ARP, ICMP, and what it does not do."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes.base.addr import BROADCAST_MAC
from nodes.wire import arp, ethernet, icmp, ipv4
from tests.device.bench import PEER_MAC, Bench, arp_frame, echo, ip, ip_frame, messages, udp
from tests.device.test_hostile import mutated

CONFIG = """\
vlan 10
interface FastEthernet0/1
 switchport mode trunk
interface FastEthernet0/2
 switchport access vlan 10
interface FastEthernet0/4
 switchport access vlan 10
interface Vlan10
 ip address 10.0.10.2 255.255.255.0
ip default-gateway 10.0.10.254
"""
TRUNK, ACCESS, OTHER = 0, 1, 2


@pytest.fixture
def switch() -> Bench:
    """A trunk on port 0, ports of VLAN 10 on 1 and 3, VLAN 1 elsewhere; the switch is 10.0.10.2 in VLAN 10."""
    bench = Bench("switch", CONFIG)
    assert not bench.refusals
    return bench


def ask(bench: Bench, port: int, sender: str = "10.0.10.9", target: str = "10.0.10.2") -> list[tuple[int, bytes]]:
    return bench.send(port, arp_frame(arp.Arp(arp.REQUEST, PEER_MAC, ip(sender), bytes(6), ip(target))))


def test_it_answers_in_its_vlan_and_is_no_other_station_s_business(switch: Bench) -> None:
    sent = ask(switch, ACCESS)
    # The question is flooded as before; the answer goes to the one who asked.
    (answer,) = [frame for port, frame in sent if frame[:6] == PEER_MAC]
    assert arp.parse(answer[14:]).sender_mac == switch.switch.mac
    assert {port for port, frame in sent if frame[:6] == BROADCAST_MAC} == {TRUNK, 3}
    # What is for the switch alone goes nowhere else.
    sent = switch.send(ACCESS, ip_frame(switch.switch.mac, echo("10.0.10.9", "10.0.10.2")))
    assert [(port, type(message)) for port, message in messages(sent)] == [(ACCESS, icmp.EchoReply)]
    assert len(sent) == 1
    assert switch.drops() == {}


def test_on_a_trunk_its_frames_bear_the_tag_of_its_vlan(switch: Bench) -> None:
    frame = arp_frame(arp.Arp(arp.REQUEST, PEER_MAC, ip("10.0.10.9"), bytes(6), ip("10.0.10.2")))
    sent = switch.send(TRUNK, ethernet.push_tag(frame, 10))
    ((port, answer),) = [entry for entry in sent if entry[1][:6] == PEER_MAC]
    assert (port, ethernet.peek(answer).vid, len(answer)) == (TRUNK, 10, 64)


def test_in_another_vlan_it_is_a_stranger(switch: Bench) -> None:
    assert all(frame[:6] == BROADCAST_MAC for _, frame in ask(switch, OTHER))
    assert switch.send(OTHER, ip_frame(switch.switch.mac, echo("10.0.10.9", "10.0.10.2"))) == []
    assert switch.drops() == {"bridge-no-output": 1}


def test_a_flood_of_frames_to_unknown_stations_spares_it(switch: Bench) -> None:
    sent = switch.send(ACCESS, ip_frame(bytes.fromhex("02cccccccc01"), echo("10.0.10.9", "10.0.10.7")))
    assert {port for port, _ in sent} == {TRUNK, 3}
    assert switch.view("show interfaces vlan 10")["interfaces"][0]["input"]["packets"] == 0
    assert switch.drops() == {}


def test_it_routes_for_nobody(switch: Bench) -> None:
    switch.configure("interface vlan 1", "ip address 10.0.1.2 255.255.255.0")
    switch.send(ACCESS, ip_frame(switch.switch.mac, echo("10.0.10.9", "10.0.1.9")))
    assert switch.drops() == {"ip-not-for-us": 1}


def test_its_address_stands_in_the_table_and_nobody_takes_it_over(switch: Bench) -> None:
    rows = switch.view("show mac address-table")["entries"]
    assert [(row["vlan"], row["kind"], row["port"]) for row in rows] == [(None, "STATIC", "CPU")]
    # Somebody forges its address: the bridge does not learn it.
    switch.send(OTHER, ethernet.Frame(BROADCAST_MAC, switch.switch.mac, 0x88B5, bytes(46)).build())
    switch.send(ACCESS, ethernet.Frame(BROADCAST_MAC, switch.switch.mac, 0x88B5, bytes(46)).build())
    ask(switch, ACCESS)
    sent = switch.send(ACCESS, ip_frame(switch.switch.mac, echo("10.0.10.9", "10.0.10.2")))
    assert [port for port, _ in messages(sent)] == [ACCESS]


def test_one_interface_takes_the_place_of_the_other(switch: Bench) -> None:
    switch.configure("interface vlan 1", "ip address 10.0.1.2 255.255.255.0", "no shutdown")
    states = {view["name"]: view["status"] for view in switch.view("show ip interface brief")["interfaces"][:2]}
    assert states == {"Vlan1": "up", "Vlan10": "administratively down"}
    assert all(frame[:6] == BROADCAST_MAC for _, frame in ask(switch, ACCESS))
    switch.configure("no interface vlan 10")
    assert "Vlan10" not in switch.exec("show running-config")
    # Without the interface its frames go nowhere.
    switch.send(ACCESS, ip_frame(switch.switch.mac, echo("10.0.10.9", "10.0.10.2")))


def test_it_sends_like_a_station_and_is_learnt_by_nobody_as_one(switch: Bench) -> None:
    batch = switch.console.batch(["ping 10.0.10.9 repeat 1"])
    batch.advance(switch.now)
    sent = switch.out()
    assert {port for port, _ in sent} == {TRUNK, ACCESS, 3}
    assert {ethernet.peek(frame).vid for port, frame in sent if port == TRUNK} == {10}
    assert all(frame[6:12] == switch.switch.mac for _, frame in sent)
    batch.close()
    assert len(switch.view("show mac address-table")["entries"]) == 1


def test_access_lists_and_errors(switch: Bench) -> None:
    ask(switch, ACCESS)
    switch.configure("access-list 10 deny 10.0.10.9", "interface vlan 10", "ip access-group 10 in")
    (answer,) = messages(switch.send(ACCESS, ip_frame(switch.switch.mac, echo("10.0.10.9", "10.0.10.2"))))
    assert isinstance(answer[1], icmp.Unreachable)
    switch.configure("interface vlan 10", "no ip access-group 10 in")
    switch.now += 1.0
    (answer,) = messages(switch.send(ACCESS, ip_frame(switch.switch.mac, udp("10.0.10.9", "10.0.10.2", 161))))
    assert isinstance(answer[1], icmp.Unreachable)
    assert answer[1].code == icmp.PORT_UNREACHABLE
    assert switch.drops() == {"ip-acl-in": 1, "udp-no-port": 1}


def test_a_redirect_of_its_gateway_is_followed_and_shown(switch: Bench) -> None:
    for last in (9, 254):
        ask(switch, ACCESS, f"10.0.10.{last}")
    message = icmp.Redirect(icmp.REDIRECT_HOST, ip("10.0.10.9"), icmp.quote(echo("10.0.10.2", "172.16.0.1").build()))
    packet = ipv4.Ipv4(ip("10.0.10.254"), ip("10.0.10.2"), 1, message.build())
    switch.send(ACCESS, ip_frame(switch.switch.mac, packet))
    batch = switch.console.batch(["ping 172.16.0.1 repeat 1"])
    batch.advance(switch.now)
    batch.close()
    lines = switch.exec("show ip redirects").splitlines()
    assert lines[0] == "Default gateway is 10.0.10.254"
    assert lines[3].split() == ["172.16.0.1", "10.0.10.9", "0:00", "1", "Vlan10"]


@pytest.fixture(scope="module")
def attacked() -> Bench:
    return Bench("switch", CONFIG)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=st.lists(st.binary(max_size=100) | mutated(), min_size=1, max_size=4), port=st.integers(0, 3))
def test_no_bytes_raise(attacked: Bench, frames: list[bytes], port: int) -> None:
    mine = [attacked.switch.mac + frame[6:] if frame[:1] == b"\x02" else frame for frame in frames]
    attacked.send(port, *mine)
    attacked.now += 0.5
    attacked.device.handle_timer(attacked.now)
    attacked.out()
