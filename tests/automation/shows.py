"""Every show command of the tables as somebody would type it, and what ntc-templates has for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.device.bench import Bench

#: What to type for a parameter, by its name and type in the grammar, and on what kind of device.
VALUES: Final = {
    "router": {
        "<name:interface>": "FastEthernet0/1",
        "<address:ipv4>": "10.0.10.20",
        "<mac:mac>": "0000.0000.0001",
        "<neighbor:cdp-entry>": "*",
    },
    "switch": {
        "<name:interface>": "FastEthernet0/1",
        "<address:ipv4>": "192.168.1.254",
        "<mac:mac>": "0000.0000.0001",
        "<neighbor:cdp-entry>": "*",
    },
}


@dataclass(frozen=True)
class Excuse:
    """Why a reader is not asked: for commands that begin with these words, or with "$" are them, and on which device.

    Where nothing is said it is all of them.
    """

    words: str
    why: str
    version: str = ""
    """Of the lab's routers."""
    kind: str = ""
    reader: str = ""

    def covers(self, command: str, version: str, kind: str, reader: str = "") -> bool:
        return (
            f"{command}$".startswith(self.words)
            and self.version in ("", version)
            and self.kind in ("", kind)
            and self.reader in ("", reader)
        )


OLD, YOUNG = "12.4(15)T1", "15.1(4)M12a"
_NO_SENSORS: Final = "there is no sensor that it could read of"
_NO_ADDRESS: Final = "a port of a switch has no address, and there is no station with this one"

#: What ntc-templates does not read, as it would not read it from a real device of these models either.
UNTEMPLATED: Final = (
    Excuse("show running-config interface", "the template knows neither duplex nor IOS's end"),
    Excuse("show ip route", "this is what a device says that does not route", kind="switch"),
    Excuse("show ip route 10", "that is the answer about one network, and no table"),
    Excuse("show interfaces trunk", "ntc-templates takes it for show interfaces of a port called trunk"),
    Excuse("show processes memory", "the template knows the I/O pool of IOS-XE only"),
    Excuse("show interfaces status err-disabled", "no port is off because of an error"),
    Excuse("show environment temperature", _NO_SENSORS),
    Excuse("show env temperature", _NO_SENSORS),
    Excuse("show arp FastEthernet", _NO_ADDRESS, kind="switch"),
    Excuse("show ip arp FastEthernet", _NO_ADDRESS, kind="switch"),
    Excuse("show arp 0000", _NO_ADDRESS),
    Excuse("show ip arp 0000", _NO_ADDRESS),
    Excuse("show crypto ipsec sa detail", "the template wants the plaintext MTU, which is younger", version=OLD),
)
#: Names of templates that are not the words of the command.
_OTHERWISE: Final = {
    "show_access-lists": "show_access-list",
    "show_mac_address-table": "show_mac-address-table",
    "show_mac_address-table_dynamic": "show_mac-address-table",
    "show_vlan_brief": "show_vlan",
    "show_vlan_id": "show_vlan",
    "show_clock_detail": "show_clock",
    "show_users_all": "show_users",
    "show_env_temperature": "show_environment_temperature",
}


def typed(kind: str) -> list[str]:
    """The show commands of a kind of device, without what is optional, and with it where that is only keywords."""
    found = []
    for command in Bench(kind).console.commands.of_mode("exec"):
        if command.grammar.startswith("show "):
            found += _forms(command.grammar, VALUES[kind])
    return sorted(set(found))


def _forms(grammar: str, values: Mapping[str, str]) -> list[str]:
    """
    >>> _forms("show ip interface [<name:interface>]", VALUES["router"])
    ['show ip interface', 'show ip interface FastEthernet0/1']
    """
    grammar = re.sub(r"\$\w+", "", grammar)
    # Repeated options add nothing that the plain form does not show.
    grammar = re.sub(r"\[[^][]*(\[[^][]*\][^][]*)*\]\*", "", grammar)
    forms = [grammar]
    while any("[" in form or "{" in form for form in forms):
        forms = [longer for form in forms for longer in _opened(form)]
    filled = []
    for form in forms:
        for parameter, value in values.items():
            form = form.replace(parameter, value)
        if "<" not in form:
            filled.append(" ".join(form.split()))
    return filled


def _opened(form: str) -> list[str]:
    """``form`` with its first innermost group replaced by each of its alternatives."""
    match = re.search(r"\[([^][{}]*)\]|\{([^][{}]*)\}", form)
    if match is None:
        return [form]
    optional = match[1] is not None
    choices = (match[1] if optional else match[2]).split("|")
    return [form[: match.start()] + choice + form[match.end() :] for choice in ([""] if optional else []) + choices]


def template_of(command: str, templates: str) -> str | None:
    """The template that ntc-templates has for ``command``, and not for another that it takes it for."""
    clitable = pytest.importorskip("textfsm.clitable")
    table: Any = clitable.CliTable("index", templates)
    row = table.index.GetRowMatch({"Command": command, "Platform": "cisco_ios"})
    if not row:
        return None
    template: str = table.index.index[row]["Template"].removeprefix("cisco_ios_").removesuffix(".textfsm")
    values = {value for of_kind in VALUES.values() for value in of_kind.values()}
    words = "_".join(word for word in command.split() if word not in values)
    return template if template == _OTHERWISE.get(words, words) else None
