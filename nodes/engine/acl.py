"""IPv4 access lists: the first entry that matches decides, and a packet that none matches is denied.

An :class:`AccessList` holds numbered entries. Each keeps its own count of matches, whatever happens to its neighbours.
The list is compiled to plain tuples when it is first used after an edit, and the verdict for a :class:`Flow` is
remembered, so the cost of a packet does not grow with the number of lines.

Fragments follow IOS ("Access Control Lists and IP Fragments"). A non-initial fragment has no layer-4 header, so

* an entry on layer 3 alone matches it like any packet; with ``fragments`` it matches *only* non-initial fragments;
* a ``permit`` with layer-4 conditions matches it when its layer-3 part does (the initial fragment is judged in full,
  and without it nobody can put the rest together);
* a ``deny`` with layer-4 conditions does not match it.

Remarks are entries too, but they have no number of their own: a remark stands before the rule of the same number.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise
from typing import Final, NamedTuple

from nodes.base.addr import IPV4_MAX
from nodes.base.errors import WirelabError

SEQUENCE_STEP: Final = 10
SEQUENCE_MAX: Final = 2_147_483_647
ABSENT: Final = -1  # the packet has no such field: a port of an ICMP message, a port of a truncated header

_ICMP: Final = 1
_TCP: Final = 6
_UDP: Final = 17
_ESTABLISHED: Final = 0x14  # ACK or RST
_CACHE_LIMIT: Final = 4096  # flows remembered between two edits


class AclError(WirelabError, ValueError):
    """An entry that no access list, or not this kind of list, can hold."""


class Action(Enum):
    PERMIT = "permit"
    DENY = "deny"
    REMARK = "remark"


class Flow(NamedTuple):
    """What an access list may ask about a packet; made once per packet, whatever number of lists it meets.

    A field that the packet does not have is ABSENT and fulfils no condition on it. Addresses are ints.
    """

    source: int
    destination: int
    protocol: int
    source_port: int = ABSENT
    destination_port: int = ABSENT
    #: The flags of a TCP segment (RFC 9293 3.1), 0 for anything else.
    tcp_flags: int = 0
    icmp_type: int = ABSENT
    icmp_code: int = ABSENT
    #: A fragment other than the first: it has no layer-4 header, whatever its first octets look like.
    later_fragment: bool = False
    #: The type of service, of which the DSCP is the upper six bits and the precedence the upper three.
    tos: int = 0


class PortOperator(Enum):
    EQ = "eq"
    NEQ = "neq"
    LT = "lt"
    GT = "gt"
    RANGE = "range"


class PortMatch(NamedTuple):
    """``eq 80 443`` is (EQ, (80, 443)); ``range 20 21`` is (RANGE, (20, 21)). Only EQ and NEQ take several."""

    operator: PortOperator
    ports: tuple[int, ...]

    def spans(self) -> tuple[tuple[int, int], ...]:
        """The matching ports as inclusive spans."""
        first, last = self.ports[0], self.ports[-1]
        match self.operator:
            case PortOperator.EQ:
                return tuple((port, port) for port in self.ports)
            case PortOperator.NEQ:
                edges = [-1, *sorted(self.ports), 0x10000]
                return tuple((low + 1, high - 1) for low, high in pairwise(edges))
            case PortOperator.LT:
                return ((0, first - 1),)
            case PortOperator.GT:
                return ((first + 1, 0xFFFF),)
            case PortOperator.RANGE:
                return ((first, last),)


#: How many ports may follow an operator.
_MOST_PORTS: Final = {
    PortOperator.EQ: 10,
    PortOperator.NEQ: 10,
    PortOperator.LT: 1,
    PortOperator.GT: 1,
    PortOperator.RANGE: 2,
}


@dataclass(frozen=True, slots=True)
class AclRule:
    """One line of an access list. Two lines that mean the same compare equal.

    ``protocol`` None is ``ip``. A wildcard has ones where the address does not matter; those bits of the address are
    cleared, as IOS prints them. Raises AclError for a combination that has no meaning (a port of ICMP, …).
    """

    action: Action
    protocol: int | None = None
    source: int = 0
    source_wildcard: int = IPV4_MAX
    destination: int = 0
    destination_wildcard: int = IPV4_MAX
    source_port: PortMatch | None = None
    destination_port: PortMatch | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    established: bool = False
    """TCP with ACK or RST set: it belongs to a connection."""
    fragments: bool = False
    log: bool = False
    remark: str = ""
    log_input: bool = False
    """``log-input``: the log says where the packet came in, too."""
    tcp_flags: int = 0
    """One of these is set."""
    dscp: int | None = None
    precedence: int | None = None
    tos: int | None = None
    """The four bits below the precedence."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", self.source & ~self.source_wildcard & IPV4_MAX)
        object.__setattr__(self, "destination", self.destination & ~self.destination_wildcard & IPV4_MAX)
        object.__setattr__(self, "log", self.log or self.log_input)
        ports = [match for match in (self.source_port, self.destination_port) if match is not None]
        if ports and self.protocol not in (_TCP, _UDP):
            raise AclError("only tcp and udp have ports")
        for operator, numbers in ports:
            if not numbers or not all(0 <= port <= 0xFFFF for port in numbers) or len(numbers) > _MOST_PORTS[operator]:
                raise AclError("a port is in 0..65535")
            if operator is PortOperator.RANGE and (len(numbers) < 2 or numbers[0] > numbers[1]):
                raise AclError("a range has two ends, and goes upwards")
        if self.icmp_type is not None and self.protocol != _ICMP:
            raise AclError("only icmp has message types")
        if self.icmp_code is not None and self.icmp_type is None:
            raise AclError("an ICMP code needs its type")
        if (self.established or self.tcp_flags) and self.protocol != _TCP:
            raise AclError("only tcp has flags, and established connections")
        if self.established and self.tcp_flags:
            raise AclError("an established connection has its flags")
        if self.dscp is not None and (self.precedence is not None or self.tos is not None):
            raise AclError("the DSCP and the precedence are the same bits")
        if self.fragments and self.has_layer4:
            raise AclError("non-initial fragments have no layer-4 header to match")

    @property
    def has_layer4(self) -> bool:
        """Does the rule look beyond the IPv4 header?"""
        return (
            self.source_port is not None
            or self.destination_port is not None
            or self.icmp_type is not None
            or self.established
            or bool(self.tcp_flags)
        )

    @property
    def service(self) -> tuple[int, int]:
        """The bits of the type of service that matter, and their values."""
        if self.dscp is not None:
            return 0xFC, self.dscp << 2
        care, value = 0, 0
        if self.precedence is not None:
            care, value = 0xE0, self.precedence << 5
        if self.tos is not None:
            care, value = care | 0x1E, value | self.tos << 1
        return care, value


@dataclass(slots=True, eq=False)
class AclEntry:
    """A rule in a list. ``matches`` counts packets since the entry was made or the counters were cleared."""

    sequence: int
    rule: AclRule
    matches: int = field(default=0)


class _Compiled(NamedTuple):
    """A rule as the matcher compares it. ``*_care`` has ones where the address matters; ABSENT is "any"."""

    protocol: int
    source_care: int
    source: int
    destination_care: int
    destination: int
    plain: bool  # nothing to look at beyond the three above
    layer4: bool
    permit: bool
    fragments: bool
    flags: int  # one of these is set; 0 is "any"
    service_care: int
    service: int
    icmp_type: int
    icmp_code: int
    source_spans: tuple[tuple[int, int], ...]
    destination_spans: tuple[tuple[int, int], ...]
    entry: AclEntry


class _Index(NamedTuple):
    """The rules of a list, without its remarks, by what they say and by their number."""

    by_rule: dict[AclRule, AclEntry]
    by_sequence: dict[int, AclEntry]


class AccessList:
    """A standard or extended list under a name (``"101"`` is a name too).

    A list without a single permit or deny line permits everything, as on IOS, where an interface may refer to a list
    that is not written yet.

    Two lists are equal when they have the same name and kind and the same lines in the same order: what a configuration
    says of them. It has neither counts nor sequence numbers.
    """

    __slots__ = ("_cache", "_compiled", "_entries", "_index", "extended", "name")

    def __init__(self, name: str, *, extended: bool) -> None:
        self.name = name
        self.extended = extended
        self._entries: list[AclEntry] = []
        self._compiled: list[_Compiled] | None = None
        self._index: _Index | None = None
        self._cache: dict[Flow, AclEntry | None] = {}

    # Editing.

    def add(self, rule: AclRule, sequence: int | None = None) -> AclEntry:
        """Put ``rule`` at ``sequence``, by default ten after the last rule; returns its entry.

        A rule that the list already has stays where it is (IOS ignores the repetition). Raises AclError for a number
        that is taken or out of range, and for a rule that a standard list cannot hold.
        """
        if not self.extended and rule.action is not Action.REMARK and rule != _standard(rule):
            raise AclError(f"standard access list {self.name} matches source addresses only")
        index = self._indexed()
        is_rule = rule.action is not Action.REMARK
        if is_rule:
            known = index.by_rule.get(rule) if sequence is None else index.by_sequence.get(sequence)
            if known is not None and known.rule == rule:
                return known
        if sequence is None:
            sequence = self.next_sequence
        if not 1 <= sequence <= SEQUENCE_MAX:
            raise AclError(f"a sequence number is in 1..{SEQUENCE_MAX}")
        if is_rule and sequence in index.by_sequence:
            raise AclError(f"sequence number {sequence} is taken")
        added = AclEntry(sequence, rule)
        insort(self._entries, added, key=_order)
        self._changed()
        if is_rule:
            index.by_rule.setdefault(rule, added)
            index.by_sequence[sequence] = added
        # The index still holds: a list of thousands of lines is not looked through for each new one.
        self._index = index
        return added

    def remove(self, sequence: int) -> bool:
        """Take out the rule with this number; False when there is none."""
        entry = self.find(sequence)
        if entry is None:
            return False
        self._entries.remove(entry)
        self._changed()
        return True

    def remove_rule(self, rule: AclRule) -> bool:
        """Take out the rule (or remark) equal to this one, whatever its number; False when there is none."""
        for entry in self._entries:
            if entry.rule == rule:
                self._entries.remove(entry)
                self._changed()
                return True
        return False

    def resequence(self, start: int = SEQUENCE_STEP, step: int = SEQUENCE_STEP) -> None:
        """Number the rules ``start``, ``start + step``, … without changing their order or their counts."""
        rules = sum(entry.rule.action is not Action.REMARK for entry in self._entries)
        if start < 1 or step < 1 or start + step * max(rules - 1, 0) > SEQUENCE_MAX:
            raise AclError(f"sequence numbers are in 1..{SEQUENCE_MAX}")
        number = start
        for entry in self._entries:
            entry.sequence = min(number, SEQUENCE_MAX)
            if entry.rule.action is not Action.REMARK:
                number += step
        self._changed()

    def clear(self) -> None:
        """Take out every entry."""
        self._entries.clear()
        self._changed()

    # Looking.

    @property
    def entries(self) -> tuple[AclEntry, ...]:
        """Rules and remarks in the order in which they apply and are printed."""
        return tuple(self._entries)

    def __iter__(self) -> Iterator[AclEntry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AccessList):
            return NotImplemented
        return self._lines() == other._lines()

    __hash__ = None  # type: ignore[assignment]  # a list is edited in place

    def _lines(self) -> tuple[str, bool, list[AclRule]]:
        return self.name, self.extended, [entry.rule for entry in self._entries]

    def find(self, sequence: int) -> AclEntry | None:
        return self._indexed().by_sequence.get(sequence)

    @property
    def next_sequence(self) -> int:
        """The number that a rule added without one gets: ten after the last rule."""
        rules = (entry for entry in reversed(self._entries) if entry.rule.action is not Action.REMARK)
        last = next(rules, None)
        return (0 if last is None else last.sequence) + SEQUENCE_STEP

    def _indexed(self) -> _Index:
        if self._index is None:
            rules = [entry for entry in self._entries if entry.rule.action is not Action.REMARK]
            # Of equal rules the first one counts, hence the order.
            self._index = _Index(
                {entry.rule: entry for entry in reversed(rules)}, {entry.sequence: entry for entry in rules}
            )
        return self._index

    def clear_counters(self) -> None:
        for entry in self._entries:
            entry.matches = 0

    # Matching.

    def match(self, flow: Flow) -> AclEntry | None:
        """The entry that decides about this packet, not counted; None: no entry matches."""
        try:
            return self._cache[flow]
        except KeyError:
            pass
        found = self._search(flow)
        if len(self._cache) >= _CACHE_LIMIT:  # a scan of many flows must not grow the device
            self._cache.clear()
        self._cache[flow] = found
        return found

    def hit(self, flow: Flow) -> AclEntry | None:
        """:meth:`match`, and the entry counts the packet. For who wants to know more than yes or no (``log``)."""
        entry = self.match(flow)
        if entry is not None:
            entry.matches += 1
        return entry

    def permits(self, entry: AclEntry | None) -> bool:
        """The verdict that belongs to what :meth:`match` or :meth:`hit` found."""
        if entry is None:
            return not self._rules()
        return entry.rule.action is Action.PERMIT

    def check(self, flow: Flow) -> bool:
        """May the packet pass? Counts the match."""
        return self.permits(self.hit(flow))

    def _search(self, flow: Flow) -> AclEntry | None:
        source, destination, protocol = flow[:3]
        for rule in self._rules():
            if (
                source & rule.source_care == rule.source
                and destination & rule.destination_care == rule.destination
                and rule.protocol in (ABSENT, protocol)
                and (rule.plain or _matches_beyond(rule, flow))
            ):
                return rule.entry
        return None

    def _rules(self) -> list[_Compiled]:
        if self._compiled is None:
            self._compiled = [_compile(entry) for entry in self._entries if entry.rule.action is not Action.REMARK]
        return self._compiled

    def _changed(self) -> None:
        self._compiled = None
        self._index = None
        self._cache.clear()


def numbered_list_is_extended(number: int) -> bool | None:
    """What ``access-list NUMBER`` makes: an extended list, a standard one, or (None) no IPv4 list at all."""
    if 1 <= number <= 99 or 1300 <= number <= 1999:
        return False
    if 100 <= number <= 199 or 2000 <= number <= 2699:
        return True
    return None


def _standard(rule: AclRule) -> AclRule:
    """What a standard list can hold of ``rule``."""
    return AclRule(rule.action, source=rule.source, source_wildcard=rule.source_wildcard, log=rule.log)


def _order(entry: AclEntry) -> tuple[int, bool]:
    return entry.sequence, entry.rule.action is not Action.REMARK


def _matches_beyond(rule: _Compiled, flow: Flow) -> bool:
    """Does a packet that fits the addresses and the protocol fit the rest of the rule?"""
    if flow.tos & rule.service_care != rule.service:
        return False
    if flow.later_fragment:
        return rule.permit or not rule.layer4
    return not (
        rule.fragments
        or (rule.flags and not flow.tcp_flags & rule.flags)
        or rule.icmp_type not in (ABSENT, flow.icmp_type)
        or rule.icmp_code not in (ABSENT, flow.icmp_code)
        or (rule.source_spans and not _within(flow.source_port, rule.source_spans))
        or (rule.destination_spans and not _within(flow.destination_port, rule.destination_spans))
    )


def _within(port: int, spans: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= port <= last for first, last in spans)


def _compile(entry: AclEntry) -> _Compiled:
    rule = entry.rule
    care, service = rule.service
    return _Compiled(
        protocol=ABSENT if rule.protocol is None else rule.protocol,
        source_care=~rule.source_wildcard & IPV4_MAX,
        source=rule.source,
        destination_care=~rule.destination_wildcard & IPV4_MAX,
        destination=rule.destination,
        plain=not rule.has_layer4 and not rule.fragments and not care,
        layer4=rule.has_layer4,
        permit=rule.action is Action.PERMIT,
        fragments=rule.fragments,
        flags=rule.tcp_flags or _ESTABLISHED * rule.established,
        service_care=care,
        service=service,
        icmp_type=ABSENT if rule.icmp_type is None else rule.icmp_type,
        icmp_code=ABSENT if rule.icmp_code is None else rule.icmp_code,
        source_spans=() if rule.source_port is None else rule.source_port.spans(),
        destination_spans=() if rule.destination_port is None else rule.destination_port.spans(),
        entry=entry,
    )
