"""Access list entries as a configuration writes them."""

from __future__ import annotations

from collections.abc import Mapping

from nodes.base.addr import IPV4_MAX, format_ipv4
from nodes.engine.acl import AclRule, Action, PortMatch
from nodes.wire import names


def _end_text(address: int, wildcard: int) -> str:
    if wildcard == IPV4_MAX:
        return "any"
    if wildcard == 0:
        return f"host {format_ipv4(address)}"
    return f"{format_ipv4(address)} {format_ipv4(wildcard)}"


def _port_text(protocol: int | None, match: PortMatch | None) -> str:
    if match is None or protocol is None:
        return ""
    ports = [names.port_name(protocol, port) or str(port) for port in match.ports]
    return f" {match.operator.value} {' '.join(ports)}"


def _icmp_text(rule: AclRule) -> str:
    if rule.icmp_type is None:
        return ""
    for name, numbers in names.ICMP_MESSAGES.items():
        if numbers == (rule.icmp_type, rule.icmp_code):
            return f" {name}"
    return f" {rule.icmp_type}" + ("" if rule.icmp_code is None else f" {rule.icmp_code}")


def _named(word: str, value: int | None, table: Mapping[str, int]) -> str:
    if value is None:
        return ""
    return f" {word} {next((name for name, number in table.items() if number == value), value)}"


def _options(rule: AclRule) -> str:
    """What stands behind the ends."""
    return (
        (" established" if rule.established else "")
        + "".join(f" {name}" for name, flag in names.TCP_FLAGS.items() if rule.tcp_flags & flag)
        + _named("precedence", rule.precedence, names.PRECEDENCES)
        + _named("tos", rule.tos, names.SERVICES)
        + _named("dscp", rule.dscp, names.DSCPS)
        + (" fragments" if rule.fragments else "")
        + (" log-input" if rule.log_input else " log" if rule.log else "")
    )


def rule_text(rule: AclRule, extended: bool) -> str:
    """A rule as the running-config has it behind ``access-list 101`` or in a named list: ``deny`` padded."""
    if rule.action is Action.REMARK:
        return f"remark {rule.remark}"
    return f"{rule.action.value:<6} {match_text(rule, extended)}"


def match_text(rule: AclRule, extended: bool) -> str:
    """What stands behind ``permit`` or ``deny``."""
    if not extended:
        if rule.source_wildcard in (0, IPV4_MAX):
            source = "any" if rule.source_wildcard else format_ipv4(rule.source)
        else:
            source = f"{format_ipv4(rule.source)} {format_ipv4(rule.source_wildcard)}"
        return f"{source}{_options(rule)}"
    protocol = "ip" if rule.protocol is None else names.protocol_name(rule.protocol) or str(rule.protocol)
    return (
        f"{protocol} {_end_text(rule.source, rule.source_wildcard)}"
        f"{_port_text(rule.protocol, rule.source_port)} {_end_text(rule.destination, rule.destination_wildcard)}"
        f"{_port_text(rule.protocol, rule.destination_port)}{_icmp_text(rule)}{_options(rule)}"
    )


def protocol_text(protocol: int) -> str:
    """50 -> ``esp``, 200 -> ``200``."""
    return names.protocol_name(protocol) or str(protocol)
