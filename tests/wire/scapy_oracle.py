"""Scapy as an independent reader and builder of frames: the program of a child process, not a module of the tests.

One JSON request per line on stdin, one JSON answer per line on stdout. Octets within fields travel as ``{"hex": "…"}``.
Scapy is slow to import and under another licence than this project, so it stays outside of the tests' own process.

    {"do": "build", "layers": [[class name, {field: value}], …]}   -> hex
    {"do": "read", "as": class name, "data": hex}                   -> [[class name, {field: value}], …]
    {"do": "rebuild", "as": class name, "data": hex}                -> hex, lengths and checksums computed by scapy
    {"do": "defragment", "packets": [hex, …]}                       -> [hex, …]
    {"do": "elements", "data": hex}                                 -> a CDP frame as ``read`` has it, but with the
                                                                       elements of the packet behind its header
"""

from __future__ import annotations

import json
import sys
from typing import Any

from scapy.contrib.cdp import CDPv2_HDR
from scapy.fields import FlagValue
from scapy.layers.inet import ICMP, IP, TCP, UDP, defragment
from scapy.layers.l2 import ARP, Dot1Q, Dot3, Ether
from scapy.packet import Raw

CLASSES: dict[str, Any] = {each.__name__: each for each in (ARP, ICMP, IP, TCP, UDP, CDPv2_HDR, Dot1Q, Ether, Raw)}
COMPUTED = ("chksum", "cksum", "len", "ihl", "dataofs")


def from_json(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def to_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return value if isinstance(value, int | str | None) else str(value)


def build(layers: list[Any]) -> str:
    packet: Any = None
    for name, fields in layers:
        layer = CLASSES[name](**{key: from_json(value) for key, value in fields.items()})
        packet = layer if packet is None else packet / layer
    return bytes(packet).hex()


def read(kind: str, data: str) -> list[Any]:
    packet = CLASSES[kind](bytes.fromhex(data))
    layers = []
    while packet:
        layers.append([type(packet).__name__, {name: to_json(packet.getfieldval(name)) for name in packet.fields}])
        packet = packet.payload
    return layers


def rebuild(kind: str, data: str) -> str:
    packet = CLASSES[kind](bytes.fromhex(data))
    layer: Any = packet
    while layer and type(layer) in (Ether, Dot1Q, IP, UDP, TCP, ICMP, CDPv2_HDR):
        for name in COMPUTED:
            layer.fields.pop(name, None)
        layer = layer.payload
    packet.clear_cache()
    return bytes(packet).hex()


def elements(data: str) -> list[Any]:
    packet: Any = Dot3(bytes.fromhex(data))[CDPv2_HDR]
    layers = [["CDPv2_HDR", {"vers": packet.vers, "ttl": packet.ttl}]]
    for element in packet.msg:
        fields = {name: element.getfieldval(name) for name in element.fields}
        if isinstance(fields.get("addr"), list):
            fields["addr"] = [record.addr for record in fields["addr"]]
        layers.append([type(element).__name__, {name: from_scapy(value) for name, value in fields.items()}])
    return layers


def from_scapy(value: Any) -> Any:
    if isinstance(value, list):
        return value
    return int(value) if isinstance(value, FlagValue) else to_json(value)


def answer(request: dict[str, Any]) -> Any:
    if request["do"] == "build":
        return build(request["layers"])
    if request["do"] == "read":
        return read(request["as"], request["data"])
    if request["do"] == "elements":
        return elements(request["data"])
    if request["do"] == "rebuild":
        return rebuild(request["as"], request["data"])
    put_together: Any = defragment  # scapy does not annotate this one
    whole = put_together([IP(bytes.fromhex(packet)) for packet in request["packets"]])
    return [bytes(packet).hex() for packet in whole]


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
