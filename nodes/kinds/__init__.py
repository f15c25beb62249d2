"""The device kinds that a lab file can name: one row each.

A row holds what the command needs to check a lab file (models, ports, versions) and, as text, where the device and its
console are to be found, so that knowing a kind costs no import of a device. :data:`PRELOAD` is what the fork server
loads once for all devices of a lab.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from nodes.base.limits import SPAN_LIMITS, SpanLimits

MDI: Final = "mdi"
MDIX: Final = "mdix"
AUTO: Final = "auto"


@dataclass(frozen=True)
class PortModel:
    """A physical port: its canonical long name and which pair it sends on (``mdi``, ``mdix``, or ``auto``)."""

    name: str
    mdi: str


@dataclass(frozen=True)
class Model:
    """A type of device that one can cable: ``type`` of a lab file."""

    type: str
    description: str
    ports: tuple[PortModel, ...]
    span: SpanLimits = SPAN_LIMITS
    """What monitor sessions a switch can have."""


@dataclass(frozen=True)
class Kind:
    """A kind of device: ``kind`` of a lab file. ``device`` and ``console`` are ``module:attribute``."""

    name: str
    description: str
    models: Mapping[str, Model]
    default_type: str
    device: str
    console: str
    versions: tuple[str, ...] = ()
    default_version: str | None = None
    ipsec: bool = False
    """Whether it may need ESP workers, and so a template for them from its start."""
    attaches: bool = False
    """Whether its ports belong to Linux interfaces, which a lab file names (``attach``)."""


def _numbered(pattern: str, numbers: range, mdi: str) -> tuple[PortModel, ...]:
    return tuple(PortModel(pattern.format(number), mdi) for number in numbers)


def _models(*models: Model) -> dict[str, Model]:
    return {model.type: model for model in models}


_HOST_PORT: Final = (PortModel("FastEthernet0", MDI),)

KINDS: Final[Mapping[str, Kind]] = {
    kind.name: kind
    for kind in (
        Kind(
            "router",
            "IPv4 router with an IOS-like console",
            _models(Model("1841", "two FastEthernet ports", _numbered("FastEthernet0/{}", range(2), MDI))),
            "1841",
            device="nodes.device.router:Router",
            console="nodes.commands.router:console",
            versions=("15.1(4)M12a", "12.4(15)T1"),
            default_version="15.1(4)M12a",
            ipsec=True,
        ),
        Kind(
            "switch",
            "VLAN switch with an IOS-like console",
            # A Catalyst 2950 has no auto-MDIX: its ports are MDI-X for good.
            _models(Model("c2950-24", "24 FastEthernet ports", _numbered("FastEthernet0/{}", range(1, 25), MDIX))),
            "c2950-24",
            device="nodes.device.switch:Switch",
            console="nodes.commands.switch:console",
            versions=("12.1(22)EA4",),
            default_version="12.1(22)EA4",
        ),
        Kind(
            "pc",
            "host with a Windows-like command prompt",
            _models(Model("pc", "one FastEthernet port", _HOST_PORT)),
            "pc",
            device="nodes.device.host:Host",
            console="nodes.commands.host:console",
        ),
        Kind(
            "server",
            "host with services and a Windows-like command prompt",
            _models(Model("server", "one FastEthernet port", _HOST_PORT)),
            "server",
            device="nodes.device.host:Host",
            console="nodes.commands.host:console",
        ),
        Kind(
            "sniffer",
            "captures what passes between its two ports, or what a SPAN port sends it",
            _models(Model("sniffer", "two Ethernet ports, in line", _numbered("Ethernet{}", range(2), MDIX))),
            "sniffer",
            device="nodes.device.sniffer:Sniffer",
            console="nodes.commands.sniffer:console",
        ),
        Kind(
            "cloud",
            "joins wires of the lab to Linux interfaces of this machine",
            _models(Model("cloud", "eight Ethernet ports, auto-MDIX", _numbered("Ethernet{}", range(8), AUTO))),
            "cloud",
            device="nodes.device.cloud:Cloud",
            console="nodes.commands.cloud:console",
            attaches=True,
        ),
    )
}

#: Modules that every device process needs; the fork server imports them once.
PRELOAD: Final = (
    "asyncio",
    "msgpack",
    "zmq",
    "broker.client",
    "nodes.shell.main",
    "nodes.device.router",
    "nodes.device.switch",
    "nodes.device.host",
    "nodes.device.sniffer",
    "nodes.commands.router",
    "nodes.commands.switch",
    "nodes.commands.host",
    "nodes.commands.sniffer",
)

#: The same for devices of a kind with ``ipsec``; a lab without them loads no cryptography.
PRELOAD_IPSEC: Final = (
    "nodes.device.ipsec",
    "nodes.shell.esp.carrier",
    "nodes.shell.esp.template",
    "nodes.shell.esp.worker:warm_up",
)

_NAME = re.compile(r"([A-Za-z]+)\s*([0-9/.:]+)")


def canonical_port(model: Model, text: str) -> str | None:
    """``"Fa0/0"`` or ``"fastethernet 0/0"`` -> ``"FastEthernet0/0"``; None when the model has no such port."""
    match = _NAME.fullmatch(text.strip())
    if match is None:
        return None
    letters, number = match.group(1).lower(), match.group(2)
    for port in model.ports:
        name = _NAME.fullmatch(port.name)
        if name is not None and name.group(2) == number and name.group(1).lower().startswith(letters):
            return port.name
    return None
