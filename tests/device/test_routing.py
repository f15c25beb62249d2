"""Static and connected routes: which of them are in force, and how packets follow."""

from __future__ import annotations

import dataclasses

import pytest

from labs.load import load
from tests.device.bench import Bench, echo, ip_frame, packets
from tests.sim import NO4, LabSim

ROUTER = """\
interface FastEthernet0/0
 ip address 10.0.0.1 255.255.255.0
interface FastEthernet0/1
 ip address 10.1.0.1 255.255.255.0
"""


def kinds(lab: LabSim, node: str = "R-A") -> dict[str, str]:
    """network/length -> kind of every route."""
    return {
        f"{route['network']}/{route['length']}": route["kind"] for route in lab.view(node, "show ip route")["routes"]
    }


CONNECTED = {
    "10.0.10.0/24": "connected",
    "10.0.10.10/32": "local",
    "192.168.1.0/24": "connected",
    "192.168.1.254/32": "local",
}


def test_a_route_by_next_hop(warm: LabSim) -> None:
    assert kinds(warm) == CONNECTED | {"192.168.2.0/24": "static"}
    assert "Received = 4" in warm.exec("PC-A", "ping 192.168.2.1")


def test_a_route_by_interface_asks_arp_for_the_destination_and_proxy_arp_answers(lab: LabSim) -> None:
    lab.configure("R-A", "no ip route 192.168.2.0 255.255.255.0", "ip route 192.168.2.0 255.255.255.0 fa0/0")
    assert "S    192.168.2.0/24 is directly connected, FastEthernet0/0" in lab.exec("R-A", "show ip route")
    lab.exec("PC-A", "ping 192.168.2.1")
    assert "Received = 4" in lab.exec("PC-A", "ping 192.168.2.1")
    entries = {entry["address"]: entry["mac"] for entry in lab.view("R-A", "show arp")["entries"]}
    # R-B answered for SV-B with its own address.
    mac_of_r_b = lab.view("R-B", "show interfaces fa0/0")["interfaces"][0]["mac"]
    assert entries["192.168.2.1"] == mac_of_r_b


def test_without_proxy_arp_a_route_by_interface_leads_nowhere(lab: LabSim) -> None:
    lab.configure("R-B", "interface fa0/0", "no ip proxy-arp")
    lab.configure("R-A", "no ip route 192.168.2.0 255.255.255.0", "ip route 192.168.2.0 255.255.255.0 fa0/0")
    lab.exec("PC-A", "ping 192.168.2.1")
    assert "Received = 0" in lab.exec("PC-A", "ping 192.168.2.1")


def test_a_default_route(lab: LabSim) -> None:
    lab.configure("R-A", "no ip route 192.168.2.0 255.255.255.0", "ip route 0.0.0.0 0.0.0.0 10.0.10.20")
    lab.exec("PC-A", "ping 192.168.2.1")
    assert "Received = 4" in lab.exec("PC-A", "ping 192.168.2.1")
    assert lab.view("R-A", "show ip route")["gateway_of_last_resort"] == "10.0.10.20"


def test_a_floating_route_takes_over_when_the_better_one_loses_its_interface(router: Bench) -> None:
    router.configure("ip route 172.16.0.0 255.255.0.0 10.0.0.2", "ip route 172.16.0.0 255.255.0.0 10.1.0.2 200")

    def gateway() -> str:
        routes = router.view("show ip route")["routes"]
        (route,) = [route for route in routes if route["network"] == "172.16.0.0"]
        (hop,) = route["next_hops"]
        return f"{hop['gateway']} {route['distance']}"

    assert gateway() == "10.0.0.2 1"
    router.device.carrier(0, False, "peer-absent", router.now)
    assert gateway() == "10.1.0.2 200"
    router.device.carrier(0, True, "up", router.now)
    assert gateway() == "10.0.0.2 1"


def test_longest_prefix_wins(router: Bench) -> None:
    router.configure("ip route 172.16.0.0 255.255.0.0 10.0.0.2", "ip route 172.16.7.0 255.255.255.0 10.1.0.2")
    mac = router.device.ports[0].mac
    ((out, _),) = packets(router.send(0, ip_frame(mac, echo("10.0.0.2", "172.16.7.1"))))
    assert out == 1
    ((out, _),) = packets(router.send(0, ip_frame(mac, echo("10.0.0.2", "172.16.8.1"))))
    assert out == 0


def test_forwarding_takes_one_from_the_ttl_and_changes_nothing_else(router: Bench) -> None:
    packet = echo("10.0.0.2", "10.1.0.2", size=100, ttl=17, tos=0xB8, ident=77, options=b"\x94\x04\x00\x00")
    ((out, sent),) = packets(router.send(0, ip_frame(router.device.ports[0].mac, packet)))
    assert out == 1
    assert sent == dataclasses.replace(packet, ttl=16)


@pytest.mark.parametrize("how", ["shutdown", "power", "peer"])
def test_connected_routes_follow_the_state_of_the_link(warm: LabSim, how: str) -> None:
    if how == "shutdown":
        warm.configure("R-A", "interface fa0/1", "shutdown")
    elif how == "power":
        warm.power_off("SW-1")
    else:
        warm.configure("SW-1", "interface fa0/1", "shutdown")
        warm.settle()
    assert set(kinds(warm)) == {"10.0.10.0/24", "10.0.10.10/32", "192.168.2.0/24"}
    status = warm.view("R-A", "show interfaces fa0/1")["interfaces"][0]
    assert (status["status"], status["protocol"]) == (
        ("administratively down", "down") if how == "shutdown" else ("down", "down")
    )
    # Nothing that was learnt on the interface survives it, and R-A does not answer for an address that is down.
    assert {entry["interface"] for entry in warm.view("R-A", "show arp")["entries"]} == {"FastEthernet0/0"}
    assert "Success rate is 0 percent" in warm.exec("R-B", "ping 192.168.1.254")
    if how == "shutdown":
        warm.configure("R-A", "interface fa0/1", "no shutdown")
    elif how == "power":
        warm.boot("SW-1")
    else:
        warm.configure("SW-1", "interface fa0/1", "no shutdown")
    warm.settle()
    assert kinds(warm) == CONNECTED | {"192.168.2.0/24": "static"}
    warm.exec("PC-A", "ping 192.168.2.1")
    assert "Received = 4" in warm.exec("PC-A", "ping 192.168.2.1")


def test_a_static_route_goes_with_its_next_hop(warm: LabSim) -> None:
    warm.configure("R-A", "interface fa0/0", "shutdown")
    assert kinds(warm) == {"192.168.1.0/24": "connected", "192.168.1.254/32": "local"}
    # It stays configured.
    assert "ip route 192.168.2.0 255.255.255.0 10.0.10.20" in warm.exec("R-A", "show running-config")


def test_a_wrong_cable_keeps_the_route_away() -> None:
    lab = load(NO4)
    wires = tuple(
        dataclasses.replace(link, cable="crossover") if "R-A" in (link.a.node, link.b.node) else link
        for link in lab.links
    )
    sim = LabSim(dataclasses.replace(lab, links=wires), "start")
    assert kinds(sim) == {}
    assert sim.view("R-A", "show interfaces fa0/1")["interfaces"][0]["reason"] == "wrong-cable"
    status = {entry["name"]: entry["condition"] for entry in sim.view("SW-1", "show interfaces status")["interfaces"]}
    assert status["FastEthernet0/1"] == "notconnect"
    assert status["FastEthernet0/2"] == "connected"


def test_what_the_links_did_is_logged(warm: LabSim) -> None:
    log = warm.nodes["R-A"].log
    log.clear()
    warm.configure("R-A", "interface fa0/1", "shutdown", "no shutdown")
    assert [line.partition(": ")[2] for line in log] == [
        "%LINK-5-CHANGED: Interface FastEthernet0/1, changed state to administratively down",
        "%LINEPROTO-5-UPDOWN: Line protocol on Interface FastEthernet0/1, changed state to down",
        "%LINK-3-UPDOWN: Interface FastEthernet0/1, changed state to up",
        "%LINEPROTO-5-UPDOWN: Line protocol on Interface FastEthernet0/1, changed state to up",
    ]
    # A port without carrier has no line protocol to lose.
    log = warm.nodes["SW-1"].log
    log.clear()
    warm.configure("SW-1", "interface fa0/9", "shutdown")
    assert [line.partition(": ")[2] for line in log] == [
        "%LINK-5-CHANGED: Interface FastEthernet0/9, changed state to administratively down",
    ]


def test_a_router_takes_no_packet_before_it_has_an_address() -> None:
    bench = Bench("router", "interface fa0/0\n no shutdown\n")
    bench.send(0, ip_frame(bench.device.ports[0].mac, echo("10.0.0.2", "10.0.0.1")))
    assert bench.drops() == {"ip-no-address": 1}


def test_equal_routes_are_all_installed_and_the_first_is_used(router: Bench) -> None:
    router.configure("ip route 172.16.0.0 255.255.0.0 10.0.0.2", "ip route 172.16.0.0 255.255.0.0 10.1.0.2")
    text = router.exec("show ip route")
    assert "S     172.16.0.0/16 [1/0] via 10.0.0.2\n                    [1/0] via 10.1.0.2" in text
    ((out, _),) = packets(router.send(1, ip_frame(router.device.ports[1].mac, echo("10.1.0.2", "172.16.0.1"))))
    assert out == 0


def test_what_is_sent_to_null0_is_swallowed_and_its_sender_told() -> None:
    bench = Bench("router", ROUTER + "ip route 10.9.0.0 255.255.0.0 Null0\nip route 10.9.1.0 255.255.255.0 10.1.0.2\n")
    assert bench.refusals == []
    bench.know(0, "10.0.0.2")
    bench.know(1, "10.1.0.2")
    mac = bench.device.ports[0].mac
    assert [out for out, _ in packets(bench.send(0, ip_frame(mac, echo("10.0.0.2", "10.9.1.1"))))] == [1]
    (out, answer), *others = packets(bench.send(0, ip_frame(mac, echo("10.0.0.2", "10.9.2.1"))))
    assert (out, answer.proto, answer.payload[:2], others) == (0, 1, b"\x03\x01", [])
    assert bench.drops()["ip-null"] == 1
    assert "S        10.9.0.0/16 is directly connected, Null0" in bench.exec("show ip route")
    # From the router itself nothing leaves either.
    assert "Success rate is 0 percent" in ping(bench, "10.9.2.1")


def test_a_permanent_route_stays() -> None:
    bench = Bench(
        "router",
        ROUTER + "ip route 10.8.0.0 255.255.0.0 fa0/1 permanent\nip route 10.9.0.0 255.255.0.0 fa0/1\n"
        "ip route 0.0.0.0 0.0.0.0 10.0.0.2 tag 7 name UPLINK\n",
    )
    bench.know(0, "10.0.0.2")
    bench.device.carrier(1, False, "no-cable", bench.now)
    routes = bench.exec("show ip route")
    assert "10.8.0.0/16 is directly connected, FastEthernet0/1" in routes
    assert "10.9.0.0" not in routes
    assert packets(bench.send(0, ip_frame(bench.device.ports[0].mac, echo("10.0.0.2", "10.8.2.1")))) == []
    assert "ip route 0.0.0.0 0.0.0.0 10.0.0.2 tag 7 name UPLINK\n" in bench.exec("show running-config")


def ping(bench: Bench, target: str) -> str:
    """A ping of the device's own, for as long as it takes."""
    batch = bench.console.batch([f"ping {target} repeat 2 timeout 1"])
    while not batch.done:
        batch.advance(bench.now)
        bench.pass_time(0.5)
    return batch.output


def test_names_of_the_table_of_hosts_are_reached() -> None:
    bench = Bench("router", ROUTER + "ip host peer 10.0.0.2 10.1.0.2\nip host far.lab.example 10.1.0.2\n")
    assert "Sending 2, 100-byte ICMP Echos to 10.0.0.2, timeout" in ping(bench, "PEER")
    assert 'Translating "far"...domain server (255.255.255.255)' in ping(bench, "far")
    bench.configure("ip domain name lab.example", "ip name-server 10.0.0.53 10.0.0.54")
    assert "Echos to 10.1.0.2, timeout" in ping(bench, "far")
    assert 'Translating "nobody"...domain server (10.0.0.53) (10.0.0.54)' in ping(bench, "nobody")
    assert 'Translating "nobody"...domain server (10.0.0.53) (10.0.0.54)\n' in bench.exec("nobody")
