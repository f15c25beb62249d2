"""``ipconfig`` and ``arp -a``, in the layout of Windows."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.device.views import AdapterView, HostArpView


def _field(name: str, value: str) -> str:
    """``   IPv4 Address. . . . . . . . . . . : 192.168.1.1``"""
    dots = name
    while len(dots) < 34:
        dots += " ." if len(dots) % 2 else ". "
    return f"   {dots[:34].rstrip():<34}: {value}".rstrip() if value else f"   {dots[:34].rstrip():<34}:"


def ipconfig(view: AdapterView) -> Iterator[str]:
    yield ""
    yield "Windows IP Configuration"
    yield ""
    if view.detail:
        yield _field("Host Name ", view.hostname)
    yield ""
    yield f"Ethernet adapter {view.name}:"
    yield ""
    if not view.connected:
        yield _field("Media State ", "Media disconnected")
    yield _field("Connection-specific DNS Suffix  ", "")
    if view.detail:
        yield _field("Physical Address", view.mac)
        yield _field("DHCP Enabled", "No")
    if view.connected:
        yield _field("IPv4 Address", view.address or "0.0.0.0")
        yield _field("Subnet Mask ", view.mask or "0.0.0.0")
        yield _field("Default Gateway ", view.gateway or "")


def arp(view: HostArpView) -> Iterator[str]:
    if view.address is None or not view.entries:
        yield "No ARP Entries Found."
        return
    yield ""
    yield f"Interface: {view.address} --- 0x2"
    yield "  Internet Address      Physical Address      Type"
    for entry in view.entries:
        yield f"  {entry.address:<22}{(entry.mac or '').lower():<22}dynamic"
