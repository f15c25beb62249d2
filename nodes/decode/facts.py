"""What a filter asks of a frame: its protocols, addresses and ports, found without making text of them.

A filter on a busy wire looks at every frame, and a dissection costs many times what these few peeks do. Which protocol
follows which is decided by the same functions (:mod:`nodes.decode.layers`), and a test holds both to the same answer.
Only the outer packet counts: what an ICMP error quotes is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from nodes.base.errors import WireError
from nodes.decode.layers import above_ethernet, above_ip, above_llc, above_udp
from nodes.wire import arp, ipv4, l4
from nodes.wire.cdp import SNAP
from nodes.wire.ethernet import ETH_TYPE_MIN, HEADER_LENGTH, TAG_LENGTH


@dataclass(slots=True)
class Facts:
    """``keys`` are those of :data:`nodes.decode.layers.NAMES` but ``data`` and ``malformed``.

    ``src`` and ``dst`` are IPv4 addresses: of a packet, or the sender's and the target's of ARP.
    """

    frame: bytes
    keys: set[str]
    src: int | None = None
    dst: int | None = None
    ports: tuple[int, ...] = ()


def facts(frame: bytes) -> Facts:
    found = Facts(frame, {"ethernet"})
    if len(frame) < HEADER_LENGTH:
        return found
    at, tags = HEADER_LENGTH, 0
    ethertype = int.from_bytes(frame[12:14], "big")
    while (key := above_ethernet(ethertype, tags)) == "vlan":
        found.keys.add(key)
        if len(frame) < at + TAG_LENGTH:
            return found
        ethertype = int.from_bytes(frame[at + 2 : at + 4], "big")
        at, tags = at + TAG_LENGTH, tags + 1
    if ethertype < ETH_TYPE_MIN and ethertype > len(frame) - at:
        return found
    found.keys.add(key)
    try:
        if key == "arp":
            packet = arp.parse(frame[at:])
            found.src, found.dst = packet.sender_ip, packet.target_ip
        elif key == "ip":
            _ip(found, frame[at:])
        elif key == "llc" and ethertype > len(SNAP):
            found.keys.add(above_llc(frame[at:]))
    except WireError:
        pass
    found.keys.discard("data")
    return found


def _ip(found: Facts, packet: bytes) -> None:
    header = ipv4.peek_header(packet)
    found.src, found.dst = header.src, header.dst
    segment = packet[header.header_length : header.total_length]
    if not segment or header.total_length > len(packet):
        return
    key = above_ip(header.proto)
    found.keys.add(key)
    if header.offset or key not in ("udp", "tcp"):
        return
    found.ports = l4.ports(segment)
    if key == "udp" and len(segment) > l4.UDP_HEADER:
        length = int.from_bytes(segment[4:6], "big")
        # Of a fragment the length cannot be judged; of a whole datagram it must fit.
        if length > l4.UDP_HEADER and (header.is_fragment or length <= len(segment)):
            found.keys.add(above_udp(*found.ports))
