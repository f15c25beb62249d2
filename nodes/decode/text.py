"""Captured frames as lines for a console: a packet list, and one packet in detail."""

from __future__ import annotations

from typing import Final

from nodes.decode.dissect import dissect, summary
from nodes.decode.layers import octets

#: The line above a packet list.
HEADINGS: Final = "  No.       Time Port   Source            Destination       Protocol Info"


def packet_line(number: int, seconds: float, port: str, frame: bytes) -> str:
    """One packet of a list: ``seconds`` since the capture began, ``port`` a name in its short form."""
    line = summary(frame)
    columns = f"{number:>5} {seconds:>10.6f} {port:<6} {line.source:<17} {line.destination:<17} {line.protocol:<8}"
    return f"{columns} {line.info}"


def packet_detail(number: int, seconds: float, port: str, frame: bytes) -> list[str]:
    """One packet as a tree: a line for each layer, its fields below it; a quoted packet stands further in."""
    lines = [f"Packet {number}: {seconds:.6f} s, {port}, {octets(len(frame))}"]
    quoting = False
    for layer in dissect(frame):
        if layer.quoted and not quoting:
            lines.append("    Quoted packet")
        quoting = layer.quoted
        indent = " " * (6 if layer.quoted else 2)
        lines.append(f"{indent}{layer.name}: {layer.summary}")
        lines += [f"{indent}    {'    ' * field.depth}{field.name}: {field.value}" for field in layer.fields]
    return lines
