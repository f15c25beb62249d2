"""Access list entries as a configuration writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nodes.base.addr import IPV4_MAX, format_ipv4
from nodes.engine.acl import AclRule, Action, PortMatch, PortOperator
from nodes.wire import names

#: The ICMP messages that have a name in access lists: (type, code), code None for any.
ICMP_MESSAGES: Final[Mapping[str, tuple[int, int | None]]] = {
    "administratively-prohibited": (3, 13),
    "echo": (8, None),
    "echo-reply": (0, None),
    "host-unreachable": (3, 1),
    "net-unreachable": (3, 0),
    "packet-too-big": (3, 4),
    "port-unreachable": (3, 3),
    "time-exceeded": (11, None),
    "ttl-exceeded": (11, 0),
    "unreachable": (3, None),
}


def _end_text(address: int, wildcard: int) -> str:
    if wildcard == IPV4_MAX:
        return "any"
    if wildcard == 0:
        return f"host {format_ipv4(address)}"
    return f"{format_ipv4(address)} {format_ipv4(wildcard)}"


def _port_text(protocol: int | None, match: PortMatch | None) -> str:
    if match is None or protocol is None:
        return ""
    first = names.port_name(protocol, match.port) or str(match.port)
    if match.operator is not PortOperator.RANGE:
        return f" {match.operator.value} {first}"
    return f" range {first} {names.port_name(protocol, match.last) or match.last}"


def _icmp_text(rule: AclRule) -> str:
    if rule.icmp_type is None:
        return ""
    for name, numbers in ICMP_MESSAGES.items():
        if numbers == (rule.icmp_type, rule.icmp_code):
            return f" {name}"
    return f" {rule.icmp_type}" + ("" if rule.icmp_code is None else f" {rule.icmp_code}")


def rule_text(rule: AclRule, extended: bool) -> str:
    """A rule as the running-config has it behind ``access-list 101`` or in a named list: ``deny`` padded."""
    if rule.action is Action.REMARK:
        return f"remark {rule.remark}"
    return f"{rule.action.value:<6} {match_text(rule, extended)}"


def match_text(rule: AclRule, extended: bool) -> str:
    """What stands behind ``permit`` or ``deny``."""
    flags = (
        (" established" if rule.established else "")
        + (" fragments" if rule.fragments else "")
        + (" log" if rule.log else "")
    )
    if not extended:
        if rule.source_wildcard in (0, IPV4_MAX):
            source = "any" if rule.source_wildcard else format_ipv4(rule.source)
        else:
            source = f"{format_ipv4(rule.source)} {format_ipv4(rule.source_wildcard)}"
        return f"{source}{flags}"
    protocol = "ip" if rule.protocol is None else names.protocol_name(rule.protocol) or str(rule.protocol)
    return (
        f"{protocol} {_end_text(rule.source, rule.source_wildcard)}"
        f"{_port_text(rule.protocol, rule.source_port)} {_end_text(rule.destination, rule.destination_wildcard)}"
        f"{_port_text(rule.protocol, rule.destination_port)}{_icmp_text(rule)}{flags}"
    )


def protocol_text(protocol: int) -> str:
    """50 -> ``esp``, 200 -> ``200``."""
    return names.protocol_name(protocol) or str(protocol)
