"""Every show command of the tables as somebody would type it, and what ntc-templates has for it."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from tests.device.bench import Bench

#: What to type for a parameter, by its name and type in the grammar.
VALUES: Final = {
    "<name:interface>": "FastEthernet0/1",
    "<address:ipv4>": "10.0.10.20",
    "<neighbor:cdp-entry>": "*",
}
#: Shows whose template cannot read them, nor those of a real device of these models, by how they begin.
UNREADABLE: Final = {
    "show startup-config": "ntc-templates takes it for an abbreviation of show standby",
    "show running-config interface": "the template knows neither duplex nor IOS's end",
    "show ip route ": "ntc-templates takes the answer about one network for the table",
    "show cdp neighbors FastEthernet0/1 detail": "ntc-templates takes it for the table",
    "show interfaces trunk": "ntc-templates takes it for show interfaces of a port called trunk",
    "show processes cpu history": "ntc-templates takes it for show processes cpu",
    "show processes memory": "ntc-templates knows the I/O pool of IOS-XE only, or takes it for show processes cpu",
    "show environment temperature": "there is no sensor that it could read of",
    "show env temperature": "there is no sensor that it could read of",
}
#: Shows that only one software version's template reads.
YOUNG_ONLY: Final = {"show crypto ipsec sa detail": "12.4 has no line on the plaintext MTU, which the template wants"}


def typed(kind: str) -> list[str]:
    """The show commands of a kind of device, without what is optional, and with it where that is only keywords."""
    found = []
    for command in Bench(kind).console.commands.of_mode("exec"):
        if command.grammar.startswith("show "):
            found += _forms(command.grammar)
    return sorted(set(found))


def _forms(grammar: str) -> list[str]:
    """
    >>> _forms("show ip interface [<name:interface>]")
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
        for parameter, value in VALUES.items():
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


def has_template(command: str, templates: str) -> bool:
    """Whether ntc-templates has a template for ``command``; ``templates`` is its folder."""
    clitable = pytest.importorskip("textfsm.clitable")
    table: Any = clitable.CliTable("index", templates)
    return bool(table.index.GetRowMatch({"Command": command, "Platform": "cisco_ios"}))
