"""UDP, TCP headers, names of protocols and ports."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import l4, names
from nodes.wire.l4 import ChecksumError, Tcp, Udp

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)
UDPS = st.builds(Udp, U16, U16, st.binary(max_size=80))
TCPS = st.builds(
    Tcp,
    U16,
    U16,
    U32,
    U32,
    st.integers(0, 255),
    U16,
    U16,
    st.sampled_from([b"", bytes.fromhex("020405b4"), bytes(40)]),
    st.binary(max_size=80),
)
A, B = 0x0A000A0A, 0x0A000A14
# NO_PROPOSAL_CHOSEN of a strongSwan daemon, UDP checksum by the Linux kernel; 10.0.10.20 -> 10.0.10.10.
KERNEL_UDP = bytes.fromhex(
    "01f401f4004050c4"
    "a76062ee55453e39648291ec2e63f06b0b100500a0146af500000038"
    "0000001c000000010110000ea76062ee55453e39648291ec2e63f06b"
)


@given(UDPS, U32, U32, st.binary(max_size=20))
def test_udp_round_trip_with_padding(datagram: Udp, src: int, dst: int, padding: bytes) -> None:
    octets = datagram.build(src, dst)
    assert l4.parse_udp(octets + padding, src, dst) == datagram
    assert octets[6:8] != b"\0\0"


@given(TCPS, U32, U32)
def test_tcp_round_trip(segment: Tcp, src: int, dst: int) -> None:
    assert l4.parse_tcp(segment.build(src, dst), src, dst) == segment


def test_pinned_udp() -> None:
    datagram = l4.parse_udp(KERNEL_UDP, B, A)
    assert datagram == Udp(500, 500, KERNEL_UDP[8:])
    assert datagram.build(B, A) == KERNEL_UDP


@given(UDPS, U32, U32)
def test_udp_without_checksum(datagram: Udp, src: int, dst: int) -> None:
    octets = datagram.build(src, dst)
    assert l4.parse_udp(octets[:6] + b"\0\0" + octets[8:], src, dst) == datagram


def test_a_udp_sum_of_zero_is_sent_as_ones() -> None:
    """RFC 768. The payload's word makes the sum come out as 0xFFFF, its complement as 0."""
    blank = Udp(1, 2, b"\0\0").build(A, B)
    octets = Udp(1, 2, blank[6:8]).build(A, B)
    assert octets[6:8] == b"\xff\xff"
    assert l4.parse_udp(octets, A, B) == Udp(1, 2, blank[6:8])


@given(UDPS | TCPS, st.data())
def test_a_flipped_bit_is_noticed(segment: Udp | Tcp, data: st.DataObject) -> None:
    octets = bytearray(segment.build(A, B))
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit >> 3] ^= 0x80 >> (bit & 7)
    if isinstance(segment, Udp):
        # Another length is another sum, which may by chance be right; and a checksum of zero is none.
        assume(not 32 <= bit < 48 and octets[6:8] != b"\0\0")
    parse = l4.parse_udp if isinstance(segment, Udp) else l4.parse_tcp
    with pytest.raises(WireError):
        parse(bytes(octets), A, B)


@given(UDPS | TCPS)
def test_a_wrong_address_fails_the_checksum(segment: Udp | Tcp) -> None:
    parse = l4.parse_udp if isinstance(segment, Udp) else l4.parse_tcp
    with pytest.raises(ChecksumError):
        parse(segment.build(A, B), A, B ^ 1)


@given(UDPS | TCPS)
def test_every_truncation_is_refused(segment: Udp | Tcp) -> None:
    octets = segment.build(A, B)
    parse = l4.parse_udp if isinstance(segment, Udp) else l4.parse_tcp
    for length in range(8 if isinstance(segment, Udp) else 20):
        with pytest.raises(WireError):
            parse(octets[:length], A, B)
    if isinstance(segment, Udp) and segment.payload:
        with pytest.raises(WireError, match="UDP length"):
            parse(octets[:-1], A, B)


@given(st.binary(max_size=60), U32, U32)
def test_arbitrary_bytes(data: bytes, src: int, dst: int) -> None:
    for parse in (l4.parse_udp, l4.parse_tcp):
        with contextlib.suppress(WireError):
            parse(data, src, dst)


@given(UDPS | TCPS)
def test_ports(segment: Udp | Tcp) -> None:
    assert l4.ports(segment.build(A, B)[:4]) == (segment.src_port, segment.dst_port)


def test_no_ports() -> None:
    with pytest.raises(WireError):
        l4.ports(b"\0\1\0")


def test_impossible_values() -> None:
    with pytest.raises(ValueError, match="no UDP datagram"):
        Udp(1, 2, bytes(65528)).build(A, B)
    with pytest.raises(ValueError, match="no TCP header"):
        Tcp(1, 2, 0, 0, 0, 0, options=bytes(44)).build(A, B)


@pytest.mark.parametrize(("proto", "table"), [(l4.TCP, names.TCP_PORTS), (l4.UDP, names.UDP_PORTS)])
def test_port_names_work_in_both_directions(proto: int, table: Mapping[str, int]) -> None:
    assert len(table) > 20
    assert len(set(table.values())) == len(table)
    for name, port in table.items():
        assert names.port_number(proto, name) == port
        assert names.port_name(proto, port) == name


@pytest.mark.parametrize(
    ("proto", "name", "port"),
    [
        (l4.TCP, "www", 80),
        (l4.TCP, "domain", 53),
        (l4.TCP, "telnet", 23),
        (l4.TCP, "ftp", 21),
        (l4.TCP, "smtp", 25),
        (l4.UDP, "isakmp", 500),
        (l4.UDP, "non500-isakmp", 4500),
        (l4.UDP, "bootps", 67),
        (l4.UDP, "tftp", 69),
        (l4.UDP, "ntp", 123),
        (l4.UDP, "snmp", 161),
        (l4.UDP, "syslog", 514),
    ],
)
def test_pinned_port_names(proto: int, name: str, port: int) -> None:
    assert names.port_number(proto, name) == port


def test_ssh_is_read_but_written_as_a_number() -> None:
    assert names.port_number(l4.TCP, "ssh") == 22
    assert names.port_name(l4.TCP, 22) is None
    assert names.port_number(l4.UDP, "www") is None


def test_protocol_names() -> None:
    assert names.protocol_number("esp") == 50
    assert names.protocol_name(17) == "udp"
    assert names.protocol_number("ip") is None
    assert all(names.protocol_name(number) == name for name, number in names.PROTOCOLS.items())
