"""The order in which a running-config prints, as IOS has it."""

from __future__ import annotations

from enum import IntEnum, auto


class Section(IntEnum):
    """Sections of the configuration file, top to bottom."""

    SERVICE = auto()
    HOSTNAME = auto()
    BOOT = auto()
    SECURITY = auto()
    LOGGING = auto()
    ENABLE = auto()
    AAA = auto()
    CLOCK = auto()
    FILE = auto()
    ICMP = auto()
    IP = auto()
    DOMAIN = auto()
    LOGIN = auto()
    IPV6 = auto()
    MULTILINK = auto()
    USERNAME = auto()
    REDUNDANCY = auto()
    TCP = auto()
    SPANNING_TREE = auto()
    VLAN = auto()
    MAC = auto()
    ISAKMP = auto()
    IPSEC_LIFETIME = auto()
    TRANSFORM_SET = auto()
    CRYPTO_MAP = auto()
    INTERFACE = auto()
    DEFAULT_GATEWAY = auto()
    FORWARD = auto()
    HTTP = auto()
    ROUTE = auto()
    NAMED_ACL = auto()
    TRAP = auto()
    NUMBERED_ACL = auto()
    SNMP = auto()
    CONTROL = auto()
    BANNER = auto()
    ALIAS = auto()
    PRIVILEGE = auto()
    LINE = auto()
    MONITOR = auto()
    SCHEDULER = auto()
    NTP = auto()


class InterfaceSection(IntEnum):
    """The lines below ``interface``, top to bottom."""

    DESCRIPTION = auto()
    MAC = auto()
    MTU = auto()
    BANDWIDTH = auto()
    ENCAPSULATION = auto()
    ACCESS_VLAN = auto()
    NATIVE_VLAN = auto()
    ALLOWED_VLANS = auto()
    MODE = auto()
    ADDRESS = auto()
    ACCESS_GROUP = auto()
    MASK_REPLY = auto()
    REDIRECTS = auto()
    UNREACHABLES = auto()
    DIRECTED_BROADCAST = auto()
    PROXY_ARP = auto()
    IP_MTU = auto()
    PACKETS = auto()
    LOAD_INTERVAL = auto()
    DELAY = auto()
    SHUTDOWN = auto()
    DUPLEX = auto()
    SPEED = auto()
    MEDIA = auto()
    KEEPALIVE = auto()
    KEPT = auto()
    CRYPTO_MAP = auto()
    SPANNING_TREE = auto()


class LineSection(IntEnum):
    """The lines below ``line``, top to bottom."""

    SESSION = auto()
    ABSOLUTE = auto()
    ACCESS = auto()
    TIMEOUT = auto()
    PRIVILEGE = auto()
    PASSWORD = auto()
    LOGGING = auto()
    LOCK = auto()
    LOGIN = auto()
    EXEC = auto()
    SCREEN = auto()
    TRANSPORT = auto()
    SERIAL = auto()
