"""``show vlans`` of a router."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.device.views import VlanInterfacesView, VlanInterfaceView


def vlans(view: VlanInterfacesView) -> Iterator[str]:
    if not view.vlans:
        yield "No Virtual LANs configured."
        return
    for vlan in view.vlans:
        yield ""
        yield f"Virtual LAN ID:  {vlan.number} (IEEE 802.1Q Encapsulation)"
        yield ""
        yield f"   vLAN Trunk Interface:   {vlan.interface}"
        yield ""
        if vlan.native:
            yield " This is configured as native Vlan for the following interface(s) :"
            yield vlan.port
            yield ""
        yield "   Protocols Configured:   Address:              Received:        Transmitted:"
        yield from _protocols(vlan)
        yield ""
        yield f"   {vlan.received} packets, {vlan.received_octets} bytes input"
        yield f"   {vlan.sent} packets, {vlan.sent_octets} bytes output"


def _protocols(vlan: VlanInterfaceView) -> Iterator[str]:
    if vlan.address is not None:
        yield f"           IP              {vlan.address:<15}{vlan.ip_received:>14}{vlan.ip_sent:>20}"
    others = vlan.received - vlan.ip_received, vlan.sent - vlan.ip_sent
    yield f"        Other              {'':<15}{others[0]:>15}{others[1]:>20}"
