"""Views of a switch's ports and of what its address table holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwitchportView:
    name: str
    trunk: bool
    """What was configured: a trunk, or an access port."""
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
