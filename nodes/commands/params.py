"""The parameter types that know networking."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, Final

from nodes.base import ifname
from nodes.base.addr import parse_ipv4, parse_mac
from nodes.base.errors import AddressError
from nodes.base.ifname import Family
from nodes.cli.params import FREE_WORD, Accept, Match, Param, Reject
from nodes.wire import names


def _fitting(text: str) -> int:
    """How many leading characters of ``text`` could still become a dotted address."""
    octets = 0
    digits = ""
    for at, char in enumerate(text):
        if char.isascii() and char.isdigit() and len(digits) < 3 and int(digits + char) <= 255:
            digits += char
        elif char == "." and digits and octets < 3:
            octets, digits = octets + 1, ""
        else:
            return at
    return len(text)


class Ipv4Param:
    """A dotted IPv4 address; its value is the int."""

    label = "A.B.C.D"

    def consume(self, words: Sequence[str]) -> Match:
        try:
            return Accept(parse_ipv4(words[0]), 1)
        except AddressError:
            return Reject(_fitting(words[0]))


class TargetParam:
    """A host to reach: any word that is no option."""

    label = "target_name"
    rank = FREE_WORD

    def consume(self, words: Sequence[str]) -> Match:
        return Reject() if words[0].startswith("-") else Accept(words[0])


class MacParam:
    """A MAC address as IOS writes it, ``001b.d4aa.0100``; its value is the six octets."""

    label = "H.H.H"

    def consume(self, words: Sequence[str]) -> Match:
        try:
            return Accept(parse_mac(words[0]), 1)
        except AddressError:
            return Reject(0)


#: Interface types without wires, and the numbers that they may have; and those of subinterfaces, behind the dot.
_LOGICAL: Final = {"Loopback": (0, 2147483647), "Vlan": (1, 4094)}
_SUBINTERFACES: Final = (1, 4294967295)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Interfaces:
    """The interfaces of a device, as far as a command line has to know them.

    ``ports`` are the names of the physical ones. ``makeable`` are the families of which one more can be made.
    """

    def __init__(self, ports: Iterable[str], makeable: Iterable[Family] = ()) -> None:
        self.ports = tuple(ports)
        self.device: Any = None
        self.makeable = frozenset(makeable)
        logical = [kind for kind in _LOGICAL if ifname.family(f"{kind}0") in self.makeable]
        self.types = sorted([*ifname.types(self.ports), *logical])

    def known(self) -> Container[str]:
        """The names of all that exist, which come and go."""
        if not self.makeable or self.device is None:
            return self.ports
        configs: Mapping[str, object] = self.device.interface_configs
        return configs


class InterfaceParam:
    """An interface of this device: ``fa0/0``, ``FastEthernet 0/0.10``, ``loopback 1``; its value is the canonical name.

    ``new``: one that could be made will do as well.
    """

    label = "INTERFACE"

    def __init__(self, interfaces: Interfaces, *, new: bool = False) -> None:
        self._interfaces = interfaces
        self._new = new

    def about(self, device: Any) -> None:
        self._interfaces.device = device

    def consume(self, words: Sequence[str]) -> Match:
        word, types = words[0], self._interfaces.types
        letters = len(word) - len(word.lstrip(_LETTERS))
        kinds = [kind for kind in types if letters and kind.lower().startswith(word[:letters].lower())]
        if not kinds:
            return Reject(max((_common(word[:letters].lower(), kind.lower()) for kind in types), default=0))
        number, count = word[letters:], 1
        if not number:
            if len(words) == 1:
                return Reject(0, 1)  # the number is still to come
            number, count = words[1], 2
        fitting = 0
        for kind in kinds:
            name = self._named(kind, number)
            if isinstance(name, str):
                return Accept(name, count)
            fitting = max(fitting, name)
        return Reject(letters + fitting) if count == 1 else Reject(fitting, 1)

    def _named(self, kind: str, number: str) -> str | int:
        """The name of the interface of this type and number; without one, how many characters of the number fit."""
        interfaces = self._interfaces
        if kind in _LOGICAL:
            head, last = "", number
        else:
            port, dot, last = number.partition(".")
            if f"{kind}{port}" not in interfaces.ports:
                return max(_common(port, own) for own in self._port_numbers(kind))
            if not dot:
                return f"{kind}{port}"
            head = port + dot
        low, high = _LOGICAL.get(kind, _SUBINTERFACES)
        digits = len(last) - len(last.lstrip("0123456789"))
        # A number of a megabyte is out of range; int() of it would be slow, or raise.
        if digits != len(last) or not 0 < digits <= 12 or not low <= int(last) <= high:
            return len(head) + (digits if digits < len(last) else 0)
        name = f"{kind}{head}{int(last)}"
        makeable = self._new and ifname.family(name) in interfaces.makeable
        return name if makeable or name in interfaces.known() else len(head)

    def _port_numbers(self, kind: str) -> list[str]:
        """The numbers that ports of a type have: ``0/0``, ``0/1``."""
        return [number for own, number in map(ifname.split, self._interfaces.ports) if own == kind]

    def following(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Behind the type, or within a number: the range of the part that is being typed."""
        letters = len(words[0]) - len(words[0].lstrip(_LETTERS))
        kind = next(kind for kind in self._interfaces.types if kind.lower().startswith(words[0][:letters].lower()))
        number = words[0][letters:] or "".join(words[1:2])
        port, dot, _ = number.partition(".")
        if kind in _LOGICAL:
            spans = [_LOGICAL[kind]] if not port or (port.isdigit() and not dot) else []
        elif dot:
            makeable = Family.SUBINTERFACE in self._interfaces.makeable and f"{kind}{port}" in self._interfaces.ports
            spans = [_SUBINTERFACES] if makeable else []
        else:
            head = port[: port.rfind("/") + 1]
            parts = [own[len(head) :].split("/")[0] for own in self._port_numbers(kind) if own.startswith(head)]
            spans = [(min(map(int, parts)), max(map(int, parts)))] if parts else []
        return [(f"<{low}-{high}>", f"{kind} interface number") for low, high in spans]

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        """Interface types for ``?`` and Tab."""
        return [(kind, ifname.HELP[kind]) for kind in self._interfaces.types if kind.lower().startswith(prefix.lower())]


class InterfaceRangeParam:
    """``fa0/1 - 4 , fa0/7``, ``vlan 1 - 3``: its value is the tuple of canonical names, each once, in the order given.

    They all exist, and are of one family: what a range is configured with has to make sense for each.
    """

    label = "INTERFACE"
    verbatim = True

    _ITEM = re.compile(r"\s*([A-Za-z]+)\s*(\d[\d/.]*)(?:\s*-\s*(?:[A-Za-z]+\s*)?(\d[\d/.]*))?\s*")

    def __init__(self, interfaces: Interfaces) -> None:
        self._interfaces = interfaces
        self._one = InterfaceParam(interfaces)

    def about(self, device: Any) -> None:
        self._interfaces.device = device

    def consume(self, words: Sequence[str]) -> Match:
        text = words[0].rstrip()
        chosen: dict[str, None] = {}
        at = 0
        while True:
            item = self._ITEM.match(text, at)
            if item is None:
                return Reject(at)
            first = self._one.consume((item[1] + item[2],))
            if isinstance(first, Reject):
                beyond = first.offset - len(item[1])
                return Reject(item.start(1) + first.offset if beyond < 0 else item.start(2) + beyond)
            if any(ifname.family(first.value) is not ifname.family(name) for name in chosen):
                return Reject(item.start(1))
            members = self._up_to(first.value, item[3] or item[2])
            if members is None:
                return Reject(item.start(3))
            chosen |= dict.fromkeys(members)
            at = item.end()
            if at == len(text):
                return Accept(tuple(chosen))
            if text[at] != ",":
                return Reject(at)
            at += 1

    def _up_to(self, first: str, last: str) -> list[str] | None:
        """The interfaces from ``first`` to the number ``last``, which may be short: ``4``, ``0/4``, ``0/0.4``."""
        kind, number = ifname.split(first)
        head, low = _cut(number)
        tail, high = _cut(last)
        if tail not in ("", head) or not (high.isdigit() and len(high) <= 12 and int(low) <= int(high)):
            return None
        known = self._interfaces.known()
        members = []
        for each in range(int(low), int(high) + 1):
            name = f"{kind}{head}{each}"
            if name not in known:
                return None
            members.append(name)
        return members

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        return self._one.completions(prefix)


def _cut(number: str) -> tuple[str, str]:
    """``"0/0.10"`` -> ``("0/0.", "10")``: the part of a number that counts within a range comes last."""
    last = max(number.rfind("/"), number.rfind(".")) + 1
    return number[:last], number[last:]


class NamedNumberParam:
    """A number or one of its names (a port, an ICMP message); its value is the number."""

    def __init__(self, names: Mapping[str, int], high: int, what: str) -> None:
        self._names = names
        self._high = high
        self._what = what

    @property
    def label(self) -> str:
        return f"<0-{self._high}>"

    def consume(self, words: Sequence[str]) -> Match:
        word = words[0].lower()
        if word.isascii() and word.isdigit():
            return Accept(int(word), 1) if len(word) <= 8 and int(word) <= self._high else Reject(0)
        if word in self._names:
            return Accept(self._names[word], 1)
        found = {number for name, number in self._names.items() if name.startswith(word)}
        if len(found) == 1:
            return Accept(found.pop(), 1)
        fitting = max((_common(word, name) for name in self._names), default=0)
        return Reject(fitting)

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        named = [
            (name, f"{name} ({self._what} {number})")
            for name, number in sorted(self._names.items())
            if name.startswith(prefix.lower())
        ]
        return named if prefix else [(self.label, f"{self._what[0].upper()}{self._what[1:]} number"), *named]


def _common(one: str, other: str) -> int:
    """How many leading characters agree."""
    same = 0
    for have, want in zip(one, other, strict=False):
        if have != want:
            break
        same += 1
    return same


class VlanListParam:
    """``10``, ``10,20-22``: its value is the frozen set of numbers in 1..4094."""

    label = "WORD"

    def consume(self, words: Sequence[str]) -> Match:
        vlans: set[int] = set()
        offset = 0
        for part in words[0].split(","):
            first, dash, last = part.partition("-")
            if not (first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit()))):
                return Reject(offset)
            low, high = int(first), int(last) if dash else int(first)
            if not 1 <= low <= high <= 4094:
                return Reject(offset)
            vlans.update(range(low, high + 1))
            offset += len(part) + 1
        return Accept(frozenset(vlans), 1)


def base_params(interfaces: Interfaces) -> dict[str, Param]:
    """The registry of a device with these interfaces."""
    return {
        "ipv4": Ipv4Param(),
        "mac": MacParam(),
        "target": TargetParam(),
        "interface": InterfaceParam(interfaces),
        "new-interface": InterfaceParam(interfaces, new=True),
        "interface-range": InterfaceRangeParam(interfaces),
        "vlans": VlanListParam(),
        "tcp-port": NamedNumberParam(names.TCP_PORTS, 65535, "TCP port"),
        "precedence": NamedNumberParam(names.PRECEDENCES, 7, "precedence"),
        "tos": NamedNumberParam(names.SERVICES, 15, "type of service"),
        "dscp": NamedNumberParam(names.DSCPS, 63, "codepoint"),
        "udp-port": NamedNumberParam(names.UDP_PORTS, 65535, "UDP port"),
    }
