"""What is logged, where to, and with which time: ``logging`` and ``service timestamps`` as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

#: The IOS names of the syslog severities (RFC 5424 6.2.1), emergencies first.
SEVERITIES: Final = (
    "emergencies",
    "alerts",
    "critical",
    "errors",
    "warnings",
    "notifications",
    "informational",
    "debugging",
)
DEBUGGING: Final = 7
INFORMATIONAL: Final = 6
#: Octets of the buffer unless ``logging buffered`` says otherwise.
BUFFER_OCTETS: Final = 4096


class Stamp(NamedTuple):
    """``service timestamps``: the time before a line. ``style`` is ``datetime``, ``uptime`` or "" for none."""

    style: str = "datetime"
    msec: bool = True
    localtime: bool = False
    show_timezone: bool = False
    year: bool = False


class Timezone(NamedTuple):
    """``clock timezone``: its name and its minutes east of UTC."""

    name: str = "UTC"
    minutes: int = 0


@dataclass(slots=True)
class LogConfig:
    """Destinations: each has the least urgent severity that it takes, None for a destination that is switched off."""

    on: bool = True
    """``logging on``; without it messages go to the console alone."""
    console: int | None = DEBUGGING
    monitor: int | None = DEBUGGING
    buffered: int | None = DEBUGGING
    buffer_octets: int = BUFFER_OCTETS
    trap: int | None = INFORMATIONAL
    log_stamp: Stamp = field(default_factory=Stamp)
    debug_stamp: Stamp = field(default_factory=Stamp)
    timezone: Timezone = field(default_factory=Timezone)


def takes(level: int | None, severity: int) -> bool:
    """Whether a destination of ``level`` takes a message of ``severity``."""
    return level is not None and severity <= level
