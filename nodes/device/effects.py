"""What a device asks of its surroundings. The shell (or a simulation) drains and carries out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send ``frames`` (whole Ethernet frames without FCS) out of port number ``port``, in order."""

    port: int
    frames: list[bytes]


@dataclass(frozen=True, slots=True)
class ViewChanged:
    """Ports went administratively up or down, mirrors changed, or the device became ready: ask for its view again."""


@dataclass(frozen=True, slots=True)
class Logged:
    """A syslog line, complete as a console shows it."""

    line: str
    severity: int


@dataclass(frozen=True, slots=True)
class Reload:
    """Restart the device: what is not saved is lost."""


@dataclass(frozen=True, slots=True)
class LinesChanged:
    """The configuration of console lines changed: open sessions follow it."""


Effect = Transmit | ViewChanged | Logged | Reload | LinesChanged
