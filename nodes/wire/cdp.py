"""The Cisco Discovery Protocol, versions 1 and 2, in an 802.3 frame behind a SNAP header.

There is no standard; the format is that of Cisco's "LAN switching" notes and of what boxes send.

::

    destination 01:00:0c:cc:cc:cc, length, LLC aa aa 03, SNAP 00 00 0c 20 00, then:

     0         1         2                   4
     +---------+---------+-------------------+------------------------------+
     | version |  TTL    |     checksum      |  type-length-value elements  |
     +---------+---------+-------------------+------------------------------+

    an element:   type (2)   length (2), these four octets included   value

    addresses:    count (4), and for each:
                  protocol type (1)  length (1)  protocol   length (2)  address
                  IPv4 is            01          01 cc      0004

TTL is how many seconds the receiver keeps what it read; 0 takes it back. The elements may come in any order, and
unknown ones are kept as they are. Text is in octets: one character each, whatever the octet.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

from nodes.base.errors import WireError
from nodes.wire import checksum as internet
from nodes.wire import ethernet
from nodes.wire.checksum import ChecksumError

#: Where CDP goes, as do Cisco's VTP, DTP, PAgP and UDLD.
GROUP: Final = bytes.fromhex("01000ccccccc")
#: LLC and SNAP of a CDP packet.
SNAP: Final = bytes.fromhex("aaaa0300000c2000")
VERSIONS: Final = (1, 2)
TTL_MAX: Final = 255

_HEADER = struct.Struct("!BBH")
_ELEMENT = struct.Struct("!HH")
_SPACE: Final = 1500 - len(SNAP)
_IPV4: Final = b"\x01\x01\xcc\x00\x04"


class Element(IntEnum):
    """The elements that are read here."""

    DEVICE_ID = 0x0001
    ADDRESSES = 0x0002
    PORT_ID = 0x0003
    CAPABILITIES = 0x0004
    SOFTWARE = 0x0005
    PLATFORM = 0x0006
    HELLO = 0x0008
    VTP_DOMAIN = 0x0009
    NATIVE_VLAN = 0x000A
    DUPLEX = 0x000B
    MANAGEMENT = 0x0016


class Capability(IntFlag):
    """What a box is, a bit each."""

    ROUTER = 0x001
    TRANS_BRIDGE = 0x002
    SOURCE_ROUTE_BRIDGE = 0x004
    SWITCH = 0x008
    HOST = 0x010
    IGMP = 0x020
    REPEATER = 0x040
    PHONE = 0x080
    REMOTE = 0x100
    CVTA = 0x200
    MAC_RELAY = 0x400


class HeaderError(WireError):
    """Not a CDP packet of a version that is known."""


class Raw(NamedTuple):
    """An element as it stands in a packet."""

    type: int
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdp:
    """A packet. What is None is not in it; "" and () are not sent either, and are what a packet without them reads as.

    ``addresses`` and ``management`` are the IPv4 ones among those that are there.
    """

    device_id: str
    version: int = 2
    ttl: int = 180
    addresses: tuple[int, ...] = ()
    port_id: str = ""
    capabilities: int | None = None
    software: str = ""
    platform: str = ""
    vtp_domain: str | None = None
    native_vlan: int | None = None
    full_duplex: bool | None = None
    management: tuple[int, ...] | None = None
    others: tuple[Raw, ...] = ()

    def build(self) -> bytes:
        """The packet behind its SNAP header, in the order of a Catalyst."""
        try:
            body = b"".join(_ELEMENT.pack(kind, len(value) + 4) + value for kind, value in self._elements())
            head = _HEADER.pack(self.version, self.ttl, 0)
            packet = _HEADER.pack(self.version, self.ttl, checksum(head + body)) + body
        except (struct.error, UnicodeEncodeError, OverflowError) as error:
            raise ValueError(f"no CDP packet can hold {self}: {error}") from None
        if len(packet) > _SPACE:
            raise ValueError(f"a CDP packet has at most {_SPACE} octets, not {len(packet)}")
        return packet

    def frame(self, source: bytes) -> bytes:
        """The packet in a frame from the MAC address ``source``."""
        payload = SNAP + self.build()
        return ethernet.Frame(GROUP, source, len(payload), payload).build()

    def _elements(self) -> Iterator[Raw]:
        yield Raw(Element.DEVICE_ID, self.device_id.encode("latin-1"))
        if self.addresses:
            yield Raw(Element.ADDRESSES, _build_addresses(self.addresses))
        if self.port_id:
            yield Raw(Element.PORT_ID, self.port_id.encode("latin-1"))
        if self.capabilities is not None:
            yield Raw(Element.CAPABILITIES, self.capabilities.to_bytes(4, "big"))
        for kind, text in ((Element.SOFTWARE, self.software), (Element.PLATFORM, self.platform)):
            if text:
                yield Raw(kind, text.encode("latin-1"))
        if self.vtp_domain is not None:
            yield Raw(Element.VTP_DOMAIN, self.vtp_domain.encode("latin-1"))
        if self.native_vlan is not None:
            yield Raw(Element.NATIVE_VLAN, self.native_vlan.to_bytes(2, "big"))
        if self.full_duplex is not None:
            yield Raw(Element.DUPLEX, bytes((self.full_duplex,)))
        if self.management is not None:
            yield Raw(Element.MANAGEMENT, _build_addresses(self.management))
        yield from self.others


def packet_of(frame: bytes) -> bytes | None:
    """The CDP packet in a frame; None when it is a frame of something else. Raises WireError for a broken frame."""
    header = ethernet.peek(frame)
    if header.dst != GROUP or frame[header.length : header.length + len(SNAP)] != SNAP:
        return None
    if header.ethertype >= ethernet.ETH_TYPE_MIN:
        return None
    return ethernet.parse(frame).payload[len(SNAP) :]


def parse(packet: bytes) -> Cdp:
    """Raises HeaderError, ChecksumError, or another WireError for what the elements hold."""
    version, ttl = parse_header(packet)
    if checksum(packet):
        raise ChecksumError(f"the checksum is wrong: {checksum(packet):#06x} over the packet")
    texts: dict[int, str] = {}
    addresses: tuple[int, ...] = ()
    capabilities = native_vlan = full_duplex = management = None
    others = []
    for raw in elements(packet):
        match raw.type:
            case Element.DEVICE_ID | Element.PORT_ID | Element.SOFTWARE | Element.PLATFORM | Element.VTP_DOMAIN:
                texts[raw.type] = raw.value.decode("latin-1")
            case Element.ADDRESSES:
                addresses = parse_addresses(raw.value)
            case Element.CAPABILITIES:
                capabilities = _number(raw, 4)
            case Element.NATIVE_VLAN:
                native_vlan = _number(raw, 2)
            case Element.DUPLEX:
                full_duplex = bool(_number(raw, 1))
            case Element.MANAGEMENT:
                management = parse_addresses(raw.value)
            case _:
                others.append(raw)
    if Element.DEVICE_ID not in texts:
        raise WireError("a CDP packet that does not say from whom it is")
    return Cdp(
        device_id=texts[Element.DEVICE_ID],
        version=version,
        ttl=ttl,
        addresses=addresses,
        port_id=texts.get(Element.PORT_ID, ""),
        capabilities=capabilities,
        software=texts.get(Element.SOFTWARE, ""),
        platform=texts.get(Element.PLATFORM, ""),
        vtp_domain=texts.get(Element.VTP_DOMAIN),
        native_vlan=native_vlan,
        full_duplex=full_duplex,
        management=management,
        others=tuple(others),
    )


def parse_header(packet: bytes) -> tuple[int, int]:
    """Version and TTL. Raises HeaderError."""
    if len(packet) < _HEADER.size:
        raise HeaderError(f"a CDP header has {_HEADER.size} octets, only {len(packet)} are there")
    version, ttl, _ = _HEADER.unpack_from(packet)
    if version not in VERSIONS:
        raise HeaderError(f"CDP of version {version}")
    return version, ttl


def elements(packet: bytes) -> Iterator[Raw]:
    """The elements in their order. Raises WireError at one that the packet's end cuts, when it gets there."""
    at = _HEADER.size
    while at < len(packet):
        if len(packet) - at < _ELEMENT.size:
            raise WireError(f"{len(packet) - at} octets at the end are too few for an element")
        kind, length = _ELEMENT.unpack_from(packet, at)
        if not _ELEMENT.size <= length <= len(packet) - at:
            raise WireError(f"element {kind:#06x} has a length of {length}, {len(packet) - at} octets are there")
        yield Raw(kind, packet[at + _ELEMENT.size : at + length])
        at += length


def checksum(packet: bytes) -> int:
    """The checksum of a packet; 0 over one that holds its correct checksum.

    It is the Internet checksum but for an odd length: the last octet then counts as a signed number of 16 bits, and a
    negative one as one less than that, since the first implementation lost a carry there.
    """
    if len(packet) % 2 == 0:
        return internet.checksum(packet)
    last = packet[-1]
    word = bytes((0, last)) if last < 0x80 else bytes((0xFF, last - 1))
    return internet.checksum(packet[:-1] + word)


def parse_addresses(value: bytes) -> tuple[int, ...]:
    """The IPv4 addresses of an element; those of other protocols are passed over."""
    if len(value) < 4:
        raise WireError("addresses without their number")
    found = []
    at = 4
    for _ in range(int.from_bytes(value[:4], "big")):
        protocol_end = at + 2 + (value[at + 1] if at + 1 < len(value) else 0)
        end = protocol_end + 2 + int.from_bytes(value[protocol_end : protocol_end + 2], "big")
        if protocol_end + 2 > len(value) or end > len(value):
            raise WireError("an address that the element's end cuts")
        if value[at : protocol_end + 2] == _IPV4:
            found.append(int.from_bytes(value[end - 4 : end], "big"))
        at = end
    return tuple(found)


def _build_addresses(addresses: tuple[int, ...]) -> bytes:
    return len(addresses).to_bytes(4, "big") + b"".join(_IPV4 + address.to_bytes(4, "big") for address in addresses)


def _number(raw: Raw, octets: int) -> int:
    if len(raw.value) != octets:
        raise WireError(f"element {raw.type:#06x} has {octets} octets, not {len(raw.value)}")
    return int.from_bytes(raw.value, "big")
