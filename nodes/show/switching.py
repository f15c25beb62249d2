"""``show mac address-table``, ``show vlan [brief|remote-span]``, ``show interfaces trunk``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from nodes.base.ifname import short
from nodes.base.vlans import vlan_list
from nodes.device.views import MacTableView, RemoteSpanView, TrunksView, VlansView

#: The media, spanning tree and bridging of the VLANs that IOS reserves for FDDI and Token Ring.
_MEDIA: Final = {
    1002: ("fddi", "-", "-"),
    1003: ("tr", "-", "srb"),
    1004: ("fdnet", "ieee", "-"),
    1005: ("trnet", "ibm", "-"),
}


def mac_table(view: MacTableView) -> Iterator[str]:
    yield "          Mac Address Table"
    yield "-------------------------------------------"
    yield ""
    yield "Vlan    Mac Address       Type        Ports"
    yield "----    -----------       --------    -----"
    for entry in view.entries:
        yield f"{entry.vlan or 'All':>4}    {entry.mac}    {entry.kind:<8}    {short(entry.port)}"
    yield f"Total Mac Addresses for this criterion: {len(view.entries)}"


def _wrapped(ports: Sequence[str], per_line: int = 4) -> list[str]:
    names = [short(port) for port in ports]
    return [", ".join(names[at : at + per_line]) for at in range(0, len(names), per_line)] or [""]


def vlan_brief(view: VlansView) -> Iterator[str]:
    yield ""
    yield "VLAN Name                             Status    Ports"
    yield "---- -------------------------------- --------- -------------------------------"
    for vlan in view.vlans:
        first, *rest = _wrapped(vlan.ports)
        yield f"{vlan.number:<4} {vlan.name:<32} {vlan.status:<9} {first}"
        for line in rest:
            yield f"{'':48}{line}"


def vlans(view: VlansView) -> Iterator[str]:
    """``show vlan``: the brief table, then what each VLAN is made of. Its SAID is 100000 and its number."""
    yield from vlan_brief(view)
    yield ""
    yield "VLAN Type  SAID       MTU   Parent RingNo BridgeNo Stp  BrdgMode Trans1 Trans2"
    yield "---- ----- ---------- ----- ------ ------ -------- ---- -------- ------ ------"
    for vlan in view.vlans:
        kind, tree, bridging = _MEDIA.get(vlan.number, ("enet", "-", "-"))
        said = 100_000 + vlan.number
        yield (
            f"{vlan.number:<4} {kind:<5} {said:<10} 1500  -      -      -        {tree:<4} {bridging:<8} 0      0     "
        )
    yield ""
    if view.one:
        yield "Remote SPAN VLAN"
        yield "-" * 16
        yield "Enabled" if view.vlans[0].remote_span else "Disabled"
    else:
        yield from _remote_span(vlan.number for vlan in view.vlans if vlan.remote_span)
    yield ""
    yield "Primary Secondary Type              Ports"
    yield "------- --------- ----------------- ------------------------------------------"
    yield ""


def remote_span(view: RemoteSpanView) -> Iterator[str]:
    yield ""
    yield from _remote_span(view.vlans)
    yield ""


def _remote_span(vlans: Iterable[int]) -> Iterator[str]:
    yield "Remote SPAN VLANs"
    yield "-" * 78
    yield vlan_list(vlans)


def trunks(view: TrunksView) -> Iterator[str]:
    if not view.trunks:
        return
    yield ""
    yield "Port        Mode         Encapsulation  Status        Native vlan"
    for trunk in view.trunks:
        yield f"{short(trunk.port):<12}{'on':<13}{'802.1q':<15}{'trunking':<14}{trunk.native}"
    for title, values in (
        ("Vlans allowed on trunk", [trunk.allowed for trunk in view.trunks]),
        ("Vlans allowed and active in management domain", [trunk.active for trunk in view.trunks]),
        ("Vlans in spanning tree forwarding state and not pruned", [trunk.active for trunk in view.trunks]),
    ):
        yield ""
        yield f"{'Port':<12}{title}"
        for trunk, value in zip(view.trunks, values, strict=True):
            yield f"{short(trunk.port):<12}{value}"
