"""ICMP, UDP and TCP as layers. A message may be cut short: quoted by an ICMP error, or the first of some fragments."""

from __future__ import annotations

import struct
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.errors import WireError
from nodes.decode.layers import Field, Result, Step, above_udp, layer_of, octet_fields, octets
from nodes.wire import icmp, l4, names
from nodes.wire.checksum import checksum, pseudo_header

_ICMP = struct.Struct("!BBHI")
_UDP = struct.Struct("!HHHH")
_TCP = struct.Struct("!HHIIBBHHH")

_TYPES: Final = {
    icmp.ECHO_REPLY: "Echo (ping) reply",
    icmp.UNREACHABLE: "Destination unreachable",
    icmp.SOURCE_QUENCH: "Source quench",
    icmp.REDIRECT: "Redirect",
    icmp.ECHO_REQUEST: "Echo (ping) request",
    icmp.TIME_EXCEEDED: "Time to live exceeded",
    icmp.PARAMETER_PROBLEM: "Parameter problem",
    13: "Timestamp request",
    14: "Timestamp reply",
}
_CODES: Final = {
    (icmp.UNREACHABLE, icmp.NET_UNREACHABLE): "network unreachable",
    (icmp.UNREACHABLE, icmp.HOST_UNREACHABLE): "host unreachable",
    (icmp.UNREACHABLE, icmp.PROTOCOL_UNREACHABLE): "protocol unreachable",
    (icmp.UNREACHABLE, icmp.PORT_UNREACHABLE): "port unreachable",
    (icmp.UNREACHABLE, icmp.FRAGMENTATION_NEEDED): "fragmentation needed",
    (icmp.UNREACHABLE, icmp.SOURCE_ROUTE_FAILED): "source route failed",
    (icmp.UNREACHABLE, icmp.ADMIN_PROHIBITED): "administratively prohibited",
    (icmp.TIME_EXCEEDED, icmp.TTL_EXPIRED): "in transit",
    (icmp.TIME_EXCEEDED, icmp.REASSEMBLY_EXPIRED): "fragment reassembly",
    (icmp.REDIRECT, icmp.REDIRECT_NET): "for the network",
    (icmp.REDIRECT, icmp.REDIRECT_HOST): "for the host",
}
_FLAGS: Final = ("FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR")
_NOT_CHECKED: Final = "not checked: a part of the message is not here"


def checksum_text(stored: int, computed: int) -> str:
    if stored == computed:
        return f"0x{stored:04x} (correct)"
    return f"0x{stored:04x} (wrong: 0x{computed:04x} expected)"


def icmp_layer(step: Step) -> Result:
    if len(step.data) < icmp.HEADER_LENGTH:
        raise WireError(f"an ICMP message has at least 8 octets, not {len(step.data)}")
    kind, code, stored, rest = _ICMP.unpack_from(step.data)
    body = step.data[icmp.HEADER_LENGTH :]
    name = _TYPES.get(kind, f"Type {kind}")
    detail = _CODES.get((kind, code), f"code {code}" if code else "")
    fields = [
        Field("Type", f"{kind} ({name})"),
        Field("Code", f"{code} ({detail})" if (kind, code) in _CODES else str(code)),
        Field("Checksum", _checked(step, stored, checksum(step.data[:2] + b"\0\0" + step.data[4:]))),
    ]
    text = f"{name} ({detail})" if detail else name
    if kind in (icmp.ECHO_REQUEST, icmp.ECHO_REPLY):
        ident, seq = rest >> 16, rest & 0xFFFF
        fields += [Field("Identifier", f"0x{ident:04x} ({ident})"), Field("Sequence number", str(seq))]
        text += f" id=0x{ident:04x} seq={seq}" + (f" ttl={step.ip.ttl}" if step.ip else "")
    elif (kind, code) == (icmp.UNREACHABLE, icmp.FRAGMENTATION_NEEDED):
        fields.append(Field("Next-hop MTU", str(rest & 0xFFFF)))
        text += f" next-hop MTU {rest & 0xFFFF}"
    elif kind == icmp.REDIRECT:
        fields.append(Field("Gateway", format_ipv4(rest)))
        text += f" to {format_ipv4(rest)}"
    text += _flaw(fields)
    # An error about an error must not be (RFC 1122 §3.2.2), so a quotation within a quotation is shown as octets.
    if kind in icmp.ERRORS and not step.quoted:
        return Result(layer_of(step, text, tuple(fields)), Step("ip", body, quoted=True) if body else None)
    if body:
        fields += octet_fields("Data", body)
    return Result(layer_of(step, text, tuple(fields)))


def udp_layer(step: Step) -> Result:
    assert step.ip is not None
    if len(step.data) < l4.UDP_HEADER:
        raise WireError(f"a UDP header has 8 octets, only {len(step.data)} are there")
    src_port, dst_port, length, stored = _UDP.unpack_from(step.data)
    pseudo = pseudo_header(step.ip.src, step.ip.dst, l4.UDP, length)
    computed = checksum(pseudo + step.data[:6] + b"\0\0" + step.data[8:length]) or 0xFFFF
    fields = [
        Field("Source port", _port(l4.UDP, src_port)),
        Field("Destination port", _port(l4.UDP, dst_port)),
        Field("Length", octets(length)),
        Field("Checksum", _checked(step, stored, computed) if stored else "0x0000 (none)"),
    ]
    text = f"{src_port} -> {dst_port} Len={max(length - l4.UDP_HEADER, 0)}"
    fits = l4.UDP_HEADER <= length <= len(step.data)
    if step.whole and not fits:
        # The checksum covers as many octets as the length says, so it says nothing here.
        fields[-1] = Field("Checksum", f"0x{stored:04x}")
        reason = f"UDP length {length}, but {octets(len(step.data))} are there"
        return Result(layer_of(step, text, tuple(fields)), None, reason)
    text += _flaw(fields)
    payload = step.data[l4.UDP_HEADER : length]
    rest = Step(above_udp(src_port, dst_port), payload, step.tags, step.ip, step.quoted) if payload else None
    return Result(layer_of(step, text, tuple(fields)), rest)


def tcp_layer(step: Step) -> Result:
    assert step.ip is not None
    if step.quoted and len(step.data) < l4.TCP_HEADER_MIN:
        return _quoted_tcp(step)
    if len(step.data) < l4.TCP_HEADER_MIN:
        raise WireError(f"a TCP header has at least 20 octets, only {len(step.data)} are there")
    src_port, dst_port, seq, ack, offset, bits, window, stored, urgent = _TCP.unpack_from(step.data)
    start = offset >> 4 << 2
    flags = ", ".join(name for bit, name in enumerate(_FLAGS) if bits >> bit & 1)
    pseudo = pseudo_header(step.ip.src, step.ip.dst, l4.TCP, len(step.data))
    fields = [
        Field("Source port", _port(l4.TCP, src_port)),
        Field("Destination port", _port(l4.TCP, dst_port)),
        Field("Sequence number", str(seq)),
        Field("Acknowledgment number", str(ack)),
        Field("Header length", octets(start)),
        Field("Flags", f"0x{bits:02x} ({flags or 'none'})"),
        Field("Window", str(window)),
        Field("Checksum", _checked(step, stored, checksum(pseudo + step.data[:16] + b"\0\0" + step.data[18:]))),
        Field("Urgent pointer", str(urgent)),
    ]
    text = f"{src_port} -> {dst_port} [{flags}] Seq={seq} Ack={ack} Win={window} Len={max(len(step.data) - start, 0)}"
    if not l4.TCP_HEADER_MIN <= start <= len(step.data):
        reason = f"a TCP header length of {start}, but {octets(len(step.data))} are there"
        return Result(layer_of(step, text, tuple(fields)), None, "" if step.quoted else reason)
    if start > l4.TCP_HEADER_MIN:
        fields += octet_fields("Options", step.data[l4.TCP_HEADER_MIN : start])
    text += _flaw(fields)
    payload = step.data[start:]
    rest = Step("data", payload, step.tags, step.ip, step.quoted) if payload else None
    return Result(layer_of(step, text, tuple(fields)), rest)


def _quoted_tcp(step: Step) -> Result:
    """The first eight octets of a segment, which is what an ICMP error must quote (RFC 792)."""
    src_port, dst_port = l4.ports(step.data)
    fields = [
        Field("Source port", _port(l4.TCP, src_port)),
        Field("Destination port", _port(l4.TCP, dst_port)),
    ]
    text = f"{src_port} -> {dst_port}"
    if len(step.data) >= 8:
        seq = int.from_bytes(step.data[4:8], "big")
        fields.append(Field("Sequence number", str(seq)))
        text += f" Seq={seq}"
    return Result(layer_of(step, text, tuple(fields)))


def _checked(step: Step, stored: int, computed: int) -> str:
    return checksum_text(stored, computed) if step.whole else f"0x{stored:04x} ({_NOT_CHECKED})"


def _flaw(fields: list[Field]) -> str:
    wrong = any(field.name == "Checksum" and "(wrong" in field.value for field in fields)
    return " [wrong checksum]" if wrong else ""


def _port(proto: int, port: int) -> str:
    name = names.port_name(proto, port)
    return f"{port} ({name})" if name else str(port)
