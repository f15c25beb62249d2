"""What a router and a host say about packets that they cannot use, and the packets that are too long."""

from __future__ import annotations

import pytest

from nodes.base.drops import Drop
from nodes.device.packet import Packet
from nodes.wire import icmp, ipv4, l4
from tests.device.bench import Bench, echo, ip, ip_frame, messages, packets, tcp, udp
from tests.device.conftest import ROUTER
from tests.sim import LabSim


def answer(bench: Bench, packet: ipv4.Ipv4, port: int = 0) -> icmp.Message | None:
    """The ICMP message that comes back out of ``port``; None for silence."""
    sent = messages(bench.send(port, ip_frame(bench.device.ports[port].mac, packet)))
    assert all(out == port for out, _ in sent)
    return sent[0][1] if sent else None


def test_no_route(router: Bench) -> None:
    packet = echo("10.0.0.2", "172.16.0.1")
    assert answer(router, packet) == icmp.Unreachable(icmp.HOST_UNREACHABLE, icmp.quote(packet.build()))
    assert router.drops() == {"ip-no-route": 1}


def test_time_exceeded(router: Bench) -> None:
    for ttl in (1, 0):
        packet = echo("10.0.0.2", "10.1.0.2", ttl=ttl)
        assert answer(router, packet) == icmp.TimeExceeded(icmp.TTL_EXPIRED, icmp.quote(packet.build()))
    assert router.drops() == {"ip-ttl-expired": 2}
    # For the router itself the TTL does not matter.
    assert isinstance(answer(router, echo("10.0.0.2", "10.0.0.1", ttl=1)), icmp.EchoReply)


def test_the_router_answers_from_the_address_that_was_asked_and_with_the_same_tos(router: Bench) -> None:
    ((_, reply),) = packets(
        router.send(0, ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "10.1.0.1", tos=0xB8)))
    )
    assert (reply.src, reply.dst, reply.tos, reply.ttl) == (ip("10.1.0.1"), ip("10.0.0.2"), 0xB8, 255)


def test_ports_and_protocols_that_nobody_serves(router: Bench) -> None:
    packet = udp("10.0.0.2", "10.0.0.1", 33434)
    assert answer(router, packet) == icmp.Unreachable(icmp.PORT_UNREACHABLE, icmp.quote(packet.build()))
    packet = ipv4.Ipv4(ip("10.0.0.2"), ip("10.0.0.1"), 89, b"ospf")
    assert answer(router, packet) == icmp.Unreachable(icmp.PROTOCOL_UNREACHABLE, icmp.quote(packet.build()))
    assert router.drops() == {"udp-no-port": 1, "ip-unknown-protocol": 1}


def test_tcp_is_reset(router: Bench) -> None:
    ((_, reply),) = packets(router.send(0, ip_frame(router.device.ports[0].mac, tcp("10.0.0.2", "10.0.0.1", 23))))
    segment = l4.parse_tcp(reply.payload, reply.src, reply.dst)
    assert (segment.flags, segment.ack, segment.src_port) == (l4.RST | l4.ACK, 2, 23)
    reset = tcp("10.0.0.2", "10.0.0.1", 23, l4.RST)
    assert not router.send(0, ip_frame(router.device.ports[0].mac, reset))


@pytest.mark.parametrize(
    "packet",
    [
        echo("10.0.0.2", "172.16.0.1", offset=1480),
        ipv4.Ipv4(ip("10.0.0.2"), ip("172.16.0.1"), l4.ICMP, icmp.Unreachable(1, bytes(28)).build()),
        echo("224.0.0.5", "172.16.0.1"),
        echo("0.0.0.0", "172.16.0.1"),
        echo("127.0.0.1", "172.16.0.1"),
        echo("255.255.255.255", "172.16.0.1"),
        echo("250.0.0.1", "172.16.0.1"),
        echo("10.0.0.255", "172.16.0.1"),
        echo("10.0.0.1", "172.16.0.1"),
        echo("10.0.0.2", "127.0.0.1"),
        echo("10.0.0.2", "0.0.0.1"),
        echo("10.0.0.2", "240.0.0.1"),
        echo("10.0.0.2", "224.0.0.9"),
    ],
)
def test_no_error_about_what_must_not_be_answered(router: Bench, packet: ipv4.Ipv4) -> None:
    """RFC 1122 3.2.2: errors, later fragments, groups, and sources that are no host."""
    assert answer(router, packet) is None
    assert sum(router.drops().values()) == 1


def test_no_error_about_what_came_to_a_group_address(router: Bench) -> None:
    router.send(0, ip_frame(b"\xff" * 6, echo("10.0.0.2", "172.16.0.1")))
    assert router.drops() == {"ip-not-forwarded": 1}


def test_directed_broadcasts_are_not_forwarded_and_broadcast_pings_not_answered(router: Bench) -> None:
    assert answer(router, echo("10.0.0.2", "10.1.0.255")) is None
    assert answer(router, echo("10.0.0.2", "10.0.0.255")) is None
    assert router.drops() == {"icmp-unexpected": 2}


def test_the_rate_limit_of_unreachables() -> None:
    bench = Bench("router", ROUTER + "default ip icmp rate-limit unreachable\n")
    bench.know(0, "10.0.0.2")
    packet = echo("10.0.0.2", "172.16.0.1")
    assert answer(bench, packet) is not None
    assert answer(bench, packet) is None
    assert bench.drops() == {"ip-no-route": 2, "icmp-rate-limited": 1}
    bench.now += 0.5
    assert answer(bench, packet) is not None
    # "Fragmentation needed" is not held back: path MTU discovery lives on it.
    assert [too_long(bench), too_long(bench)] == [icmp.FRAGMENTATION_NEEDED] * 2


def too_long(bench: Bench) -> int | None:
    """The code of the unreachable about a packet with DF that is too long for the way out.

    Every wire here has the same MTU, so such a packet can only come out of a tunnel: it is put there by hand.
    """
    data = echo("10.0.0.2", "10.1.0.2", size=1473, dont_fragment=True).build()
    packet = Packet(data, ipv4.peek_header(data), 0)
    packet.egress = 1
    assert bench.router.fragment([packet]) == []
    sent = messages(bench.out())
    if not sent:
        return None
    ((out, message),) = sent
    assert out == 0
    assert isinstance(message, icmp.Unreachable)
    assert message.mtu == 1500
    return message.code


def test_no_ip_unreachables_silences_every_unreachable(router: Bench) -> None:
    router.configure("interface fa0/0", "no ip unreachables")
    assert answer(router, echo("10.0.0.2", "172.16.0.1")) is None
    assert answer(router, udp("10.0.0.2", "10.0.0.1", 33434)) is None
    assert too_long(router) is None
    # Time exceeded is no unreachable.
    assert answer(router, echo("10.0.0.2", "10.1.0.2", ttl=1)) is not None


# Long packets ------------------------------------------------------------------------------------------------------


def test_a_long_ping_is_cut_and_put_together_again(warm: LabSim) -> None:
    warm.trace.clear()
    text = warm.exec("PC-A", "ping -n 2 -l 4000 192.168.2.1")
    assert text.count("Reply from 192.168.2.1: bytes=4000 ") == 2
    crossing = [ipv4.parse(frame[14:]) for frame in warm.frames(["Sniffer1"]) if frame[12:14] == b"\x08\x00"]
    # Two requests and two replies, each in three pieces: 1480 + 1480 + 1048 octets.
    assert [(packet.offset, packet.more_fragments, len(packet.payload)) for packet in crossing] == [
        (0, True, 1480),
        (1480, True, 1480),
        (2960, False, 1048),
    ] * 4


def test_the_longest_ping_of_windows(warm: LabSim) -> None:
    assert "Received = 1" in warm.exec("PC-A", "ping -n 1 -l 65500 192.168.2.1")


def test_one_lost_fragment_loses_the_datagram_and_its_sender_is_told(warm: LabSim) -> None:
    host = warm.nodes["SV-B"]
    packet = ipv4.Ipv4(
        ip("192.168.1.1"), ip("192.168.2.1"), l4.ICMP, icmp.EchoRequest(9, 1, bytes(2000)).build(), ttl=126
    )
    first, _ = ipv4.fragment(packet.build(), 1500)
    gateway = warm.nodes["R-B"].device.ports[1].mac
    warm.trace.clear()
    host.device.receive(0, [host.device.ports[0].mac + gateway + b"\x08\x00" + first], warm.now)
    warm.run(31.0)
    assert host.device.drops[Drop.IP_REASSEMBLY_TIMEOUT] == 1
    arrived = [
        icmp.parse(ipv4.parse(frame[14:]).payload)
        for frame in warm.frames(["PC-A"])
        if frame[12] == 8 and not frame[13]
    ]
    assert arrived == [icmp.TimeExceeded(icmp.REASSEMBLY_EXPIRED, icmp.quote(first))]


def test_dont_fragment_at_the_host_itself(warm: LabSim) -> None:
    text = warm.exec("PC-A", "ping -f -n 1 -l 1473 192.168.2.1")
    assert "\nPacket needs to be fragmented but DF set.\n" in text
    assert "Sent = 1, Received = 0, Lost = 1 (100% loss)" in text
    assert "Received = 1" in warm.exec("PC-A", "ping -f -n 1 -l 1472 192.168.2.1")


def test_dont_fragment_at_the_router_itself(warm: LabSim) -> None:
    assert warm.exec("R-A", "ping 10.0.10.20 size 1500 df-bit").count("!!!!!") == 1
    assert "Success rate is 0 percent (0/5)" in warm.exec("R-A", "ping 10.0.10.20 size 1501 df-bit timeout 1")


def test_giants_are_dropped_and_counted(router: Bench) -> None:
    frame = ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "10.1.0.2", size=1473))
    assert len(frame) == 1515
    assert router.send(0, frame) == []
    assert router.drops() == {"ethernet-too-long": 1}
    assert "1 giants, 0 throttles" in router.exec("show interfaces fa0/0")
