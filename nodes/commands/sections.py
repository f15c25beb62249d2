"""The order in which a running-config prints, as IOS has it."""

from __future__ import annotations

from enum import IntEnum, auto


class Section(IntEnum):
    """Sections of the configuration file, top to bottom."""

    HOSTNAME = auto()
    ICMP = auto()
    DOMAIN = auto()
    VLAN = auto()
    MAC = auto()
    ISAKMP = auto()
    IPSEC_LIFETIME = auto()
    TRANSFORM_SET = auto()
    CRYPTO_MAP = auto()
    INTERFACE = auto()
    ROUTE = auto()
    NAMED_ACL = auto()
    NUMBERED_ACL = auto()
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
