"""The result of a dissection, what the dissectors hand to one another, and which protocol follows which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from nodes.wire import l4
from nodes.wire.cdp import SNAP
from nodes.wire.ethernet import ETH_ARP, ETH_IPV4, ETH_TYPE_MIN, ETH_VLAN
from nodes.wire.ipv4 import Header

#: Every protocol key, as filters write it, with the name that people read.
NAMES: Final = {
    "ethernet": "Ethernet",
    "vlan": "802.1Q",
    "llc": "LLC",
    "cdp": "CDP",
    "arp": "ARP",
    "ip": "IPv4",
    "icmp": "ICMP",
    "udp": "UDP",
    "tcp": "TCP",
    "isakmp": "ISAKMP",
    "esp": "ESP",
    "data": "Data",
    "malformed": "Malformed",
}
#: Tags that are looked into (IEEE 802.1ad has two); what follows more of them is data.
TAGS_MAX: Final = 2
ISAKMP_PORT: Final = 500

_PROTOCOLS: Final = {l4.ICMP: "icmp", l4.TCP: "tcp", l4.UDP: "udp", l4.ESP: "esp"}


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a layer. ``depth`` counts from 0; deeper fields explain the one above."""

    name: str
    value: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """One protocol header. ``key`` is a key of NAMES; ``quoted`` marks what an ICMP error quotes of another packet.

    A layer that could not be read to its end is followed by one with the key ``malformed``; its summary is the reason.
    """

    name: str
    key: str
    summary: str
    fields: tuple[Field, ...] = ()
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Octets to be dissected as the protocol ``key``. ``ip`` is the IPv4 header in front of them, if any."""

    key: str
    data: bytes
    tags: int = 0
    ip: Header | None = None
    quoted: bool = False

    @property
    def whole(self) -> bool:
        """Whether all octets of the message are there, so that its length and checksum can be checked."""
        return not self.quoted and (self.ip is None or not self.ip.is_fragment)


class Result(NamedTuple):
    """A dissector's layer, what is to be dissected next, and why the layer is malformed if it is."""

    layer: Layer
    rest: Step | None = None
    broken: str = ""


def layer_of(step: Step, summary: str, fields: tuple[Field, ...] = ()) -> Layer:
    return Layer(NAMES[step.key], step.key, summary, fields, step.quoted)


def above_ethernet(ethertype: int, tags: int) -> str:
    """The key of what follows an Ethernet type field behind ``tags`` 802.1Q tags."""
    if ethertype < ETH_TYPE_MIN:
        return "llc"
    if ethertype == ETH_VLAN and tags < TAGS_MAX:
        return "vlan"
    return {ETH_ARP: "arp", ETH_IPV4: "ip"}.get(ethertype, "data")


def above_llc(payload: bytes) -> str:
    """The key of what follows the LLC header, and SNAP if it is there, that ``payload`` starts with."""
    return "cdp" if payload.startswith(SNAP) else "data"


def above_ip(proto: int) -> str:
    return _PROTOCOLS.get(proto, "data")


def above_udp(src_port: int, dst_port: int) -> str:
    return "isakmp" if ISAKMP_PORT in (src_port, dst_port) else "data"


def octet_fields(name: str, data: bytes, depth: int = 0) -> tuple[Field, ...]:
    """A field with the number of octets, and the first 64 of them in hex and as characters."""
    shown = data[:64]
    rows = [
        Field(f"{at:04x}", f"{shown[at : at + 16].hex(' '):<47}  {printable(shown[at : at + 16])}", depth + 1)
        for at in range(0, len(shown), 16)
    ]
    if len(data) > len(shown):
        rows.append(Field("more", octets(len(data) - len(shown)), depth + 1))
    return Field(name, octets(len(data)), depth), *rows


def octets(count: int) -> str:
    return "1 octet" if count == 1 else f"{count} octets"


def printable(data: bytes) -> str:
    """ASCII, with a dot for what has no shape."""
    return "".join(chr(octet) if 32 <= octet < 127 else "." for octet in data)
