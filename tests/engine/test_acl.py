"""Access lists against a naive reading of the rules, and what edits do to numbers and counters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.addr import IPV4_MAX, parse_ipv4
from nodes.engine.acl import (
    ABSENT,
    AccessList,
    AclError,
    AclRule,
    Action,
    Flow,
    PortMatch,
    PortOperator,
    numbered_list_is_extended,
)

PERMIT_ALL = AclRule(Action.PERMIT)
DENY_ALL = AclRule(Action.DENY)
PING = Flow(parse_ipv4("192.168.1.1"), parse_ipv4("192.168.2.1"), 1, icmp_type=8, icmp_code=0)


def lan_to_lan() -> AclRule:
    return AclRule(
        Action.PERMIT,
        source=parse_ipv4("192.168.1.77"),
        source_wildcard=255,
        destination=parse_ipv4("192.168.2.0"),
        destination_wildcard=255,
    )


def remark(text: str) -> AclRule:
    return AclRule(Action.REMARK, remark=text)


def extended(*rules: AclRule) -> AccessList:
    acl = AccessList("101", extended=True)
    for rule in rules:
        acl.add(rule)
    return acl


def numbers(acl: AccessList) -> list[int]:
    return [entry.sequence for entry in acl if entry.rule.action is not Action.REMARK]


def test_first_match_implicit_deny_and_counts() -> None:
    acl = extended(lan_to_lan())
    assert acl.check(PING)
    assert acl.check(PING)
    assert not acl.check(PING._replace(source=parse_ipv4("192.168.3.1")))
    (entry,) = acl.entries
    assert (entry.sequence, entry.matches) == (10, 2)
    assert acl.match(PING) is entry
    assert entry.matches == 2, "match() does not count"
    acl.clear_counters()
    assert entry.matches == 0


def test_host_bits_are_cleared() -> None:
    assert lan_to_lan().source == parse_ipv4("192.168.1.0")
    assert AclRule(Action.DENY, source=1234) == DENY_ALL


def test_a_list_without_rules_permits() -> None:
    acl = AccessList("EMPTY", extended=True)
    assert acl.check(PING)
    acl.add(remark("nothing yet"))
    assert acl.check(PING)
    assert acl.match(PING) is None
    acl.add(DENY_ALL)
    assert not acl.check(PING)


def test_counters_survive_edits_of_other_entries() -> None:
    acl = extended(lan_to_lan(), DENY_ALL)
    acl.check(PING)
    acl.add(AclRule(Action.DENY, protocol=17), 5)
    acl.remove(20)
    acl.resequence(100, 5)
    assert [(entry.sequence, entry.matches) for entry in acl] == [(100, 0), (105, 1)]
    acl.check(PING)
    assert [entry.matches for entry in acl] == [0, 2]


def test_sequence_numbers() -> None:
    acl = extended(PERMIT_ALL)
    acl.add(AclRule(Action.DENY, protocol=6), 35)
    assert acl.next_sequence == 45
    acl.add(DENY_ALL)
    assert numbers(acl) == [10, 35, 45]
    acl.add(lan_to_lan(), 1)
    assert numbers(acl) == [1, 10, 35, 45]
    for taken in (10, 0, 1 << 31):
        with pytest.raises(AclError):
            acl.add(AclRule(Action.PERMIT, protocol=50), taken)
    assert not acl.remove(11)
    assert acl.remove_rule(DENY_ALL)
    assert not acl.remove_rule(DENY_ALL)
    assert numbers(acl) == [1, 10, 35]
    with pytest.raises(AclError):
        acl.resequence(1 << 30, 1 << 30)
    assert numbers(acl) == [1, 10, 35]


def test_a_repeated_rule_is_ignored() -> None:
    acl = extended(PERMIT_ALL, DENY_ALL)
    assert acl.add(PERMIT_ALL) is acl.entries[0]
    assert acl.add(PERMIT_ALL, 10) is acl.entries[0]
    assert numbers(acl) == [10, 20]


def test_remarks_stand_before_their_rule_and_take_no_number() -> None:
    acl = AccessList("NAMED", extended=True)
    acl.add(remark("first"))
    acl.add(PERMIT_ALL)
    acl.add(remark("second"))
    acl.add(remark("second"))
    acl.add(DENY_ALL)
    assert [entry.rule.action.value for entry in acl] == ["remark", "permit", "remark", "remark", "deny"]
    acl.resequence(7, 3)
    assert numbers(acl) == [7, 10]
    assert [entry.rule.remark for entry in acl] == ["first", "", "second", "second", ""]
    assert acl.remove_rule(remark("second"))
    assert len(acl) == 4
    acl.clear()
    assert len(acl) == 0


def test_standard_lists_hold_sources_only() -> None:
    acl = AccessList("77", extended=False)
    acl.add(AclRule(Action.PERMIT, source=parse_ipv4("10.77.1.0"), source_wildcard=255, log=True))
    with pytest.raises(AclError, match="source addresses only"):
        acl.add(lan_to_lan())
    with pytest.raises(AclError, match="source addresses only"):
        acl.add(AclRule(Action.PERMIT, protocol=1))
    assert acl.check(Flow(parse_ipv4("10.77.1.9"), 1, 50))


def test_impossible_rules() -> None:
    port = PortMatch(PortOperator.EQ, (80,))
    for changes in (
        {"protocol": 1, "source_port": port},
        {"destination_port": port},
        {"protocol": 6, "destination_port": PortMatch(PortOperator.EQ, (65536,))},
        {"protocol": 6, "destination_port": PortMatch(PortOperator.RANGE, (21, 20))},
        {"protocol": 6, "destination_port": PortMatch(PortOperator.RANGE, (21,))},
        {"protocol": 6, "destination_port": PortMatch(PortOperator.LT, (21, 22))},
        {"protocol": 6, "destination_port": PortMatch(PortOperator.EQ, tuple(range(11)))},
        {"protocol": 6, "destination_port": PortMatch(PortOperator.EQ, ())},
        {"protocol": 17, "tcp_flags": 2},
        {"protocol": 6, "tcp_flags": 2, "fragments": True},
        {"protocol": 6, "tcp_flags": 2, "established": True},
        {"dscp": 46, "precedence": 5},
        {"protocol": 6, "icmp_type": 8},
        {"protocol": 1, "icmp_code": 0},
        {"protocol": 17, "established": True},
        {"protocol": 6, "established": True, "fragments": True},
    ):
        with pytest.raises(AclError):
            replace(PERMIT_ALL, **changes)


def test_fragments_as_ios_treats_them() -> None:
    www = PortMatch(PortOperator.EQ, (80,))
    first = Flow(1, 2, 6, 1025, 80)
    other = Flow(1, 2, 6, 1025, 23)
    later = Flow(1, 2, 6, later_fragment=True)
    permit = extended(AclRule(Action.PERMIT, protocol=6, destination_port=www))
    assert [permit.check(flow) for flow in (first, other, later)] == [True, False, True]
    deny = extended(AclRule(Action.DENY, protocol=6, destination_port=www), PERMIT_ALL)
    assert [deny.check(flow) for flow in (first, other, later)] == [False, True, True]
    only = extended(AclRule(Action.DENY, fragments=True), PERMIT_ALL)
    assert [only.check(flow) for flow in (first, other, later)] == [True, True, False]


@pytest.mark.parametrize(
    ("match", "matching"),
    [
        (PortMatch(PortOperator.EQ, (2,)), [2]),
        (PortMatch(PortOperator.EQ, (4, 0, 1)), [0, 1, 4]),
        (PortMatch(PortOperator.NEQ, (2,)), [0, 1, 3, 4]),
        (PortMatch(PortOperator.NEQ, (3, 2)), [0, 1, 4]),
        (PortMatch(PortOperator.LT, (2,)), [0, 1]),
        (PortMatch(PortOperator.GT, (2,)), [3, 4]),
        (PortMatch(PortOperator.RANGE, (1, 3)), [1, 2, 3]),
    ],
)
def test_port_operators(match: PortMatch, matching: list[int]) -> None:
    acl = extended(AclRule(Action.PERMIT, protocol=17, source_port=match))
    assert [port for port in range(5) if acl.check(Flow(1, 2, 17, port, 9))] == matching
    assert not acl.check(Flow(1, 2, 17)), "a truncated header has no port"


def test_established() -> None:
    acl = extended(AclRule(Action.PERMIT, protocol=6, established=True))
    assert not acl.check(Flow(1, 2, 6, 80, 1025))
    assert not acl.check(Flow(1, 2, 6, 80, 1025, 0x02))
    assert acl.check(Flow(1, 2, 6, 80, 1025, 0x10))
    assert acl.check(Flow(1, 2, 6, 80, 1025, 0x04))


def test_any_of_the_flags_will_do() -> None:
    acl = extended(AclRule(Action.PERMIT, protocol=6, tcp_flags=0x03))
    assert [acl.check(Flow(1, 2, 6, 80, 1025, flags)) for flags in (0, 1, 2, 0x12, 0x10)] == [0, 1, 1, 1, 0]


def test_the_type_of_service() -> None:
    expedited = extended(AclRule(Action.PERMIT, dscp=46))
    assert [expedited.check(Flow(1, 2, 6, tos=tos)) for tos in (0xB8, 0xBB, 0xBC, 0)] == [True, True, False, False]
    critical = extended(AclRule(Action.PERMIT, precedence=5, tos=8))
    assert [critical.check(Flow(1, 2, 6, tos=tos)) for tos in (0xB0, 0xB1, 0xB8, 0x50)] == [True, True, False, False]
    assert expedited.check(Flow(1, 2, 6, later_fragment=True, tos=0xB8))
    routine = extended(AclRule(Action.DENY, precedence=0), PERMIT_ALL)
    assert [routine.check(Flow(1, 2, 6, tos=tos)) for tos in (0x1F, 0x20)] == [False, True]


def test_log_input_is_a_log_too() -> None:
    assert AclRule(Action.PERMIT, log_input=True).log


def test_numbered_lists() -> None:
    assert [numbered_list_is_extended(n) for n in (0, 1, 99, 100, 199, 200, 1300, 1999, 2000, 2699, 2700)] == [
        *[None, False, False, True, True, None],
        *[False, False, True, True, None],
    ]


# Small domains, so that rules and packets meet.
protocols = st.sampled_from([1, 6, 17, 50])
small_addresses = st.integers(0, 7).map(lambda n: n << 29 | n)
wildcards = st.sampled_from([0, 1, 7, 255, 0x80000000, 0xA0000005, IPV4_MAX])
ports = st.integers(0, 5) | st.sampled_from([65534, 65535])


@st.composite
def port_matches(draw: st.DrawFn) -> PortMatch:
    operator = draw(st.sampled_from(PortOperator))
    first, last = sorted((draw(ports), draw(ports)))
    if operator in (PortOperator.EQ, PortOperator.NEQ):
        return PortMatch(operator, tuple(draw(st.lists(ports, min_size=1, max_size=3))))
    return PortMatch(operator, (first, last) if operator is PortOperator.RANGE else (first,))


@st.composite
def rules(draw: st.DrawFn) -> AclRule:
    action = draw(st.sampled_from([Action.PERMIT, Action.DENY]))
    rule = AclRule(
        action,
        draw(st.none() | protocols),
        draw(small_addresses),
        draw(wildcards),
        draw(small_addresses),
        draw(wildcards),
    )
    if draw(st.booleans()):
        rule = replace(rule, dscp=draw(st.integers(0, 2)))
    elif draw(st.booleans()):
        rule = replace(rule, precedence=draw(st.none() | st.integers(0, 1)), tos=draw(st.none() | st.integers(0, 2)))
    if draw(st.booleans()):
        return replace(rule, fragments=draw(st.booleans()))
    if rule.protocol == 1:
        return replace(rule, icmp_type=draw(st.integers(0, 2)), icmp_code=draw(st.none() | st.integers(0, 1)))
    if rule.protocol in (6, 17):
        optional = st.none() | port_matches()
        rule = replace(rule, source_port=draw(optional), destination_port=draw(optional))
    if rule.protocol == 6:
        flags = draw(st.sampled_from((0, 0, 2, 0x31)))
        rule = replace(rule, established=not flags and draw(st.booleans()), tcp_flags=flags)
    return rule


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    flow = Flow(draw(small_addresses), draw(small_addresses), draw(protocols), tos=draw(st.integers(0, 0x21)))
    if draw(st.integers(0, 3)) == 0:
        return flow._replace(later_fragment=True)
    if flow.protocol == 1:
        return flow._replace(icmp_type=draw(st.integers(0, 2)), icmp_code=draw(st.integers(0, 1)))
    if flow.protocol in (6, 17) and draw(st.integers(0, 5)):
        flags = draw(st.integers(0, 0x3F)) if flow.protocol == 6 else 0
        return flow._replace(source_port=draw(ports), destination_port=draw(ports), tcp_flags=flags)
    return flow


def port_fits(wanted: PortMatch | None, port: int) -> bool:
    if wanted is None:
        return True
    return (
        port != ABSENT
        and {
            PortOperator.EQ: port in wanted.ports,
            PortOperator.NEQ: port not in wanted.ports,
            PortOperator.LT: port < wanted.ports[0],
            PortOperator.GT: port > wanted.ports[0],
            PortOperator.RANGE: wanted.ports[0] <= port <= wanted.ports[-1],
        }[wanted.operator]
    )


def address_fits(address: int, wanted: int, wildcard: int) -> bool:
    return all(wildcard >> bit & 1 or address >> bit & 1 == wanted >> bit & 1 for bit in range(32))


def fits(rule: AclRule, flow: Flow) -> bool:
    """One rule, read aloud."""
    if rule.protocol is not None and rule.protocol != flow.protocol:
        return False
    if not address_fits(flow.source, rule.source, rule.source_wildcard):
        return False
    if not address_fits(flow.destination, rule.destination, rule.destination_wildcard):
        return False
    if rule.dscp is not None and rule.dscp != flow.tos >> 2:
        return False
    if rule.precedence is not None and rule.precedence != flow.tos >> 5:
        return False
    if rule.tos is not None and rule.tos != flow.tos >> 1 & 0xF:
        return False
    if flow.later_fragment:
        return rule.fragments or not rule.has_layer4 or rule.action is Action.PERMIT
    if rule.fragments:
        return False
    if rule.icmp_type is not None and rule.icmp_type != flow.icmp_type:
        return False
    if rule.icmp_code is not None and rule.icmp_code != flow.icmp_code:
        return False
    if rule.tcp_flags and not rule.tcp_flags & flow.tcp_flags:
        return False
    if rule.established and not flow.tcp_flags & (0x10 | 0x04):
        return False
    return port_fits(rule.source_port, flow.source_port) and port_fits(rule.destination_port, flow.destination_port)


@given(st.lists(rules(), max_size=8, unique=True), st.lists(flows(), max_size=8))
def test_against_a_naive_reading(lines: list[AclRule], packets: list[Flow]) -> None:
    acl = extended(*lines)
    counts = [0] * len(lines)
    for packet in packets * 2:  # the second time from the cache
        expected = next((number for number, line in enumerate(lines) if fits(line, packet)), None)
        if expected is None:
            assert acl.check(packet) is (not lines)
        else:
            counts[expected] += 1
            assert acl.check(packet) is (lines[expected].action is Action.PERMIT)
    assert [entry.matches for entry in acl] == counts


@given(st.lists(rules(), min_size=1, max_size=6, unique=True), flows(), st.data())
def test_edits_are_seen_at_once(lines: list[AclRule], packet: Flow, data: st.DataObject) -> None:
    acl = extended(*lines)
    acl.check(packet)
    victim = data.draw(st.sampled_from(acl.entries))
    assert acl.remove(victim.sequence)
    left = [line for line in lines if line != victim.rule]
    expected = next((line for line in left if fits(line, packet)), None)
    found = acl.match(packet)
    assert (None if found is None else found.rule) == expected
