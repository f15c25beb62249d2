"""Every packet is counted where it belongs: the sums of show ip traffic and of the interfaces' counters agree."""

from __future__ import annotations

from typing import Any

from nodes.wire import arp, icmp, ipv4, l4
from tests.device.bench import BROADCAST, PEER_MAC, Bench, arp_frame, echo, ip, ip_frame, tcp, udp
from tests.sim import LabSim

CONFIG = """\
interface fa0/0
 ip address 10.0.0.1 255.255.255.0
interface fa0/1
 ip address 10.0.1.1 255.255.255.0
"""
MAC = b"\x02\x00\x00\x00\x00\x01"


def bench() -> Bench:
    made = Bench("router", CONFIG)
    made.know(0, "10.0.0.2")
    made.know(1, "10.0.1.2", b"\x02\xaa\xaa\xaa\xaa\x02")
    made.exec("clear ip traffic")
    return made


def test_what_came_is_delivered_forwarded_or_dropped() -> None:
    router = bench()
    router.send(0, ip_frame(MAC, echo("10.0.0.2", "10.0.0.1")), ip_frame(MAC, echo("10.0.0.2", "10.0.1.2")))
    router.send(0, ip_frame(MAC, echo("10.0.0.2", "10.9.9.9")), ip_frame(MAC, echo("10.0.0.2", "10.0.1.2", ttl=1)))
    router.send(0, ip_frame(MAC, tcp("10.0.0.2", "10.0.0.1", 23)), ip_frame(MAC, udp("10.0.0.2", "10.0.0.1", 7)))
    router.send(0, ip_frame(MAC, ipv4.Ipv4(ip("10.0.0.2"), ip("10.0.0.1"), 99, b"")))
    router.send(0, ip_frame(BROADCAST, udp("10.0.0.2", "10.0.0.255", 137)))
    router.send(0, ip_frame(b"\x01\x00\x5e\x00\x00\x05", echo("10.0.0.2", "224.0.0.5")))
    broken = bytearray(ip_frame(MAC, echo("10.0.0.2", "10.0.0.1")))
    broken[24] ^= 1
    router.send(0, bytes(broken))
    view = router.view("show ip traffic")
    counted = view["ip"]
    assert counted["received"] == 10
    assert (counted["delivered"], counted["forwarded"]) == (5, 1)
    assert (counted["hops_exceeded"], counted["no_route"], counted["checksum_errors"]) == (1, 1, 1)
    assert (counted["unknown_protocol"], counted["broadcasts_received"], counted["multicasts_received"]) == (1, 1, 1)
    assert view["icmp_received"]["echoes"] == view["icmp_sent"]["echo_replies"] == 1
    # Of no route, an unknown protocol and an unknown port one is told of in half a second; of the broadcast nothing.
    assert view["icmp_sent"]["time_exceeded"] == 1
    assert view["icmp_sent"]["unreachables"] == 1
    assert router.drops()["icmp-rate-limited"] == 2
    assert view["udp"] == {"received": 2, "errors": 0, "no_port": 2, "sent": 0}
    assert view["tcp"] == {"received": 1, "errors": 0, "no_port": 1, "sent": 1}
    assert counted["generated"] == 4


def test_fragments() -> None:
    router = bench()
    whole = echo("10.0.0.2", "10.0.0.1", size=3000)
    pieces = ipv4.fragment(whole.build(), 1500)
    router.send(0, *(MAC + PEER_MAC + b"\x08\x00" + piece for piece in pieces))
    counted = router.view("show ip traffic")["ip"]
    assert counted["received"] == len(pieces) == 3
    assert counted["reassembled"] == counted["delivered"] == 1
    # The answer is as long, and is cut here.
    assert (counted["fragmented"], counted["fragments"]) == (1, 3)


def test_arp_and_proxy_arp() -> None:
    router = bench()
    router.send(0, arp_frame(arp.request(PEER_MAC, ip("10.0.0.2"), ip("10.0.0.1"))))
    router.send(0, arp_frame(arp.request(PEER_MAC, ip("10.0.0.2"), ip("10.0.1.2"))))
    router.send(0, ip_frame(MAC, echo("10.0.0.2", "10.0.1.77")))
    counted = router.view("show ip traffic")
    assert counted["arp"] == {
        "requests_received": 2,
        "replies_received": 0,
        "others_received": 0,
        "requests_sent": 1,
        "replies_sent": 2,
        "proxied": 1,
    }
    assert counted["ip"]["not_encapsulated"] == 1


def accounts(view: Any) -> dict[str, dict[str, tuple[int, ...]]]:
    return {
        interface["name"]: {
            protocol["name"]: tuple(protocol[key] for key in ("packets_in", "octets_in", "packets_out", "octets_out"))
            for protocol in interface["protocols"]
        }
        for interface in view["interfaces"]
    }


def test_accounting_adds_up_to_the_counters_of_the_interface() -> None:
    router = bench()
    router.send(0, ip_frame(MAC, echo("10.0.0.2", "10.0.1.2")), arp_frame(arp.request(PEER_MAC, 1, 2)))
    router.send(0, MAC + PEER_MAC + b"\x86\xdd" + bytes(46), b"\x02" * 6 + PEER_MAC + b"\x08\x00" + bytes(46))
    found = accounts(router.view("show interfaces accounting"))
    assert found["FastEthernet0/0"]["Other"] == (2, 120, 0, 0)
    assert found["FastEthernet0/0"]["ARP"][0] == 2, "one of them before the counters were looked at"
    for interface in router.view("show interfaces")["interfaces"]:
        columns = zip(*found[interface["name"]].values(), strict=True)
        assert [sum(column) for column in columns] == [
            interface[direction][key] for direction in ("input", "output") for key in ("packets", "octets")
        ]


def test_a_whole_lab_loses_nothing_between_its_counters() -> None:
    lab = LabSim(stage="solution")
    lab.exec("PC-A", "ping 192.168.2.1")
    lab.exec("PC-A", "ping -l 3000 192.168.2.1")
    lab.exec("R-A", "ping 10.0.10.20")
    for name in ("R-A", "R-B"):
        counted = lab.view(name, "show ip traffic")["ip"]
        dropped = {drop["name"]: drop["count"] for drop in lab.view(name, "show drops")["drops"]}
        device = lab.nodes[name].device
        assert counted["received"] > 20
        assert counted["delivered"] + counted["forwarded"] > 0
        assert counted["no_route"] == dropped.get("ip-no-route", 0)
        accounts_of = accounts(lab.view(name, "show interfaces accounting"))
        for port in device.ports:
            columns = list(zip(*accounts_of[port.name].values(), strict=True))
            assert sum(columns[0]) == port.input.packets
            assert sum(columns[3]) == port.output.octets


def test_multicasts_and_broadcasts() -> None:
    router = bench()
    router.exec("clear counters")
    for group in (BROADCAST, b"\x01\x00\x5e\x00\x00\x05", b"\x01\x80\xc2\x00\x00\x00"):
        router.send(0, ip_frame(group, udp("10.0.0.2", "10.0.0.255", 137)))
    port = router.router.ports[0]
    assert (port.input.broadcasts, port.input.multicasts, port.input.ip_multicasts) == (3, 2, 1)
    assert "Received 3 broadcasts (1 IP multicasts)" in router.exec("show interfaces fa0/0")


def test_the_kinds_of_icmp() -> None:
    router = bench()
    for message in (icmp.Unreachable(1, bytes(28)), icmp.EchoReply(1, 1, b""), icmp.TimeExceeded(0, bytes(28))):
        packet = ipv4.Ipv4(ip("10.0.0.2"), ip("10.0.0.1"), l4.ICMP, message.build())
        router.send(0, ip_frame(MAC, packet))
    received = router.view("show ip traffic")["icmp_received"]
    assert {name for name, count in received.items() if count} == {"unreachables", "echo_replies", "time_exceeded"}
