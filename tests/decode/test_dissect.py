"""Dissection: what a student reads, and that no bytes make it raise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.decode.dissect import Summary, dissect, summary
from nodes.decode.layers import NAMES, Layer
from nodes.wire import icmp, l4
from nodes.wire.ethernet import ETH_IPV4, Frame, push_tag
from nodes.wire.ipv4 import Ipv4

Frames = dict[str, bytes]

#: name -> (source, destination, protocol, info)
SUMMARIES = {
    "arp-request": ("8e:79:8b:59:e7:23", "Broadcast", "ARP", "Who has 10.0.10.20? Tell 10.0.10.10"),
    "arp-reply": ("ae:d6:9f:c7:44:d1", "8e:79:8b:59:e7:23", "ARP", "10.0.10.20 is at ae:d6:9f:c7:44:d1"),
    "gratuitous-arp": ("02:00:00:00:00:01", "Broadcast", "ARP", "Gratuitous ARP for 192.168.1.1 (request)"),
    "main-mode-1": ("10.0.10.10", "10.0.10.20", "ISAKMP", "Identity Protection (Main Mode)"),
    "informational": ("10.0.10.20", "10.0.10.10", "ISAKMP", "Informational, NO-PROPOSAL-CHOSEN"),
    "quick-mode-1": ("10.0.10.10", "10.0.10.20", "ISAKMP", "Quick Mode, encrypted"),
    "esp": ("10.0.10.10", "10.0.10.20", "ESP", "SPI=0x3c720c5d seq=1"),
    "echo-request": ("192.168.1.1", "192.168.2.1", "ICMP", "Echo (ping) request id=0x0001 seq=1 ttl=128"),
    "echo-reply": ("192.168.2.1", "192.168.1.1", "ICMP", "Echo (ping) reply id=0x0001 seq=1 ttl=128"),
    "tagged-echo": ("192.168.1.1", "192.168.2.1", "ICMP", "Echo (ping) request id=0x0001 seq=1 ttl=128"),
    "echo-wrong-checksum": (
        "192.168.1.1",
        "192.168.2.1",
        "ICMP",
        "Echo (ping) request id=0x0001 seq=1 ttl=128 [wrong checksum]",
    ),
    "time-exceeded": ("192.168.1.254", "192.168.1.1", "ICMP", "Time to live exceeded (in transit)"),
    "port-unreachable": ("192.168.2.1", "192.168.1.1", "ICMP", "Destination unreachable (port unreachable)"),
    "too-big": (
        "192.168.1.254",
        "192.168.1.1",
        "ICMP",
        "Destination unreachable (fragmentation needed) next-hop MTU 1400",
    ),
    "redirect": ("192.168.1.254", "192.168.1.1", "ICMP", "Redirect (for the host) to 192.168.1.254"),
    "fragment-0": ("192.168.1.1", "192.168.2.1", "ICMP", "Echo (ping) request id=0x0001 seq=1 ttl=128"),
    "fragment-1": ("192.168.1.1", "192.168.2.1", "ICMP", "fragment at 1480 of id=0x0009, 1480 octets"),
    "fragment-2": ("192.168.1.1", "192.168.2.1", "ICMP", "fragment at 2960 of id=0x0009, 48 octets"),
    "udp": ("192.168.1.1", "192.168.2.1", "UDP", "5353 -> 53 Len=5"),
    "tcp": ("192.168.1.1", "192.168.2.1", "TCP", "1024 -> 23 [SYN, ACK] Seq=1 Ack=2 Win=4096 Len=2"),
    "ospf": ("192.168.1.1", "192.168.2.1", "IPv4", "192.168.1.1 -> 192.168.2.1, OSPF (89), ttl 128"),
    "bpdu": ("02:00:00:00:00:01", "01:80:c2:00:00:00", "LLC", "for spanning tree, 35 octets"),
    "snap": (
        "02:00:00:00:00:01",
        "02:00:00:00:00:02",
        "LLC",
        "for SNAP, protocol 0x0001 of 0xaabbcc, 10 octets",
    ),
    "cdp": (
        "02:00:00:00:00:01",
        "01:00:0c:cc:cc:cc",
        "CDP",
        "Device ID: SW-1, Port ID: FastEthernet0/1, ttl 180",
    ),
    "cdp-router": (
        "02:00:00:00:00:01",
        "01:00:0c:cc:cc:cc",
        "CDP",
        "Device ID: R-A, Port ID: FastEthernet0/1, ttl 180",
    ),
    "cdp-v1": ("02:00:00:00:00:01", "01:00:0c:cc:cc:cc", "CDP", "Device ID: old, Port ID: Ethernet0, ttl 180"),
    "cdp-goodbye": ("02:00:00:00:00:01", "01:00:0c:cc:cc:cc", "CDP", "Device ID: R-A, Port ID: FastEthernet0/0, ttl 0"),
    "ipv6": (
        "02:00:00:00:00:01",
        "02:00:00:00:00:02",
        "Ethernet",
        "02:00:00:00:00:01 -> 02:00:00:00:00:02, type IPv6 (0x86dd)",
    ),
}


def keys(frame: bytes) -> list[str]:
    return [layer.key for layer in dissect(frame)]


def value(layer: Layer, name: str) -> str:
    [found] = [field.value for field in layer.fields if field.name == name]
    return found


def test_every_sample_has_a_pinned_summary(frames: Frames) -> None:
    assert set(SUMMARIES) == set(frames)


@pytest.mark.parametrize("name", SUMMARIES)
def test_summary(frames: Frames, name: str) -> None:
    assert summary(frames[name]) == Summary(*SUMMARIES[name])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("arp-request", "ethernet arp"),
        ("echo-request", "ethernet ip icmp"),
        ("tagged-echo", "ethernet vlan ip icmp"),
        ("time-exceeded", "ethernet ip icmp ip udp"),
        ("too-big", "ethernet ip icmp ip tcp"),
        ("udp", "ethernet ip udp data"),
        ("tcp", "ethernet ip tcp data"),
        ("ospf", "ethernet ip data"),
        ("main-mode-1", "ethernet ip udp isakmp"),
        ("esp", "ethernet ip esp"),
        ("bpdu", "ethernet llc data"),
        ("snap", "ethernet llc data"),
        ("cdp", "ethernet llc cdp"),
        ("ipv6", "ethernet data"),
        ("fragment-1", "ethernet ip icmp"),
    ],
)
def test_layers(frames: Frames, name: str, expected: str) -> None:
    assert keys(frames[name]) == expected.split()


def test_fields_of_a_ping(frames: Frames) -> None:
    _, _, ip, echo = dissect(frames["tagged-echo"])
    assert value(ip, "Header checksum").endswith("(correct)")
    assert value(ip, "Total length") == "60 octets"
    assert value(ip, "Protocol") == "ICMP (1)"
    assert value(echo, "Checksum") == "0x4d5a (correct)"
    assert value(echo, "Data") == "32 octets"
    assert value(echo, "0000").endswith("abcdefghijklmnop")


def test_fields_of_isakmp(frames: Frames) -> None:
    isakmp = dissect(frames["quick-mode-1"])[-1]
    assert value(isakmp, "Initiator cookie") == "c84531ec7caf4602"
    assert value(isakmp, "Next payload") == "hash (8)"
    assert value(isakmp, "Exchange type") == "Quick Mode (32)"
    assert value(isakmp, "Flags") == "0x01 (encrypted)"
    assert value(isakmp, "Message ID") == "0xd02b0435"
    assert value(isakmp, "Length") == "188 octets"
    assert value(isakmp, "Encrypted payloads") == "160 octets"


def test_fields_of_cdp(frames: Frames) -> None:
    _, llc, cdp = dissect(frames["cdp"])
    assert value(llc, "Organization") == "0x00000c (Cisco)"
    assert value(llc, "Protocol ID") == "0x2000 (CDP)"
    assert value(cdp, "Version") == "2"
    assert value(cdp, "Time to live") == "180 seconds"
    assert value(cdp, "Checksum").endswith("(correct)")
    assert [(field.name, field.value) for field in cdp.fields[3:]] == [
        ("Device ID", "SW-1"),
        ("Addresses", "1"),
        ("IP address", "192.168.1.254"),
        ("Port ID", "FastEthernet0/1"),
        ("Capabilities", "0x00000028 (Switch, IGMP)"),
        ("Software", "Cisco Internetwork Operating System Software "),
        ("more", "IOS (tm) C2950 Software"),
        ("Platform", "cisco WS-C2950-24"),
        ("VTP management domain", "''"),
        ("Native VLAN", "1"),
        ("Duplex", "full"),
        ("Management addresses", "1"),
        ("IP address", "192.168.1.254"),
        ("Element 0x0012", "00"),
    ]


def test_a_cdp_element_that_is_cut(frames: Frames) -> None:
    octets = bytearray(frames["cdp-v1"])
    octets[29] = 200  # the length of the device ID
    *_, cdp, broken = dissect(bytes(octets))
    assert (cdp.key, broken.key) == ("cdp", "malformed")
    assert broken.summary.startswith("element 0x0001 has a length of 200")
    assert value(cdp, "Checksum").startswith("0x")
    assert "wrong" in value(cdp, "Checksum")


def test_a_wrong_checksum_is_shown_with_the_right_one(frames: Frames) -> None:
    echo = dissect(frames["echo-wrong-checksum"])[-1]
    assert value(echo, "Checksum") == "0x0000 (wrong: 0x4d5a expected)"


def test_the_quoted_packet_is_marked_and_not_called_malformed(frames: Frames) -> None:
    layers = dissect(frames["too-big"])
    assert [layer.quoted for layer in layers] == [False, False, False, True, True]
    assert value(layers[3], "Source") == "192.168.1.1"
    assert layers[4].summary == "1024 -> 23 Seq=1"
    assert "not checked" in value(dissect(frames["time-exceeded"])[-1], "Checksum")


def test_quotations_do_not_nest() -> None:
    """An error about an error must not be (RFC 1122 §3.2.2); a hostile frame could hold hundreds, each in the next."""
    message = icmp.TimeExceeded(0, b"").build()
    for _ in range(300):
        message = icmp.TimeExceeded(0, Ipv4(1, 2, l4.ICMP, message).build()).build()
    frame = Frame(bytes(6), bytes(6), ETH_IPV4, Ipv4(1, 2, l4.ICMP, message).build()).build()
    assert keys(frame) == ["ethernet", "ip", "icmp", "ip", "icmp"]


def test_a_first_fragment_is_not_blamed_for_what_is_not_here(frames: Frames) -> None:
    assert "not checked" in value(dissect(frames["fragment-0"])[-1], "Checksum")


def test_third_tag_is_data(frames: Frames) -> None:
    once = frames["tagged-echo"]
    assert keys(push_tag(once, 100)) == ["ethernet", "vlan", "vlan", "ip", "icmp"]
    assert keys(push_tag(push_tag(once, 100), 200)) == ["ethernet", "vlan", "vlan", "data"]


@pytest.mark.parametrize(
    ("name", "length", "expected", "reason"),
    [
        ("arp-request", 0, "ethernet malformed", "14 octets"),
        ("arp-request", 13, "ethernet malformed", "14 octets"),
        ("arp-request", 30, "ethernet arp malformed", "28 octets"),
        ("tagged-echo", 16, "ethernet vlan malformed", "802.1Q"),
        ("echo-request", 33, "ethernet ip malformed", "20 octets"),
        ("echo-request", 60, "ethernet ip malformed", "total length of 60"),
        ("bpdu", 30, "ethernet malformed", "802.3 length 38"),
        ("cdp", 60, "ethernet malformed", "802.3 length"),
    ],
)
def test_truncated(frames: Frames, name: str, length: int, expected: str, reason: str) -> None:
    layers = dissect(frames[name][:length])
    assert [layer.key for layer in layers] == expected.split()
    assert layers[-1].name == "Malformed"
    assert reason in layers[-1].summary
    assert reason in summary(frames[name][:length]).info


@given(st.binary(max_size=120))
def test_arbitrary_bytes(data: bytes) -> None:
    check(data)


@settings(max_examples=300)
@given(st.data())
def test_damaged_frames(frames: Frames, data: st.DataObject) -> None:
    octets = bytearray(frames[data.draw(st.sampled_from(sorted(frames)))])
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, min(len(octets), 80) - 1))] = data.draw(st.integers(0, 255))
    check(bytes(octets[: data.draw(st.integers(0, len(octets)))]))


def test_every_truncation(frames: Frames) -> None:
    for frame in frames.values():
        for length in range(min(len(frame), 120)):
            check(frame[:length])


def check(frame: bytes) -> None:
    layers = dissect(frame)
    assert layers[0].key == "ethernet"
    for layer in layers:
        assert layer.name == NAMES[layer.key]
        assert layer.summary
        assert layer.summary.isascii()
        assert layer.summary.isprintable()
        assert all(field.name.isprintable() and field.value.isprintable() for field in layer.fields)
    line = summary(frame)
    assert line.protocol in NAMES.values()
    assert line.info.isprintable()
