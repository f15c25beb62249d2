"""Views of a switch's ports and of what its address table holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwitchportView:
    name: str
    administrative: str
    """What was configured: ``static access``, ``trunk``, ``dynamic auto`` or ``dynamic desirable``."""
    negotiates: bool
    voice: str
    """The VLAN of a telephone, or ``none``."""
    protected: bool
    operational: str
    """``trunk``, ``static access`` or ``down``."""
    access_vlan: int
    access_vlan_name: str
    """"Inactive" for a VLAN that does not exist."""
    native_vlan: int
    native_vlan_name: str
    allowed: str
    """``ALL``, ``NONE`` or a list."""


@dataclass(frozen=True, slots=True)
class SwitchportsView:
    ports: tuple[SwitchportView, ...]


@dataclass(frozen=True, slots=True)
class CapabilitiesView:
    """Ports that are all alike, and the model that they are of."""

    model: str
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MacCountView:
    vlan: int
    dynamic: int
    static: int


@dataclass(frozen=True, slots=True)
class MacCountsView:
    vlans: tuple[MacCountView, ...]
    free: int
    """Addresses that there is still room for."""


@dataclass(frozen=True, slots=True)
class AgingTimeView:
    """Seconds after which what was learnt is forgotten, in every VLAN; 0 is never."""

    seconds: int


@dataclass(frozen=True, slots=True)
class VlanSummaryView:
    existing: int
    extended: int
    """Of them, those above 1005."""


@dataclass(frozen=True, slots=True)
class SecurePortView:
    name: str
    enabled: bool
    status: str
    """``Secure-up``, ``Secure-down`` or, after a violation, ``Secure-shutdown``."""
    violation: str
    aging_minutes: int
    by_silence: bool
    ages_configured: bool
    maximum: int
    total: int
    configured: int
    sticky: int
    last: str
    """The source of the last frame."""
    violations: int


@dataclass(frozen=True, slots=True)
class SecurePortsView:
    ports: tuple[SecurePortView, ...]
    extra: int
    """Secure stations beyond one for each port."""
    limit: int


@dataclass(frozen=True, slots=True)
class SecureAddressView:
    vlan: int
    mac: str
    origin: str
    port: str
    minutes_left: int | None


@dataclass(frozen=True, slots=True)
class SecureAddressesView:
    addresses: tuple[SecureAddressView, ...]
    extra: int
    limit: int


@dataclass(frozen=True, slots=True)
class DisabledPortView:
    name: str
    description: str
    cause: str
    left: int | None
    """Seconds until it is tried again."""


@dataclass(frozen=True, slots=True)
class DisabledPortsView:
    ports: tuple[DisabledPortView, ...]


@dataclass(frozen=True, slots=True)
class RecoveryView:
    causes: tuple[tuple[str, bool], ...]
    interval: int
    ports: tuple[DisabledPortView, ...]


@dataclass(frozen=True, slots=True)
class DetectView:
    causes: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class StormView:
    """Levels in hundredths of a percent of the port's speed."""

    port: str
    active: bool
    blocked: bool
    rising: int
    falling: int
    current: int


@dataclass(frozen=True, slots=True)
class StormsView:
    storms: tuple[StormView, ...]
