"""What ``show cdp`` is made from: frozen values, as in :mod:`nodes.device.views`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CdpView:
    """Of this device: seconds between packets, seconds that others keep them, and the version that is sent."""

    timer: int
    holdtime: int
    version: int


@dataclass(frozen=True, slots=True)
class CdpNeighborView:
    """Somebody who was heard. Text is printable ASCII, whatever came; None is what the packet did not have."""

    device_id: str
    interface: str
    """Ours, at which the neighbour was heard."""
    holdtime: int
    """Seconds left."""
    capabilities: tuple[str, ...]
    """As ``show cdp neighbors detail`` names them."""
    platform: str
    port_id: str
    addresses: tuple[str, ...]
    software: tuple[str, ...]
    """The lines of the software's name."""
    version: int
    hello: str | None
    """The element "protocol hello" in hex."""
    vtp_domain: str | None
    native_vlan: int | None
    duplex: str | None
    """``full`` or ``half``."""
    management: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class CdpNeighborsView:
    personality: str
    neighbors: tuple[CdpNeighborView, ...]


@dataclass(frozen=True, slots=True)
class CdpInterfaceView:
    name: str
    status: str
    protocol: str
    enabled: bool
    timer: int
    holdtime: int


@dataclass(frozen=True, slots=True)
class CdpInterfacesView:
    asked: str | None
    """The interface that was asked for; None: all."""
    interfaces: tuple[CdpInterfaceView, ...]


@dataclass(frozen=True, slots=True)
class CdpTrafficView:
    """Packets since the last ``clear cdp counters``, by version, and those that could not be used, by reason."""

    personality: str
    output_1: int
    output_2: int
    input_1: int
    input_2: int
    header: int
    checksum: int
    no_memory: int
    invalid: int
