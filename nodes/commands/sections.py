"""The order in which a running-config prints, as IOS has it."""

from __future__ import annotations

from enum import IntEnum, auto


class Section(IntEnum):
    """Sections of the configuration file, top to bottom."""

    SERVICE = auto()
    HOSTNAME = auto()
    ENABLE = auto()
    LOGGING = auto()
    CLOCK = auto()
    FILE = auto()
    ICMP = auto()
    DOMAIN = auto()
    USERNAME = auto()
    VLAN = auto()
    MAC = auto()
    ISAKMP = auto()
    IPSEC_LIFETIME = auto()
    TRANSFORM_SET = auto()
    CRYPTO_MAP = auto()
    INTERFACE = auto()
    ROUTE = auto()
    NAMED_ACL = auto()
    TRAP = auto()
    NUMBERED_ACL = auto()
    BANNER = auto()
    LINE = auto()
    MONITOR = auto()


class InterfaceSection(IntEnum):
    """The lines below ``interface``, top to bottom."""

    DESCRIPTION = auto()
    ACCESS_VLAN = auto()
    NATIVE_VLAN = auto()
    ALLOWED_VLANS = auto()
    MODE = auto()
    ADDRESS = auto()
    ACCESS_GROUP = auto()
    UNREACHABLES = auto()
    PROXY_ARP = auto()
    SHUTDOWN = auto()
    DUPLEX = auto()
    SPEED = auto()
    CRYPTO_MAP = auto()
    SPANNING_TREE = auto()


class LineSection(IntEnum):
    """The lines below ``line``, top to bottom."""

    TIMEOUT = auto()
    PRIVILEGE = auto()
    PASSWORD = auto()
    LOGGING = auto()
    LOGIN = auto()
    SCREEN = auto()
