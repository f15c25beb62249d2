"""The order in which a running-config prints, as IOS has it."""

from __future__ import annotations

from enum import IntEnum, auto


class Section(IntEnum):
    """Sections of the configuration file, top to bottom."""

    VERSION = auto()
    HOSTNAME = auto()
    DOMAIN = auto()
    VLAN = auto()
    INTERFACE = auto()
    ROUTE = auto()
    ICMP = auto()
    NAMED_ACL = auto()
    NUMBERED_ACL = auto()
    MAC = auto()
    LINE = auto()
    MONITOR = auto()
