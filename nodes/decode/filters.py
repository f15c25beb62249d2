"""The display filter language: which frames a person wants to see.

::

    filter    = and { ("or" | "||") and }
    and       = not { ("and" | "&&") not }
    not       = ("not" | "!") not | primary
    primary   = protocols | ["src" | "dst"] "host" A.B.C.D | "port" N | "(" filter ")"
    protocols = NAME { [","] NAME }                 any of them: "icmp arp" is "icmp or arp"

Words are read in any case. ``host`` looks at the addresses of an IPv4 packet or of ARP, ``port`` at the ports of UDP or
TCP. What an ICMP error quotes of another packet is not looked at. The fragments of a datagram count as its IP protocol,
but only the first one has ports.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import AddressError, WirelabError
from nodes.decode.dissect import dissect
from nodes.decode.facts import Facts, facts
from nodes.decode.layers import NAMES

#: Protocol names, as they may be written, with the key that each stands for.
PROTOCOLS: Final = {key: key for key in NAMES} | {"eth": "ethernet", "ipv4": "ip"}

_TOKEN: Final = re.compile(r"&&|\|\||[()!,]|[^\s()!,&|]+|\S")
_OPERATORS: Final = {"&&": "and", "||": "or", "!": "not"}
_PRIMARY: Final = "a protocol, 'host', 'src host', 'dst host', 'port', 'not' or '('"
#: What a dissection decides and the facts of a frame do not have.
_DEEP: Final = frozenset({"data", "malformed"})
_NESTING_MAX: Final = 32


class FilterError(WirelabError):
    """Text that is not a filter. ``column`` counts from 1; ``expected`` says what could have stood there."""

    def __init__(self, column: int, expected: str, found: str) -> None:
        super().__init__(f"column {column}: {expected} expected, not {found}")
        self.column = column
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter that was understood. ``text`` is its canonical form, which compiles to the same filter."""

    text: str
    _test: _Test

    def matches(self, frame: bytes) -> bool:
        return self._test.matches(facts(frame))


def compile(text: str) -> Filter:
    """``"icmp arp and not host 10.0.10.20"`` -> a Filter. Raises FilterError."""
    test = _Parser(text).parse()
    return Filter(test.text(), test)


class _Test(Protocol):
    def matches(self, found: Facts) -> bool: ...

    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Is:
    key: str

    def matches(self, found: Facts) -> bool:
        if self.key in _DEEP:
            return any(layer.key == self.key and not layer.quoted for layer in dissect(found.frame))
        return self.key in found.keys

    def text(self) -> str:
        return self.key


@dataclass(frozen=True, slots=True)
class _Host:
    side: str
    """"src", "dst", or "" for either."""
    address: int

    def matches(self, found: Facts) -> bool:
        return (self.side != "dst" and found.src == self.address) or (self.side != "src" and found.dst == self.address)

    def text(self) -> str:
        return f"{self.side} host {format_ipv4(self.address)}".lstrip()


@dataclass(frozen=True, slots=True)
class _Port:
    number: int

    def matches(self, found: Facts) -> bool:
        return self.number in found.ports

    def text(self) -> str:
        return f"port {self.number}"


@dataclass(frozen=True, slots=True)
class _Not:
    test: _Test

    def matches(self, found: Facts) -> bool:
        return not self.test.matches(found)

    def text(self) -> str:
        return f"not {_within(self.test, _And, _Or)}"


@dataclass(frozen=True, slots=True)
class _And:
    tests: tuple[_Test, ...]

    def matches(self, found: Facts) -> bool:
        return all(test.matches(found) for test in self.tests)

    def text(self) -> str:
        return " and ".join(_within(test, _And, _Or) for test in self.tests)


@dataclass(frozen=True, slots=True)
class _Or:
    tests: tuple[_Test, ...]

    def matches(self, found: Facts) -> bool:
        return any(test.matches(found) for test in self.tests)

    def text(self) -> str:
        return " or ".join(_within(test, _Or) for test in self.tests)


def _within(test: _Test, *looser: type) -> str:
    return f"({test.text()})" if isinstance(test, looser) else test.text()


class _Parser:
    """One method for each rule of the grammar above."""

    def __init__(self, text: str) -> None:
        matches = list(_TOKEN.finditer(text))
        self._words = [_OPERATORS.get(match[0], match[0].lower()) for match in matches]
        self._columns = [match.start() + 1 for match in matches] + [len(text) + 1]
        self._at = 0
        self._nesting = 0

    def parse(self) -> _Test:
        test = self._or()
        if self._word:
            raise self._error("'and', 'or' or the end")
        return test

    @property
    def _word(self) -> str:
        """The next word, "" at the end."""
        return self._words[self._at] if self._at < len(self._words) else ""

    def _take(self, *words: str) -> bool:
        if self._word not in words:
            return False
        self._at += 1
        return True

    def _error(self, expected: str) -> FilterError:
        return FilterError(self._columns[self._at], expected, repr(self._word) if self._word else "the end")

    def _or(self) -> _Test:
        tests = [self._and()]
        while self._take("or"):
            tests.append(self._and())
        return tests[0] if len(tests) == 1 else _Or(tuple(tests))

    def _and(self) -> _Test:
        tests = [self._not()]
        while self._take("and"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else _And(tuple(tests))

    def _not(self) -> _Test:
        self._descend()
        test = _Not(self._not()) if self._take("not") else self._primary()
        self._nesting -= 1
        return test

    def _descend(self) -> None:
        """Bounds the recursion of this parser and of every walk over its result."""
        self._nesting += 1
        if self._nesting > _NESTING_MAX:
            raise self._error(f"at most {_NESTING_MAX} levels of 'not' and '('")

    def _primary(self) -> _Test:
        if self._take("("):
            test = self._or()
            if not self._take(")"):
                raise self._error("'and', 'or' or ')'")
            return test
        if self._word in PROTOCOLS:
            return self._protocols()
        if self._word in ("src", "dst"):
            side = self._word
            self._at += 1
            if not self._take("host"):
                raise self._error("'host'")
            return _Host(side, self._address())
        if self._take("host"):
            return _Host("", self._address())
        if self._take("port"):
            return _Port(self._number())
        raise self._error(_PRIMARY)

    def _protocols(self) -> _Test:
        tests: list[_Test] = []
        while self._word in PROTOCOLS:
            tests.append(_Is(PROTOCOLS[self._word]))
            self._at += 1
            if self._take(",") and self._word not in PROTOCOLS:
                raise self._error("a protocol")
        if len(tests) == 1:
            return tests[0]
        # A list counts as a level, because the canonical text has it in parentheses.
        self._descend()
        self._nesting -= 1
        return _Or(tuple(tests))

    def _address(self) -> int:
        try:
            address = parse_ipv4(self._word)
        except AddressError:
            raise self._error("an IPv4 address") from None
        self._at += 1
        return address

    def _number(self) -> int:
        word = self._word
        if not (word.isascii() and word.isdigit() and len(word) <= 5 and int(word) <= 65535):
            raise self._error("a port number (0 to 65535)")
        self._at += 1
        return int(word)
