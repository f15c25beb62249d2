"""Interfaces of a router that come and go, and what their settings do to packets."""

from __future__ import annotations

import pytest

from nodes.base.addr import BROADCAST_MAC, parse_mac
from nodes.device.host import Host
from nodes.engine.redirects import CAPACITY
from nodes.wire import arp, ethernet, icmp, ipv4, l4
from nodes.wire.ethernet import Frame, Tag
from tests.device.bench import PEER_MAC, Bench, arp_frame, echo, ip, ip_frame, messages, packets
from tests.sim import LabSim

STICK = """\
interface FastEthernet0/0
 no ip address
 no shutdown
interface FastEthernet0/0.10
 encapsulation dot1Q 10
 ip address 10.0.10.1 255.255.255.0
interface FastEthernet0/0.20
 encapsulation dot1Q 20 native
 ip address 10.0.20.1 255.255.255.0
interface FastEthernet0/1
 ip address 10.1.0.1 255.255.255.0
 no shutdown
no ip icmp rate-limit unreachable
"""


@pytest.fixture
def stick() -> Bench:
    """VLAN 10 and the native VLAN 20 on port 0, 10.1.0.1/24 on port 1 with its neighbour 10.1.0.2."""
    bench = Bench("router", STICK)
    assert not bench.refusals
    bench.know(1, "10.1.0.2", bytes.fromhex("02aaaaaaaa02"))
    return bench


def tagged(bench: Bench, packet: ipv4.Ipv4, vlan: int, source: bytes = PEER_MAC) -> bytes:
    tag = Tag(vid=vlan)
    return Frame(bench.device.ports[0].mac, source, ethernet.ETH_IPV4, packet.build(), tag).build()


def ask(bench: Bench, vlan: int | None, sender: str, target: str) -> list[tuple[int, bytes]]:
    """An ARP request from a station of a VLAN; what comes back."""
    message = arp.Arp(arp.REQUEST, PEER_MAC, ip(sender), bytes(6), ip(target))
    tag = None if vlan is None else Tag(vid=vlan)
    return bench.send(0, Frame(BROADCAST_MAC, PEER_MAC, ethernet.ETH_ARP, message.build(), tag).build())


# VLANs -------------------------------------------------------------------------------------------------------------


def test_frames_of_a_vlan_come_and_go_with_its_tag(stick: Bench) -> None:
    ((port, frame),) = ask(stick, 10, "10.0.10.9", "10.0.10.1")
    reply = ethernet.parse(frame)
    assert (port, reply.tag, reply.src) == (0, Tag(vid=10), stick.device.ports[0].mac)
    assert arp.parse(reply.payload).sender_ip == ip("10.0.10.1")
    # A frame whose tag is taken off has to be whole still.
    assert len(frame) == 64
    ((port, frame),) = stick.send(0, tagged(stick, echo("10.0.10.9", "10.0.10.1"), 10))
    assert (port, ethernet.peek(frame).vid) == (0, 10)
    # Forwarded, it leaves without; and what comes for the VLAN gets the tag.
    ((port, frame),) = stick.send(0, tagged(stick, echo("10.0.10.9", "10.1.0.2"), 10))
    assert (port, frame[12:14]) == (1, b"\x08\x00")
    ((port, frame),) = stick.send(1, ip_frame(stick.device.ports[1].mac, echo("10.1.0.2", "10.0.10.9")))
    assert (port, ethernet.peek(frame).vid, frame[:6]) == (0, 10, PEER_MAC)
    assert stick.drops() == {}


def test_frames_without_a_tag_belong_to_the_native_vlan(stick: Bench) -> None:
    ((_, frame),) = ask(stick, None, "10.0.20.9", "10.0.20.1")
    assert (frame[12:14], len(frame)) == (b"\x08\x06", 60)
    # A tag with VLAN 0 is a priority and no VLAN; the native VLAN's own number does as well.
    for vlan in (0, 20):
        ((_, frame),) = stick.send(0, tagged(stick, echo("10.0.20.9", "10.0.20.1"), vlan))
        assert frame[12:14] == b"\x08\x00"
    (vlan10, native) = stick.view("show vlans")["vlans"]
    assert (vlan10["received"], native["received"], native["ip_received"]) == (0, 3, 2)


def test_other_vlans_are_dropped_under_a_name(stick: Bench) -> None:
    assert ask(stick, 30, "10.0.10.9", "10.0.10.1") == []
    assert stick.drops() == {"ethernet-unknown-vlan": 1}
    # A station of one VLAN does not reach the address in another one: not by ARP.
    assert ask(stick, 10, "10.0.20.9", "10.0.20.1") == []
    # A port without subinterfaces has no VLANs at all.
    frame = Frame(stick.device.ports[1].mac, PEER_MAC, ethernet.ETH_IPV4, bytes(46), Tag(vid=10)).build()
    assert stick.send(1, frame) == []
    assert stick.drops() == {"ethernet-unknown-vlan": 1, "ethernet-tagged": 1}


def test_a_subinterface_follows_its_port_and_can_be_down_alone(stick: Bench) -> None:
    def states() -> dict[str, str]:
        return {entry["name"]: entry["status"] for entry in stick.view("show interfaces")["interfaces"]}

    stick.device.carrier(0, False, "peer-absent", stick.now)
    assert states()["FastEthernet0/0.10"] == "down"
    assert [route["network"] for route in stick.view("show ip route")["routes"]] == ["10.1.0.0", "10.1.0.1"]
    stick.device.carrier(0, True, "up", stick.now)
    assert stick.out(), "its addresses are announced"
    stick.configure("interface FastEthernet0/0.10", "shutdown")
    assert (states()["FastEthernet0/0"], states()["FastEthernet0/0.10"]) == ("up", "administratively down")
    assert ask(stick, 10, "10.0.10.9", "10.0.10.1") == []
    assert stick.drops()["port-down"] == 1
    assert ask(stick, None, "10.0.20.9", "10.0.20.1") != []
    stick.configure("interface FastEthernet0/0", "shutdown")
    assert states()["FastEthernet0/0.20"] == "administratively down"


def test_a_subinterface_that_changes_its_vlan_forgets_who_was_there(stick: Bench) -> None:
    ask(stick, 10, "10.0.10.9", "10.0.10.1")
    assert "10.0.10.9" in stick.exec("show arp")
    stick.configure("interface FastEthernet0/0.10", "encapsulation dot1Q 11")
    assert "10.0.10.9" not in stick.exec("show arp")
    assert [ethernet.peek(frame).vid for _, frame in stick.out()] == [11], "its address is announced there"
    assert ask(stick, 10, "10.0.10.9", "10.0.10.1") == []
    assert ask(stick, 11, "10.0.10.9", "10.0.10.1") != []


def test_access_lists_and_proxy_arp_are_a_subinterface_s_own(stick: Bench) -> None:
    ask(stick, 10, "10.0.10.9", "10.0.10.1")
    ((_, frame),) = ask(stick, 10, "10.0.10.9", "10.1.0.2")
    assert ethernet.peek(frame).vid == 10
    stick.configure(
        "access-list 101 deny icmp any any", "interface fa0/0.10", "no ip proxy-arp", "ip access-group 101 in"
    )
    assert ask(stick, 10, "10.0.10.9", "10.1.0.2") == []
    ((_, message),) = messages_of_vlan(stick.send(0, tagged(stick, echo("10.0.10.9", "10.1.0.2"), 10)))
    assert isinstance(message, icmp.Unreachable)
    assert stick.drops() == {"ip-acl-in": 1}


def messages_of_vlan(sent: list[tuple[int, bytes]]) -> list[tuple[int, icmp.Message]]:
    return messages([(port, ethernet.pop_tag(frame)) for port, frame in sent])


def test_an_interface_that_is_gone_has_left_nothing_behind(stick: Bench) -> None:
    ask(stick, 10, "10.0.10.9", "10.0.10.1")
    stick.configure("ip route 172.16.0.0 255.255.0.0 FastEthernet0/0.10", "no interface FastEthernet0/0.10")
    for show in ("show arp", "show ip route", "show running-config", "show interfaces", "show vlans"):
        text = stick.exec(show)
        assert "0/0.10" not in text
        assert "10.0.10." not in text
    assert ask(stick, 10, "10.0.10.9", "10.0.10.1") == []
    # Another one of the same name is another interface: its number was never used before.
    known = set(stick.device.interfaces)
    stick.configure("interface FastEthernet0/0.10", "encapsulation dot1Q 10")
    (made,) = set(stick.device.interfaces) - known
    assert made > max(known)


# Loopbacks ---------------------------------------------------------------------------------------------------------


def test_a_loopback_answers_and_is_the_end_of_what_it_does_not_answer(router: Bench) -> None:
    router.configure("interface loopback 0", "ip address 10.255.0.1 255.255.255.0")
    assert router.out() == [], "there is nobody to announce it to"
    mac = router.device.ports[0].mac
    ((_, reply),) = packets(router.send(0, ip_frame(mac, echo("10.0.0.2", "10.255.0.1"))))
    assert reply.src == ip("10.255.0.1")
    for address in ("10.255.0.9", "10.255.0.255"):
        assert messages(router.send(0, ip_frame(mac, echo("10.0.0.2", address)))) == []
    assert router.drops() == {"ip-loopback": 1, "icmp-unexpected": 1}
    # Our own pings of such an address end there as well.
    assert "0 percent" in router_ping(router, "10.255.0.9")
    assert "100 percent" in router_ping(router, "10.255.0.1")


def router_ping(bench: Bench, target: str) -> str:
    batch = bench.console.batch([f"ping {target} repeat 1 timeout 0"])
    for _ in range(3):
        batch.advance(bench.now)
        bench.now += 1.0
        bench.device.handle_timer(bench.now)
    batch.advance(bench.now)
    assert batch.done
    return batch.output


def test_a_router_answers_arp_for_its_loopback_s_network(router: Bench) -> None:
    router.configure("interface loopback 0", "ip address 10.255.0.1 255.255.255.0")
    message = arp.Arp(arp.REQUEST, PEER_MAC, ip("10.0.0.2"), bytes(6), ip("10.255.0.1"))
    assert router.send(0, arp_frame(message)) == [], "an address of ours on another interface is no proxy ARP's"
    message = arp.Arp(arp.REQUEST, PEER_MAC, ip("10.0.0.2"), bytes(6), ip("10.255.0.9"))
    assert len(router.send(0, arp_frame(message))) == 1


# Addresses ---------------------------------------------------------------------------------------------------------


def test_secondary_addresses(router: Bench) -> None:
    router.configure("interface fa0/0", "ip address 10.7.0.1 255.255.255.0 secondary")
    (announced,) = (arp.parse(frame[14:]) for _, frame in router.out())
    assert announced.sender_ip == announced.target_ip == ip("10.7.0.1")
    mac = router.device.ports[0].mac
    # A question about a neighbour of the secondary network bears the secondary address.
    router.send(1, ip_frame(router.device.ports[1].mac, echo("10.1.0.2", "10.7.0.5")))
    router.send(1, ip_frame(router.device.ports[1].mac, echo("10.1.0.2", "10.0.0.5")))
    asked = [entry["address"] for entry in router.view("show arp")["entries"] if entry["mac"] is None]
    assert asked == ["10.0.0.5", "10.7.0.5"]
    message = arp.Arp(arp.REQUEST, PEER_MAC, ip("10.7.0.5"), bytes(6), ip("10.7.0.1"))
    assert len(router.send(0, arp_frame(message))) == 1
    ((_, reply),) = packets(router.send(0, ip_frame(mac, echo("10.7.0.5", "10.7.0.1"))))
    assert reply.src == ip("10.7.0.1")
    assert router.drops() == {"arp-incomplete": 2}


def test_the_question_about_a_secondary_neighbour_bears_the_secondary_address(router: Bench) -> None:
    router.configure("interface fa0/0", "ip address 10.7.0.1 255.255.255.0 secondary")
    router.out()
    ((_, frame),) = router.send(1, ip_frame(router.device.ports[1].mac, echo("10.1.0.2", "10.7.0.5")))
    assert arp.parse(frame[14:]).sender_ip == ip("10.7.0.1")


def test_the_mac_address_that_was_given_is_the_one_that_is_used(router: Bench) -> None:
    burnt_in, given = router.device.ports[0].mac, parse_mac("0200.1111.2222")
    router.configure("interface fa0/0", "mac-address 0200.1111.2222", "interface fa0/0.7", "encapsulation dot1Q 7")
    ((_, frame), *_) = router.out()
    assert frame[6:12] == given, "the address is announced anew"
    ((_, frame),) = router.send(0, ip_frame(given, echo("10.0.0.2", "10.0.0.1")))
    assert frame[6:12] == given
    assert router.send(0, ip_frame(burnt_in, echo("10.0.0.2", "10.0.0.1"))) == []
    assert router.drops() == {"ethernet-not-for-us": 1}
    assert router.view("show interfaces fa0/0.7")["interfaces"][0]["mac"] == "0200.1111.2222"
    router.configure("interface fa0/0", "no mac-address")
    assert len(packets(router.send(0, ip_frame(burnt_in, echo("10.0.0.2", "10.0.0.1"))))) == 1


# MTU ---------------------------------------------------------------------------------------------------------------


def test_each_interface_cuts_to_its_own_ip_mtu(router: Bench) -> None:
    router.configure("interface fa0/1", "ip mtu 1000")
    mac = router.device.ports[0].mac
    pieces = packets(router.send(0, ip_frame(mac, echo("10.0.0.2", "10.1.0.2", size=1400))))
    assert [len(piece.build()) for _, piece in pieces] == [996, 452]
    packet = echo("10.0.0.2", "10.1.0.2", size=1400, dont_fragment=True)
    ((_, message),) = messages(router.send(0, ip_frame(mac, packet)))
    assert isinstance(message, icmp.Unreachable)
    assert (message.code, message.mtu) == (icmp.FRAGMENTATION_NEEDED, 1000)
    # The other way has its own.
    back = echo("10.1.0.2", "10.0.0.2", size=1400)
    assert len(packets(router.send(1, ip_frame(router.device.ports[1].mac, back)))) == 1


def test_an_mtu_is_that_of_the_subinterfaces_too(stick: Bench) -> None:
    ask(stick, 10, "10.0.10.9", "10.0.10.1")
    stick.configure("interface fa0/0.10", "ip mtu 1200", "interface fa0/0", "mtu 1100")
    assert "ip mtu" not in stick.exec("show running-config interface fa0/0.10"), "it does not fit any more"
    frame = ip_frame(stick.device.ports[1].mac, echo("10.1.0.2", "10.0.10.9", size=1172))
    lengths = [len(ethernet.pop_tag(sent)) - 14 for _, sent in stick.send(1, frame)]
    assert lengths == [1100, 120]
    view = stick.view("show interfaces fa0/0.10")["interfaces"][0]
    assert view["mtu"] == 1100


def test_long_frames_are_taken_where_the_mtu_is_long(router: Bench) -> None:
    mac = router.device.ports[0].mac
    frame = ip_frame(mac, echo("10.0.0.2", "10.0.0.1", size=1550))
    assert router.send(0, frame) == []
    assert router.drops() == {"ethernet-too-long": 1}
    router.configure("interface fa0/0", "mtu 1600")
    ((_, reply),) = packets(router.send(0, frame))
    assert len(reply.payload) == 1558
    # A short MTU is no reason to refuse what others send.
    router.configure("interface fa0/0", "mtu 100")
    assert len(packets(router.send(0, ip_frame(mac, echo("10.0.0.2", "10.0.0.1", size=500))))) == 7


def test_a_tunnel_heeds_the_mtu_of_its_interface() -> None:
    sim = LabSim()
    for router in ("R-A", "R-B"):
        sim.configure(router, "interface fa0/0", "ip mtu 700")
    sim.exec("PC-A", "ping 192.168.2.1")
    sim.trace.clear()
    assert "Received = 2" in sim.exec("PC-A", "ping -n 2 -l 1200 192.168.2.1")
    sealed = [ipv4.parse(frame[14:]) for frame in sim.frames(["R-B"]) if frame[23:24] == bytes((l4.ESP,))]
    assert len(sealed) == 4
    # Cut before it was sealed: the other end has nothing to put together before it can open.
    assert not any(packet.more_fragments or packet.offset for packet in sealed)
    assert max(len(packet.build()) for packet in sealed) <= 700
    assert "path mtu 700, ip mtu 700" in sim.exec("R-A", "show crypto ipsec sa")


def test_a_tunnel_between_subinterfaces() -> None:
    """The maps move to VLAN 7 on the wire between the routers: ESP bears its tag there."""
    sim = LabSim()
    for router, last in (("R-A", "10"), ("R-B", "20")):
        sim.configure(
            router,
            "interface fa0/0",
            "no crypto map",
            "no ip address",
            "interface fa0/0.7",
            "encapsulation dot1Q 7",
            f"ip address 10.0.10.{last} 255.255.255.0",
            "crypto map CMAP",
        )
    sim.exec("PC-A", "ping 192.168.2.1")
    sim.trace.clear()
    assert "Received = 4" in sim.exec("PC-A", "ping 192.168.2.1")
    wire = [frame for frame in sim.frames(["Sniffer1"]) if ethernet.peek(frame).ethertype == ethernet.ETH_IPV4]
    assert {(ethernet.peek(frame).vid, frame[27]) for frame in wire} == {(7, l4.ESP)}
    assert "interface: FastEthernet0/0.7" in sim.exec("R-A", "show crypto ipsec sa")
    assert "FastEthernet0/0.7" in sim.exec("R-A", "show crypto map")
    # Packets of a tunnel whose interface goes find no way, and do no harm.
    sim.configure("R-A", "no interface fa0/0.7")
    assert "Destination host unreachable" in sim.exec("PC-A", "ping -n 1 192.168.2.1")


# ICMP --------------------------------------------------------------------------------------------------------------


def redirects(sent: list[tuple[int, bytes]]) -> list[icmp.Redirect]:
    return [message for _, message in messages(sent) if isinstance(message, icmp.Redirect)]


def test_a_redirect_names_the_neighbour_that_is_the_better_way(router: Bench) -> None:
    router.configure("ip route 172.16.0.0 255.255.0.0 10.0.0.3")
    router.know(0, "10.0.0.3", bytes.fromhex("02aaaaaaaa03"))
    mac = router.device.ports[0].mac
    packet = echo("10.0.0.2", "172.16.0.1")
    sent = router.send(0, ip_frame(mac, packet))
    assert redirects(sent) == [icmp.Redirect(icmp.REDIRECT_HOST, ip("10.0.0.3"), icmp.quote(packet.build()))]
    assert len(sent) == 2, "the packet goes its way all the same"
    # Not twice in a second about the same destination; about another one, yes.
    assert redirects(router.send(0, ip_frame(mac, packet))) == []
    assert len(redirects(router.send(0, ip_frame(mac, echo("10.0.0.2", "172.16.0.2"))))) == 1
    router.now += 1.0
    assert len(redirects(router.send(0, ip_frame(mac, packet)))) == 1


@pytest.mark.parametrize(
    ("source", "destination", "options", "lines"),
    [
        ("10.1.0.2", "172.16.0.1", b"", ()),
        ("10.5.0.2", "172.16.0.1", b"", ("ip route 10.5.0.0 255.255.0.0 10.0.0.2",)),
        ("10.0.0.2", "172.16.0.1", bytes((131, 7, 4)) + bytes(4), ()),
        ("10.0.0.2", "172.16.0.1", b"", ("interface fa0/0", "no ip redirects")),
        ("10.0.0.2", "10.1.0.2", b"", ()),
        ("10.0.0.3", "172.16.0.1", b"", ()),
    ],
    ids=["other-interface", "not-a-neighbour", "source-routed", "turned-off", "no-better-way", "itself"],
)
def test_no_redirect(router: Bench, source: str, destination: str, options: bytes, lines: tuple[str, ...]) -> None:
    router.configure("ip route 172.16.0.0 255.255.0.0 10.0.0.3", *lines)
    router.know(0, "10.0.0.3", bytes.fromhex("02aaaaaaaa03"))
    port = 1 if source == "10.1.0.2" else 0
    packet = echo(source, destination, options=options)
    sent = router.send(port, ip_frame(router.device.ports[port].mac, packet))
    assert len(packets(sent)) == 1
    assert redirects(sent) == []


def test_a_host_follows_a_redirect_of_its_gateway() -> None:
    bench = Bench("pc", "ipconfig 10.0.0.2 255.255.255.0 10.0.0.1\n")
    host = bench.device
    gateway, better, other = (bytes.fromhex(f"02aaaaaaaa{number:02}") for number in (1, 3, 4))
    for address, mac in (("10.0.0.1", gateway), ("10.0.0.3", better), ("10.0.0.4", other)):
        message = arp.Arp(arp.REQUEST, mac, ip(address), bytes(6), ip("10.0.0.2"))
        bench.send(0, arp_frame(message))

    def told(sender: str, mac: bytes, hop: str, quoted: ipv4.Ipv4) -> None:
        message = icmp.Redirect(icmp.REDIRECT_HOST, ip(hop), icmp.quote(quoted.build()))
        packet = ipv4.Ipv4(ip(sender), ip("10.0.0.2"), l4.ICMP, message.build())
        bench.send(0, ip_frame(host.ports[0].mac, packet, mac))

    def next_hop(destination: str) -> bytes:
        ping = bench.console.batch([f"ping -n 1 {destination}"])
        ping.advance(bench.now)
        ((_, frame),) = bench.out()
        ping.close()
        return frame[:6]

    ours = echo("10.0.0.2", "172.16.0.1")
    assert next_hop("172.16.0.1") == gateway
    # Nobody else may say so, nor name one who is no neighbour, nor speak of a packet that we did not send.
    told("10.0.0.4", other, "10.0.0.3", ours)
    told("10.0.0.1", gateway, "10.9.0.3", ours)
    told("10.0.0.1", gateway, "10.0.0.2", ours)
    told("10.0.0.1", gateway, "10.0.0.3", echo("10.0.0.4", "172.16.0.1"))
    assert next_hop("172.16.0.1") == gateway
    assert bench.drops() == {"icmp-unexpected": 4}
    told("10.0.0.1", gateway, "10.0.0.3", ours)
    assert next_hop("172.16.0.1") == better
    assert next_hop("172.16.0.2") == gateway, "a redirect is about one host"
    # From now on it is the better hop that may send us elsewhere.
    told("10.0.0.1", gateway, "10.0.0.4", ours)
    assert next_hop("172.16.0.1") == better
    told("10.0.0.3", better, "10.0.0.4", ours)
    assert next_hop("172.16.0.1") == other
    # Another gateway makes the old one's word void; so does time without use.
    bench.exec("ipconfig 10.0.0.2 255.255.255.0 10.0.0.3")
    assert next_hop("172.16.0.1") == better


def test_the_redirect_cache_is_bounded() -> None:
    bench = Bench("pc", "ipconfig 10.0.0.2 255.0.0.0 10.0.0.1\n")
    mac = bench.device.ports[0].mac
    for number in range(CAPACITY + 50):
        quoted = echo("10.0.0.2", f"172.16.{number >> 8}.{number & 255}").build()
        message = icmp.Redirect(icmp.REDIRECT_HOST, ip("10.0.0.3"), icmp.quote(quoted))
        bench.send(0, ip_frame(mac, ipv4.Ipv4(ip("10.0.0.1"), ip("10.0.0.2"), l4.ICMP, message.build())))
    assert isinstance(bench.device, Host)
    assert len(bench.device.redirects) == CAPACITY


def test_mask_replies_where_they_are_wanted(router: Bench) -> None:
    request = icmp.Other(icmp.MASK_REQUEST, 0, 7 << 16 | 1, bytes(4)).build()
    frame = ip_frame(router.device.ports[0].mac, ipv4.Ipv4(ip("10.0.0.2"), ip("10.0.0.1"), l4.ICMP, request))
    assert router.send(0, frame) == []
    router.configure("interface fa0/0", "ip mask-reply")
    ((_, reply),) = messages(router.send(0, frame))
    assert reply == icmp.Other(icmp.MASK_REPLY, 0, 7 << 16 | 1, bytes((255, 255, 255, 0)))


def test_directed_broadcasts_where_they_are_wanted(router: Bench) -> None:
    frame = ip_frame(router.device.ports[0].mac, echo("10.0.0.2", "10.1.0.255"))
    assert router.send(0, frame) == []
    router.configure("interface fa0/1", "ip directed-broadcast")
    ((port, sent),) = router.send(0, frame)
    assert (port, sent[:6], ipv4.peek(sent[14:]).ttl) == (1, BROADCAST_MAC, 254)
    # What was broadcast on a link is not sent on, nor back where it came from.
    assert router.send(0, ip_frame(BROADCAST_MAC, echo("10.0.0.2", "10.1.0.255"))) == []
    assert router.send(1, ip_frame(router.device.ports[1].mac, echo("10.1.0.2", "10.1.0.255"))) == []


# Settings that are told --------------------------------------------------------------------------------------------


def test_the_load_interval_is_the_span_of_the_rates(router: Bench) -> None:
    router.configure("interface fa0/0", "load-interval 30")

    def rates() -> list[int]:
        view = router.view("show interfaces")["interfaces"]
        return [interface["input"]["bit_rate"] for interface in view[:2]]

    for port in (0, 1):
        router.send(port, *[ip_frame(router.device.ports[port].mac, echo("10.0.0.2", "1.1.1.1"))] * 9)
    router.now += 30.0
    router.device.tick(router.now)
    short, long = rates()
    octets = 9 * 74 * 8
    assert short == pytest.approx(octets / 30 / 2.718, rel=0.05)
    assert long == pytest.approx(octets / 300, rel=0.15)


def test_a_configuration_with_other_interfaces_takes_the_place_of_one(router: Bench) -> None:
    """``configure replace``: what the file names exists while the file is read, though not yet on the device."""
    router.configure("interface loopback 1", "ip address 10.255.1.1 255.255.255.255", "interface fa0/0.5")
    text = router.exec("show running-config")
    text = text[text.index("!") :].replace("Loopback1", "Loopback2")
    text = text.replace("interface FastEthernet0/0.5\n", "interface FastEthernet0/0.6\n encapsulation dot1Q 6\n")
    text = text.replace("!\nend", "ip route 172.16.0.0 255.255.0.0 Loopback2\nend")
    router.device.services.flash.write("new.cfg", text, 0.0)
    assert "Rollback Done" in router.exec("configure replace flash:new.cfg force")
    names = [interface["name"] for interface in router.view("show interfaces")["interfaces"]]
    assert names == ["FastEthernet0/0", "FastEthernet0/0.6", "FastEthernet0/1", "Loopback2"]
    assert "is directly connected, Loopback2" in router.exec("show ip route")
