"""Any bytes on a wire: no exception, and whatever comes to nothing is counted under a name."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.kinds import KINDS
from nodes.wire import arp, cdp, ethernet, icmp, ipv4, l4
from nodes.wire.cdp import Cdp
from tests.device.bench import BROADCAST, PEER_MAC, Bench, arp_frame, echo, ip, ip_frame, tcp, udp
from tests.device.conftest import ROUTER

CONFIGS = {
    "router": ROUTER
    + "access-list 101 permit ip any any log\ninterface fa0/0\n ip access-group 101 in\n"
    + "interface fa0/0.10\n encapsulation dot1Q 10\n ip address 10.2.0.1 255.255.255.0\n ip access-group 101 in\n"
    + "interface fa0/0.20\n encapsulation dot1Q 20\ninterface loopback0\n ip address 10.3.0.1 255.255.255.0\n",
    "switch": "vlan 10\ninterface fa0/1\n switchport mode trunk\ninterface fa0/2\n switchport access vlan 10\n",
    "pc": "ipconfig 10.0.0.1 255.255.255.0 10.0.0.2\n",
    "server": "ipconfig 10.0.0.1 255.255.255.0 10.0.0.2\n",
    "sniffer": "",
    "cloud": "",
}
OWN_MAC = b"\x02\x00\x00\x00\x00\x01"

CDP = Cdp(
    device_id="peer",
    addresses=(ip("10.0.0.2"),),
    port_id="FastEthernet0/9",
    capabilities=0x29,
    software="one\ntwo",
    platform="Cisco 1841",
    vtp_domain="",
    native_vlan=7,
    full_duplex=False,
    management=(ip("10.0.0.2"),),
)

GOOD: Sequence[bytes] = (
    arp_frame(arp.request(PEER_MAC, ip("10.0.0.2"), ip("10.0.0.1"))),
    arp_frame(arp.gratuitous(PEER_MAC, ip("10.0.0.1"))),
    ip_frame(OWN_MAC, echo("10.0.0.2", "10.0.0.1")),
    ip_frame(OWN_MAC, echo("10.0.0.2", "10.1.0.2", options=b"\x07\x07\x04\x00\x00\x00\x00")),
    ip_frame(BROADCAST, echo("10.0.0.2", "255.255.255.255")),
    ip_frame(OWN_MAC, udp("10.0.0.2", "10.0.0.1", 500)),
    ip_frame(OWN_MAC, tcp("10.0.0.2", "10.0.0.1", 23)),
    ip_frame(OWN_MAC, echo("10.0.0.2", "10.0.0.1", offset=8, more_fragments=True)),
    ip_frame(OWN_MAC, echo("10.0.0.2", "10.1.0.2", ttl=1)),
    ip_frame(
        OWN_MAC,
        ipv4.Ipv4(
            ip("10.0.0.2"), ip("10.0.0.1"), l4.ICMP, icmp.Unreachable(1, echo("10.0.0.1", "1.2.3.4").build()).build()
        ),
    ),
    CDP.frame(PEER_MAC),
    Cdp(device_id="old", version=1, port_id="Ethernet0").frame(PEER_MAC),
    ethernet.Frame(cdp.GROUP, PEER_MAC, 12, bytes.fromhex("aaaa0300000c200301010000")).build(),  # VTP
    ethernet.push_tag(arp_frame(arp.request(PEER_MAC, ip("10.0.0.2"), ip("10.0.0.1"))), 10),
    ethernet.push_tag(ip_frame(OWN_MAC, echo("10.2.0.2", "10.2.0.1")), 10),
    ethernet.push_tag(ip_frame(OWN_MAC, echo("10.2.0.2", "10.3.0.9")), 20),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A good frame with a few octets changed, cut out or put in."""
    frame = bytearray(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(len(frame) - 1, 0)))
        match draw(st.sampled_from(("set", "cut", "insert", "truncate"))):
            case "set" if frame:
                frame[at] = draw(st.integers(0, 255))
            case "cut":
                del frame[at : at + draw(st.integers(1, 8))]
            case "insert":
                frame[at:at] = draw(st.binary(max_size=8))
            case _:
                del frame[at:]
    return with_checksum(bytes(frame)) if draw(st.booleans()) else bytes(frame)


def with_checksum(frame: bytes) -> bytes:
    """A CDP packet that is damaged and fits its length and its checksum is looked into."""
    if frame[14:22] != cdp.SNAP or len(frame) < 26:
        return frame
    packet = frame[22:24] + b"\0\0" + frame[26:]
    packet = packet[:2] + cdp.checksum(packet).to_bytes(2, "big") + packet[4:]
    return frame[:12] + (len(packet) + 8).to_bytes(2, "big") + cdp.SNAP + packet


FRAMES = st.lists(st.binary(max_size=100) | mutated(), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def benches() -> dict[str, Bench]:
    """One device of each kind, which all examples share: state that builds up is part of the attack."""
    assert set(CONFIGS) == set(KINDS)
    found = {kind: Bench(kind, config) for kind, config in CONFIGS.items()}
    assert not [bench.refusals for bench in found.values() if bench.refusals]
    return found


@pytest.mark.parametrize("kind", sorted(CONFIGS))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frames=FRAMES, wait=st.sampled_from((0.0, 0.1, 5.0, 40.0)))
def test_no_bytes_raise(kind: str, benches: dict[str, Bench], frames: list[bytes], wait: float) -> None:
    bench = benches[kind]
    for port in range(min(len(bench.device.ports), 2)):
        bench.send(port, *frames)
    bench.now += wait
    bench.device.handle_timer(bench.now)
    bench.out()
    bench.view("show drops")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=st.binary(max_size=100) | mutated())
def test_a_switch_forwards_each_frame_or_counts_it(benches: dict[str, Bench], frame: bytes) -> None:
    bench = benches["switch"]
    before = bench.device.drops.total
    sent = bench.send(0, frame)
    dropped = bench.device.drops.total - before
    assert bool(sent) + dropped == 1 or (is_cdp(frame) and not sent and not dropped)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=st.binary(max_size=100) | mutated())
def test_a_sniffer_passes_each_frame_on_unchanged(benches: dict[str, Bench], frame: bytes) -> None:
    assert benches["sniffer"].send(0, frame) == [(1, frame)]


@pytest.mark.parametrize("kind", ["router", "pc"])
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=st.binary(max_size=100) | mutated())
def test_a_station_uses_each_frame_or_counts_it(kind: str, benches: dict[str, Bench], frame: bytes) -> None:
    """Answered or forwarded (something is sent), kept (a fragment), learnt from (ARP), or counted."""
    bench = benches[kind]
    before = bench.device.drops.total
    sent = bench.send(0, frame)
    if not sent and bench.device.drops.total == before:
        assert is_arp(frame) or is_fragment(frame) or is_cdp(frame)


def is_arp(frame: bytes) -> bool:
    """Can it be read as ARP? Its sender is then noted or ignored, which is no loss."""
    frame = ethernet.pop_tag(frame)
    return frame[12:14] == b"\x08\x06" and len(frame) >= 14 + arp.LENGTH


def is_cdp(frame: bytes) -> bool:
    """Can it be read as CDP? It is then kept, or takes back what was."""
    try:
        packet = cdp.packet_of(frame)
        return packet is not None and cdp.parse(packet) is not None
    except WireError:
        return False


def is_fragment(frame: bytes) -> bool:
    frame = ethernet.pop_tag(frame)
    return frame[12:14] == b"\x08\x00" and ipv4.peek(frame[14:]).is_fragment


def test_a_flood_of_neighbours_is_bounded() -> None:
    bench = Bench("router", ROUTER)
    mac = bench.device.ports[0].mac
    for number in range(6000):
        sender = ip("10.0.0.0") + number % 250 + 2
        source = number.to_bytes(6, "big")[:5] + b"\x02"
        bench.send(0, arp_frame(arp.Arp(arp.REQUEST, b"\x02" + source[1:], sender, bytes(6), ip("10.0.0.1"))))
        bench.send(0, ip_frame(mac, echo("10.0.0.2", "10.1.0.77", ident=number, more_fragments=True, size=8 * 4)))
    assert len(bench.router.arp) <= 4096
    # Fragments of other hosts are forwarded, not kept.
    assert bench.router.delivery.next_deadline() is None


def test_fragments_for_ourselves_are_bounded() -> None:
    bench = Bench("router", ROUTER)
    mac = bench.device.ports[0].mac
    for number in range(1000):
        bench.send(0, ip_frame(mac, echo("10.0.0.2", "10.0.0.1", ident=number, more_fragments=True, size=32)))
    assert bench.drops()["ip-reassembly-full"] == 1000 - 64
