"""``show monitor session``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from nodes.base.ifname import ranges, short
from nodes.base.vlans import vlan_list
from nodes.device.views import MonitorDestinationView, MonitorSessionView, MonitorView

_ENCAPSULATIONS: Final = {"native": "Native", "dot1q": "DOT1Q", "replicate": "Replicate"}


def monitor(view: MonitorView) -> Iterator[str]:
    if not view.sessions:
        where = "" if view.asked is None else f" for session [{view.asked}]"
        yield f" No SPAN configuration is present in the system{where}."
        yield ""
    for session in view.sessions:
        yield from _session(session, view.detail)
        yield ""


def _session(session: MonitorSessionView, detail: bool) -> Iterator[str]:
    """What the session does not have is left out, or in detail ``None``."""
    title = f"Session {session.number}"
    yield title
    yield "-" * len(title)
    yield _line("Type", session.kind)
    yield _line("Description", "-")
    ports = [ranges(names) for names in (session.rx_only, session.tx_only, session.both)]
    vlans = [vlan_list(numbers) for numbers in (session.vlans_rx_only, session.vlans_tx_only, session.vlans_both)]
    yield from _by_direction("Source Ports", ports, detail)
    yield from _by_direction("Source VLANs", vlans, detail)
    yield from _optional("Source RSPAN VLAN", _number(session.source_rspan_vlan), detail)
    for destination in session.destinations:
        yield from _destination(destination)
    if not session.destinations:
        yield from _optional("Destination Ports", "", detail)
    yield from _optional("Reflector Port", short(session.reflector), detail)
    yield from _optional("Filter VLANs", vlan_list(session.filter_vlans), detail)
    yield from _optional("Dest RSPAN VLAN", _number(session.destination_rspan_vlan), detail)


def _by_direction(label: str, values: Sequence[str], detail: bool) -> Iterator[str]:
    if detail or any(values):
        yield _line(label, "")
    for word, value in zip(("RX Only", "TX Only", "Both"), values, strict=True):
        yield from _optional("    " + word, value, detail)


def _destination(destination: MonitorDestinationView) -> Iterator[str]:
    yield _line("Destination Ports", ranges(destination.ports))
    yield _line("    Encapsulation", _ENCAPSULATIONS[destination.encapsulation])
    if destination.ingress_vlan is None:
        yield _line("          Ingress", "Disabled")
    else:
        yield _line("          Ingress", f"Enabled, default VLAN = {destination.ingress_vlan}")
        yield _line("    Ingress encap", "DOT1Q" if destination.ingress_tagged else "Untagged")


def _optional(label: str, value: str, detail: bool) -> Iterator[str]:
    if value or detail:
        yield _line(label, value or "None")


def _line(label: str, value: str) -> str:
    return f"{label:<23}: {value}"


def _number(number: int | None) -> str:
    return "" if number is None else str(number)
