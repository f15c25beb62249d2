"""The parameter types that know networking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from nodes.base import ifname
from nodes.base.addr import parse_ipv4, parse_mac
from nodes.base.errors import AddressError
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


class InterfaceParam:
    """An interface of this device: ``fa0/0``, ``FastEthernet 0/0``; its value is the canonical name."""

    label = "INTERFACE"

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._types = ifname.types(self._names)

    def consume(self, words: Sequence[str]) -> Match:
        word = words[0]
        letters = len(word) - len(word.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
        kinds = [kind for kind in self._types if letters and kind.lower().startswith(word[:letters].lower())]
        if not kinds:
            return Reject(max((_common(word[:letters].lower(), kind.lower()) for kind in self._types), default=0))
        number, count = word[letters:], 1
        if not number:
            if len(words) == 1:
                return Reject(0, 1)  # the number is still to come
            number, count = words[1], 2
        for kind in kinds:
            if f"{kind}{number}" in self._names:
                return Accept(f"{kind}{number}", count)
        fitting = max(_common(number, own) for own in self._numbers(kinds))
        return Reject(letters + fitting) if count == 1 else Reject(fitting, 1)

    def _numbers(self, kinds: Iterable[str]) -> list[str]:
        """The numbers that ports of these types have: ``0/0``, ``0/1``."""
        return [number for kind, number in map(ifname.split, self._names) if kind in kinds]

    def following(self, words: Sequence[str]) -> list[tuple[str, str]]:
        """Between the type and the number."""
        kinds = [kind for kind in self._types if kind.lower().startswith(words[0].lower())]
        firsts = sorted({int(number.split("/")[0]) for number in self._numbers(kinds)})
        return [(f"<{firsts[0]}-{firsts[-1]}>", f"{kinds[0]} interface number")] if firsts else []

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        """Interface types for ``?`` and Tab."""
        return [(kind, ifname.HELP[kind]) for kind in self._types if kind.lower().startswith(prefix.lower())]


class InterfaceRangeParam:
    """``fa0/1 - 4 , fa0/7``: its value is the tuple of canonical names, each once, in the order given."""

    label = "INTERFACE"
    verbatim = True

    _ITEM = re.compile(r"\s*([A-Za-z]+)\s*(\d[\d/]*)(?:\s*-\s*(?:[A-Za-z]+\s*)?(\d[\d/]*))?\s*")

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(names)
        self._one = InterfaceParam(self._names)

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

    def _up_to(self, first: str, last: str) -> tuple[str, ...] | None:
        """The ports from ``first`` to the number ``last``, which may be short: ``4`` or ``0/4``."""
        kind, number = ifname.split(first)
        if "/" not in last:
            last = number.rpartition("/")[0] + "/" + last if "/" in number else last
        name = f"{kind}{last}"
        if name not in self._names:
            return None
        low, high = self._names.index(first), self._names.index(name)
        return self._names[low : high + 1] if low <= high else None

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        return self._one.completions(prefix)


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
        return named if prefix else [(self.label, f"{self._what} number".capitalize()), *named]


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


def base_params(interfaces: Iterable[str]) -> dict[str, Param]:
    """The registry of a device with these interfaces."""
    names_of_ports = tuple(interfaces)
    return {
        "ipv4": Ipv4Param(),
        "mac": MacParam(),
        "target": TargetParam(),
        "interface": InterfaceParam(names_of_ports),
        "interface-range": InterfaceRangeParam(names_of_ports),
        "vlans": VlanListParam(),
        "tcp-port": NamedNumberParam(names.TCP_PORTS, 65535, "TCP port"),
        "udp-port": NamedNumberParam(names.UDP_PORTS, 65535, "UDP port"),
    }
