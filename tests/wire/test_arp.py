"""ARP, with packets that a Linux kernel sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.addr import ZERO_MAC, parse_ipv4, parse_mac
from nodes.base.errors import WireError
from nodes.wire import arp
from nodes.wire.arp import Arp

MACS = st.binary(min_size=6, max_size=6)
IPS = st.integers(0, 2**32 - 1)
PACKETS = st.builds(Arp, st.integers(0, 0xFFFF), MACS, IPS, MACS, IPS)

MAC_A, MAC_B = parse_mac("8e79.8b59.e723"), parse_mac("aed6.9fc7.44d1")
IP_A, IP_B = parse_ipv4("10.0.10.10"), parse_ipv4("10.0.10.20")
# Captured between two Linux hosts, without the Ethernet header.
KERNEL_REQUEST = bytes.fromhex("00010800060400018e798b59e7230a000a0a0000000000000a000a14")
KERNEL_REPLY = bytes.fromhex("0001080006040002aed69fc744d10a000a148e798b59e7230a000a0a")


@given(PACKETS, st.binary(max_size=18))
def test_round_trip_with_padding(packet: Arp, padding: bytes) -> None:
    assert len(packet.build()) == arp.LENGTH
    assert arp.parse(packet.build() + padding) == packet


def test_pinned() -> None:
    asked = arp.request(MAC_A, IP_A, IP_B)
    assert asked.build() == KERNEL_REQUEST
    assert arp.parse(KERNEL_REQUEST) == asked
    assert arp.reply(asked, MAC_B).build() == KERNEL_REPLY
    assert arp.parse(KERNEL_REPLY) == Arp(arp.REPLY, MAC_B, IP_B, MAC_A, IP_A)


def test_gratuitous() -> None:
    assert arp.gratuitous(MAC_A, IP_A) == Arp(arp.REQUEST, MAC_A, IP_A, ZERO_MAC, IP_A)


@given(PACKETS)
def test_every_truncation_is_refused(packet: Arp) -> None:
    for length in range(arp.LENGTH):
        with pytest.raises(WireError):
            arp.parse(packet.build()[:length])


@given(st.binary(max_size=60))
def test_arbitrary_bytes(data: bytes) -> None:
    try:
        packet = arp.parse(data)
    except WireError:
        return
    assert data.startswith(packet.build())


@pytest.mark.parametrize("at", range(6))
def test_other_hardware_or_protocol(at: int) -> None:
    octets = bytearray(KERNEL_REQUEST)
    octets[at] ^= 1
    with pytest.raises(WireError, match="not ARP for IPv4 on Ethernet"):
        arp.parse(bytes(octets))


def test_impossible_values() -> None:
    with pytest.raises(ValueError, match="six octets"):
        Arp(1, b"", 0, ZERO_MAC, 0).build()
    with pytest.raises(ValueError, match="no ARP packet"):
        Arp(1, ZERO_MAC, 2**32, ZERO_MAC, 0).build()
