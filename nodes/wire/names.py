"""Names of IP protocols and of ports, as IOS reads and writes them in access lists.

Source: the ``access-list`` pages of the Cisco IOS command references for 12.4 and 15.1 (keywords of ``eq`` for ``tcp``
and ``udp``). Numbers without a name there are written as numbers, so ``eq 22`` and not ``eq ssh``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.wire import l4

PROTOCOLS: Final[Mapping[str, int]] = {
    "ahp": l4.AH,
    "eigrp": l4.EIGRP,
    "esp": l4.ESP,
    "gre": l4.GRE,
    "icmp": l4.ICMP,
    "igmp": l4.IGMP,
    "ipinip": l4.IPIP,
    "nos": 94,
    "ospf": l4.OSPF,
    "pcp": 108,
    "pim": 103,
    "tcp": l4.TCP,
    "udp": l4.UDP,
}

TCP_PORTS: Final[Mapping[str, int]] = {
    "bgp": 179,
    "chargen": 19,
    "cmd": 514,
    "daytime": 13,
    "discard": 9,
    "domain": 53,
    "drip": 3949,
    "echo": 7,
    "exec": 512,
    "finger": 79,
    "ftp": 21,
    "ftp-data": 20,
    "gopher": 70,
    "hostname": 101,
    "ident": 113,
    "irc": 194,
    "klogin": 543,
    "kshell": 544,
    "login": 513,
    "lpd": 515,
    "nntp": 119,
    "pim-auto-rp": 496,
    "pop2": 109,
    "pop3": 110,
    "smtp": 25,
    "sunrpc": 111,
    "tacacs": 49,
    "talk": 517,
    "telnet": 23,
    "time": 37,
    "uucp": 540,
    "whois": 43,
    "www": 80,
}

UDP_PORTS: Final[Mapping[str, int]] = {
    "biff": 512,
    "bootpc": 68,
    "bootps": 67,
    "discard": 9,
    "dnsix": 195,
    "domain": 53,
    "echo": 7,
    "isakmp": 500,
    "mobile-ip": 434,
    "nameserver": 42,
    "netbios-dgm": 138,
    "netbios-ns": 137,
    "netbios-ss": 139,
    "non500-isakmp": 4500,
    "ntp": 123,
    "pim-auto-rp": 496,
    "rip": 520,
    "snmp": 161,
    "snmptrap": 162,
    "sunrpc": 111,
    "syslog": 514,
    "tacacs": 49,
    "talk": 517,
    "tftp": 69,
    "time": 37,
    "who": 513,
    "xdmcp": 177,
}

#: ICMP messages by name: (type, code), code None for any.
ICMP_MESSAGES: Final[Mapping[str, tuple[int, int | None]]] = {
    "administratively-prohibited": (3, 13),
    "alternate-address": (6, None),
    "conversion-error": (31, None),
    "dod-host-prohibited": (3, 10),
    "dod-net-prohibited": (3, 9),
    "echo": (8, None),
    "echo-reply": (0, None),
    "general-parameter-problem": (12, 0),
    "host-isolated": (3, 8),
    "host-precedence-unreachable": (3, 14),
    "host-redirect": (5, 1),
    "host-tos-redirect": (5, 3),
    "host-tos-unreachable": (3, 12),
    "host-unknown": (3, 7),
    "host-unreachable": (3, 1),
    "information-reply": (16, None),
    "information-request": (15, None),
    "mask-reply": (18, None),
    "mask-request": (17, None),
    "mobile-redirect": (32, None),
    "net-redirect": (5, 0),
    "net-tos-redirect": (5, 2),
    "net-tos-unreachable": (3, 11),
    "net-unreachable": (3, 0),
    "network-unknown": (3, 6),
    "no-room-for-option": (12, 2),
    "option-missing": (12, 1),
    "packet-too-big": (3, 4),
    "parameter-problem": (12, None),
    "port-unreachable": (3, 3),
    "precedence-unreachable": (3, 15),
    "protocol-unreachable": (3, 2),
    "reassembly-timeout": (11, 1),
    "redirect": (5, None),
    "router-advertisement": (9, None),
    "router-solicitation": (10, None),
    "source-quench": (4, None),
    "source-route-failed": (3, 5),
    "time-exceeded": (11, None),
    "timestamp-reply": (14, None),
    "timestamp-request": (13, None),
    "traceroute": (30, None),
    "ttl-exceeded": (11, 0),
    "unreachable": (3, None),
}

#: TCP flags (RFC 9293 3.1).
TCP_FLAGS: Final[Mapping[str, int]] = {
    "ack": l4.ACK,
    "fin": l4.FIN,
    "psh": l4.PSH,
    "rst": l4.RST,
    "syn": l4.SYN,
    "urg": l4.URG,
}

#: The upper three bits of the type of service (RFC 791 3.1) and the four below them (RFC 1349).
PRECEDENCES: Final[Mapping[str, int]] = {
    "routine": 0,
    "priority": 1,
    "immediate": 2,
    "flash": 3,
    "flash-override": 4,
    "critical": 5,
    "internet": 6,
    "network": 7,
}
SERVICES: Final[Mapping[str, int]] = {
    "normal": 0,
    "min-monetary-cost": 1,
    "max-reliability": 2,
    "max-throughput": 4,
    "min-delay": 8,
}
#: Differentiated services (RFC 2474, RFC 2597, RFC 3246).
DSCPS: Final[Mapping[str, int]] = {
    "default": 0,
    **{f"cs{number}": 8 * number for number in range(1, 8)},
    **{f"af{number}{drop}": 8 * number + 2 * drop for number in range(1, 5) for drop in range(1, 4)},
    "ef": 46,
}

#: Spellings that are understood and never written: newer images know them, or people expect them.
_ALSO_READ: Final[Mapping[int, Mapping[str, int]]] = {l4.TCP: {"ssh": 22, "syslog": 514}, l4.UDP: {}}

_PORTS: Final = {l4.TCP: TCP_PORTS, l4.UDP: UDP_PORTS}
_NAMES: Final = {proto: {port: name for name, port in table.items()} for proto, table in _PORTS.items()}
_PROTOCOL_NAMES: Final = {number: name for name, number in PROTOCOLS.items()}


def port_name(proto: int, port: int) -> str | None:
    """(TCP, 80) -> ``"www"``; None when IOS writes the number. ``proto`` is l4.TCP or l4.UDP."""
    return _NAMES[proto].get(port)


def port_number(proto: int, name: str) -> int | None:
    """(TCP, ``"www"``) -> 80; None when there is no such name. Numbers in text are the caller's."""
    return _PORTS[proto].get(name, _ALSO_READ[proto].get(name))


def protocol_name(number: int) -> str | None:
    """50 -> ``"esp"``."""
    return _PROTOCOL_NAMES.get(number)


def protocol_number(name: str) -> int | None:
    """``"esp"`` -> 50. ``ip`` means any protocol and has no number."""
    return PROTOCOLS.get(name)
