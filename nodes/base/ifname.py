"""Interface names: long ones are canonical inside, short ones are for display and input."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

#: Long type name -> the abbreviation that IOS prints.
SHORT: Final = {
    "FastEthernet": "Fa",
    "GigabitEthernet": "Gi",
    "Ethernet": "Et",
    "Loopback": "Lo",
    "Vlan": "Vl",
}

#: What ``?`` says about each interface type.
HELP: Final = {
    "FastEthernet": "FastEthernet IEEE 802.3",
    "GigabitEthernet": "GigabitEthernet IEEE 802.3z",
    "Ethernet": "IEEE 802.3",
    "Loopback": "Loopback interface",
    "Vlan": "Catalyst Vlans",
}


class Family(Enum):
    """What an interface is, which its name tells: the kinds of interfaces that are configured alike."""

    PORT = "port"
    SUBINTERFACE = "subinterface"
    LOOPBACK = "loopback"
    VLAN = "vlan"


_NAME = re.compile(r"([A-Za-z]+)(\d[\d/.:]*)")


def split(name: str) -> tuple[str, str]:
    """``"FastEthernet0/1"`` -> ``("FastEthernet", "0/1")``; a name without a number has an empty one."""
    match = _NAME.fullmatch(name)
    return (match.group(1), match.group(2)) if match else (name, "")


def family(name: str) -> Family:
    kind, number = split(name)
    if kind == "Loopback":
        return Family.LOOPBACK
    if kind == "Vlan":
        return Family.VLAN
    return Family.SUBINTERFACE if "." in number else Family.PORT


def parent(name: str) -> str:
    """``"FastEthernet0/1.10"`` -> ``"FastEthernet0/1"``."""
    return name.partition(".")[0]


def short(name: str) -> str:
    """``"FastEthernet0/1"`` -> ``"Fa0/1"``."""
    kind, number = split(name)
    return SHORT.get(kind, kind) + number


def sort_key(name: str) -> tuple[str, tuple[int, ...]]:
    """Orders FastEthernet0/2 before FastEthernet0/10."""
    kind, number = split(name)
    return kind, tuple(int(part) for part in re.split(r"[/.:]", number) if part)


def ranges(names: Iterable[str], *, dash: str = "-", comma: str = ",") -> str:
    """Short names with neighbours joined: ``Fa0/1-3,Fa0/5``."""
    runs: list[list[str]] = []
    for name in sorted(names, key=sort_key):
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    return comma.join(short(run[0]) + (dash + _last(run[-1])[1] if len(run) > 1 else "") for run in runs)


def _last(name: str) -> tuple[str, str]:
    """``"FastEthernet0/12"`` -> ``("FastEthernet0/", "12")``"""
    digits = len(name) - len(name.rstrip("0123456789"))
    return name[: len(name) - digits], name[len(name) - digits :]


def _follows(name: str, other: str) -> bool:
    (head, last), (other_head, other_last) = _last(name), _last(other)
    return head == other_head and int(other_last) == int(last) + 1


def types(names: Iterable[str]) -> list[str]:
    """The interface types that occur, each once, in order."""
    return list(dict.fromkeys(split(name)[0] for name in names))
