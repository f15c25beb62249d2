"""What an 802.3 frame carries: LLC, SNAP behind it, and of Cisco's protocols there CDP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.errors import WireError
from nodes.decode.layers import Field, Result, Step, above_llc, layer_of, octets, printable
from nodes.decode.transport import checksum_text
from nodes.wire import cdp
from nodes.wire.cdp import Capability, Element, Raw

_LLC_HEADER: Final = 3
_SNAP: Final = b"\xaa\xaa\x03"
_SAP_NAMES: Final = {0x42: "spanning tree", 0xAA: "SNAP", 0xE0: "IPX", 0xF0: "NetBIOS"}
_CISCO: Final = 0x00000C
_PROTOCOLS: Final = {
    0x0104: "PAgP",
    0x010B: "PVST+",
    0x0111: "UDLD",
    0x2000: "CDP",
    0x2003: "VTP",
    0x2004: "DTP",
}
_CAPABILITIES: Final = {
    Capability.ROUTER: "Router",
    Capability.TRANS_BRIDGE: "Transparent bridge",
    Capability.SOURCE_ROUTE_BRIDGE: "Source-route bridge",
    Capability.SWITCH: "Switch",
    Capability.HOST: "Host",
    Capability.IGMP: "IGMP",
    Capability.REPEATER: "Repeater",
    Capability.PHONE: "Phone",
    Capability.REMOTE: "Remotely managed",
    Capability.CVTA: "CVTA",
    Capability.MAC_RELAY: "Two-port MAC relay",
}


def llc_layer(step: Step) -> Result:
    if len(step.data) < _LLC_HEADER:
        raise WireError(f"an LLC header has 3 octets, only {len(step.data)} are there")
    dsap, ssap, control = step.data[:_LLC_HEADER]
    fields = [
        Field("Destination SAP", f"0x{dsap:02x} ({_SAP_NAMES.get(dsap, 'unknown')})"),
        Field("Source SAP", f"0x{ssap:02x} ({_SAP_NAMES.get(ssap, 'unknown')})"),
        Field("Control", f"0x{control:02x}"),
    ]
    text = f"for {_SAP_NAMES[dsap]}" if dsap in _SAP_NAMES else f"for SAP 0x{dsap:02x}"
    header = _LLC_HEADER
    if step.data[:_LLC_HEADER] == _SNAP:
        header = len(cdp.SNAP)
        if len(step.data) < header:
            reason = f"a SNAP header has 5 octets, only {len(step.data) - _LLC_HEADER} are there"
            return Result(layer_of(step, text, tuple(fields)), None, reason)
        oui, protocol = int.from_bytes(step.data[3:6], "big"), int.from_bytes(step.data[6:8], "big")
        name = _PROTOCOLS.get(protocol, "unknown") if oui == _CISCO else "unknown"
        fields.append(Field("Organization", f"0x{oui:06x} ({'Cisco' if oui == _CISCO else 'unknown'})"))
        fields.append(Field("Protocol ID", f"0x{protocol:04x} ({name})"))
        text += f", {name}" if name != "unknown" else f", protocol 0x{protocol:04x} of 0x{oui:06x}"
    payload = step.data[header:]
    rest = Step(above_llc(step.data), payload) if payload else None
    return Result(layer_of(step, f"{text}, {octets(len(payload))}", tuple(fields)), rest)


def cdp_layer(step: Step) -> Result:
    version, ttl = cdp.parse_header(step.data)
    stored = int.from_bytes(step.data[2:4], "big")
    computed = cdp.checksum(step.data[:2] + b"\0\0" + step.data[4:])
    fields = [
        Field("Version", str(version)),
        Field("Time to live", f"{ttl} seconds" if ttl else "0 seconds (take back what was said)"),
        Field("Checksum", checksum_text(stored, computed)),
    ]
    names = {}
    broken = ""
    try:
        for raw in cdp.elements(step.data):
            if raw.type in (Element.DEVICE_ID, Element.PORT_ID):
                names[raw.type] = printable(raw.value)
            fields += _READERS.get(raw.type, _unknown)(raw)
    except WireError as error:
        broken = str(error)
    text = f"Device ID: {names.get(Element.DEVICE_ID, '')}, Port ID: {names.get(Element.PORT_ID, '')}, ttl {ttl}"
    if stored != computed:
        text += " [wrong checksum]"
    return Result(layer_of(step, text, tuple(fields)), None, broken)


def _text(name: str) -> Callable[[Raw], list[Field]]:
    def read(raw: Raw) -> list[Field]:
        first, *more = raw.value.split(b"\n")
        return [Field(name, printable(first)), *(Field("more", printable(line), 1) for line in more)]

    return read


def _addresses(name: str) -> Callable[[Raw], list[Field]]:
    def read(raw: Raw) -> list[Field]:
        found = cdp.parse_addresses(raw.value)
        count = int.from_bytes(raw.value[:4], "big")
        return [Field(name, str(count)), *(Field("IP address", format_ipv4(address), 1) for address in found)]

    return read


def _capabilities(raw: Raw) -> list[Field]:
    bits = int.from_bytes(raw.value, "big")
    found = [name for bit, name in _CAPABILITIES.items() if bits & bit]
    return [Field("Capabilities", f"0x{bits:08x} ({', '.join(found) or 'none'})")]


def _hello(raw: Raw) -> list[Field]:
    return [Field("Protocol hello", raw.value.hex())]


def _vtp_domain(raw: Raw) -> list[Field]:
    return [Field("VTP management domain", f"'{printable(raw.value)}'")]


def _native_vlan(raw: Raw) -> list[Field]:
    return [Field("Native VLAN", str(int.from_bytes(raw.value, "big")))]


def _duplex(raw: Raw) -> list[Field]:
    return [Field("Duplex", "full" if any(raw.value) else "half")]


def _unknown(raw: Raw) -> list[Field]:
    return [Field(f"Element 0x{raw.type:04x}", raw.value.hex() or "empty")]


_READERS: Final[Mapping[int, Callable[[Raw], list[Field]]]] = {
    Element.DEVICE_ID: _text("Device ID"),
    Element.ADDRESSES: _addresses("Addresses"),
    Element.PORT_ID: _text("Port ID"),
    Element.CAPABILITIES: _capabilities,
    Element.SOFTWARE: _text("Software"),
    Element.PLATFORM: _text("Platform"),
    Element.HELLO: _hello,
    Element.VTP_DOMAIN: _vtp_domain,
    Element.NATIVE_VLAN: _native_vlan,
    Element.DUPLEX: _duplex,
    Element.MANAGEMENT: _addresses("Management addresses"),
}
