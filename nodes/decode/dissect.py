"""A frame taken apart into layers that a student can read. No function here raises, whatever the bytes.

Checksums are computed and shown, and a wrong one stops nothing; a length that contradicts the octets does, and a layer
``Malformed`` then says what was wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from nodes.base.addr import BROADCAST_MAC, format_ipv4, format_mac_colons
from nodes.base.errors import WireError
from nodes.decode import ipsec, llc, transport
from nodes.decode.layers import (
    NAMES,
    Field,
    Layer,
    Result,
    Step,
    above_ethernet,
    above_ip,
    layer_of,
    octet_fields,
    octets,
)
from nodes.wire import arp, ipv4, names
from nodes.wire.ethernet import ETH_ARP, ETH_IPV4, ETH_IPV6, ETH_TYPE_MIN, ETH_VLAN, HEADER_LENGTH, TAG_LENGTH

_TYPE_NAMES: Final = {ETH_IPV4: "IPv4", ETH_ARP: "ARP", ETH_VLAN: "802.1Q", ETH_IPV6: "IPv6", 0x88CC: "LLDP"}
_ARP_NAMES: Final = {arp.REQUEST: "request", arp.REPLY: "reply"}


@dataclass(frozen=True, slots=True)
class Summary:
    """A frame in one line. Addresses are IPv4 where there are any, MAC addresses otherwise; "" in a broken frame."""

    source: str
    destination: str
    protocol: str
    info: str


def dissect(frame: bytes) -> tuple[Layer, ...]:
    """The layers from the outermost on, then those of the packet that an ICMP error quotes."""
    layers: list[Layer] = []
    step: Step | None = Step("ethernet", frame)
    while step is not None:
        try:
            layer, rest, broken = _dissector(step)(step)
        except WireError as error:
            layer, rest, broken = layer_of(step, "unreadable"), None, str(error)
        layers.append(layer)
        if broken:
            layers.append(layer_of(replace(step, key="malformed"), broken))
        step = rest
    return tuple(layers)


def summary(frame: bytes) -> Summary:
    """The frame's line in a packet list: its innermost protocol, and what that says."""
    layers = dissect(frame)
    own = [layer for layer in layers if not layer.quoted]
    top = [layer for layer in own if layer.key not in ("data", "malformed")][-1]
    info = top.summary
    if own[-1].key == "malformed":
        info += f" [malformed: {own[-1].summary}]"
    values = {(layer.key, field.name): field.value for layer in own for field in layer.fields}
    source, destination = (
        values.get(("ip", name), values.get(("ethernet", name), "")) for name in ("Source", "Destination")
    )
    if destination == format_mac_colons(BROADCAST_MAC):
        destination = "Broadcast"
    return Summary(source, destination, top.name, info)


def _ethernet(step: Step) -> Result:
    if len(step.data) < HEADER_LENGTH:
        raise WireError(f"an Ethernet header has 14 octets, the frame only {len(step.data)}")
    dst, src = format_mac_colons(step.data[:6]), format_mac_colons(step.data[6:12])
    field, rest, broken = _type_field(step, step.data[12:])
    fields = (Field("Destination", dst), Field("Source", src), field)
    return Result(layer_of(step, f"{src} -> {dst}, {field.name.lower()} {field.value}", fields), rest, broken)


def _vlan(step: Step) -> Result:
    if len(step.data) < TAG_LENGTH:
        raise WireError(f"the frame ends inside its 802.1Q tag: {octets(len(step.data))} of 4")
    control = int.from_bytes(step.data[:2], "big")
    vid, priority = control & 0xFFF, control >> 13
    field, rest, broken = _type_field(replace(step, tags=step.tags + 1), step.data[2:])
    fields = (
        Field("VLAN", str(vid)),
        Field("Priority", str(priority)),
        Field("Drop eligible", "yes" if control & 0x1000 else "no"),
        field,
    )
    return Result(layer_of(step, f"VLAN {vid}, priority {priority}", fields), rest, broken)


def _type_field(step: Step, data: bytes) -> tuple[Field, Step | None, str]:
    """The type or length that ``data`` starts with, and what follows it."""
    value, payload = int.from_bytes(data[:2], "big"), data[2:]
    if value < ETH_TYPE_MIN:
        field = Field("Length", octets(value))
        if value > len(payload):
            return field, None, f"802.3 length {value}, but only {octets(len(payload))} follow"
        payload = payload[:value]
    else:
        field = Field("Type", f"{_TYPE_NAMES.get(value, 'unknown')} (0x{value:04x})")
    key = above_ethernet(value, step.tags)
    return field, Step(key, payload, step.tags) if payload or key != "data" else None, ""


def _arp(step: Step) -> Result:
    packet = arp.parse(step.data)
    sender, target = format_ipv4(packet.sender_ip), format_ipv4(packet.target_ip)
    if packet.sender_ip == packet.target_ip and packet.op in _ARP_NAMES:
        text = f"Gratuitous ARP for {sender} ({_ARP_NAMES[packet.op]})"
    elif packet.op == arp.REQUEST and packet.sender_ip == 0:
        text = f"Who has {target}? (ARP probe)"
    elif packet.op == arp.REQUEST:
        text = f"Who has {target}? Tell {sender}"
    elif packet.op == arp.REPLY:
        text = f"{sender} is at {format_mac_colons(packet.sender_mac)}"
    else:
        text = f"operation {packet.op}"
    fields = (
        Field("Hardware type", "Ethernet (1)"),
        Field("Protocol type", "IPv4 (0x0800)"),
        Field("Operation", f"{_ARP_NAMES.get(packet.op, 'unknown')} ({packet.op})"),
        Field("Sender MAC", format_mac_colons(packet.sender_mac)),
        Field("Sender IP", sender),
        Field("Target MAC", format_mac_colons(packet.target_mac)),
        Field("Target IP", target),
    )
    return Result(layer_of(step, text, fields))


def _ip(step: Step) -> Result:
    header = ipv4.peek_header(step.data)
    raw = step.data[: header.header_length]
    key = above_ip(header.proto)
    protocol = NAMES[key] if key != "data" else (names.protocol_name(header.proto) or "unknown").upper()
    src, dst = format_ipv4(header.src), format_ipv4(header.dst)
    stored = int.from_bytes(raw[10:12], "big")
    checksum_text = transport.checksum_text(stored, ipv4.checksum(raw[:10] + b"\0\0" + raw[12:]))
    fields = [
        Field("Version", "4"),
        Field("Header length", octets(header.header_length)),
        Field("Type of service", f"0x{header.tos:02x} (DSCP {header.tos >> 2}, ECN {header.tos & 3})"),
        Field("Total length", octets(header.total_length)),
        Field("Identification", f"0x{header.ident:04x} ({header.ident})"),
        Field("Flags", f"0x{header.fragment >> 13:x}"),
        Field("Don't fragment", "yes" if header.dont_fragment else "no", 1),
        Field("More fragments", "yes" if header.more_fragments else "no", 1),
        Field("Fragment offset", octets(header.offset)),
        Field("Time to live", str(header.ttl)),
        Field("Protocol", f"{protocol} ({header.proto})"),
        Field("Header checksum", checksum_text),
        Field("Source", src),
        Field("Destination", dst),
    ]
    if header.header_length > ipv4.HEADER_MIN:
        fields += octet_fields("Options", raw[ipv4.HEADER_MIN :])
    text = f"{src} -> {dst}, {protocol} ({header.proto}), ttl {header.ttl}"
    if header.is_fragment:
        text += f", fragment at {header.offset} of id=0x{header.ident:04x}"
    if "wrong" in checksum_text:
        text += " [wrong header checksum]"
    layer = layer_of(step, text, tuple(fields))
    total = header.total_length
    if total < header.header_length or (total > len(step.data) and not step.quoted):
        return Result(layer, None, f"a total length of {total}, but {octets(len(step.data))} are there")
    payload = step.data[header.header_length : total]
    return Result(layer, Step(key, payload, step.tags, header, step.quoted) if payload else None)


def _payload(step: Step) -> Result:
    return Result(layer_of(step, octets(len(step.data)), octet_fields("Length", step.data)))


def _continuation(step: Step) -> Result:
    """A fragment but the first: its octets belong to a protocol whose header is in another packet."""
    assert step.ip is not None
    text = f"fragment at {step.ip.offset} of id=0x{step.ip.ident:04x}, {octets(len(step.data))}"
    return Result(layer_of(step, text, octet_fields("Continued data", step.data)))


def _dissector(step: Step) -> Callable[[Step], Result]:
    if step.ip is not None and step.ip.offset:
        return _continuation
    return _DISSECTORS[step.key]


_DISSECTORS: Final[Mapping[str, Callable[[Step], Result]]] = {
    "ethernet": _ethernet,
    "vlan": _vlan,
    "llc": llc.llc_layer,
    "cdp": llc.cdp_layer,
    "arp": _arp,
    "ip": _ip,
    "icmp": transport.icmp_layer,
    "udp": transport.udp_layer,
    "tcp": transport.tcp_layer,
    "isakmp": ipsec.isakmp_layer,
    "esp": ipsec.esp_layer,
    "data": _payload,
}
