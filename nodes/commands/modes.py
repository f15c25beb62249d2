"""The configuration modes of IOS-like devices below the global one."""

from __future__ import annotations

from typing import Final

from nodes.cli.table import Mode

_INTERFACE_TITLE: Final = "Interface configuration commands:"

INTERFACE_MODES: Final = (
    Mode("config-if", "(config-if)", "config", _INTERFACE_TITLE),
    Mode("config-if-range", "(config-if-range)", "config", _INTERFACE_TITLE),
)
#: Where a command for interfaces is declared. Its scope is a list of interfaces, of one after ``interface NAME``; what
#: it prints is printed for one interface.
INTERFACE: Final = tuple(mode.name for mode in INTERFACE_MODES)

LINE_MODE: Final = Mode("config-line", "(config-line)", "config", "Line configuration commands:")
VLAN_MODE: Final = Mode("config-vlan", "(config-vlan)", "config", "VLAN configuration commands:")
ACL_MODES: Final = (
    Mode("config-std-nacl", "(config-std-nacl)", "config", "Standard Access List configuration commands:"),
    Mode("config-ext-nacl", "(config-ext-nacl)", "config", "Ext Access List configuration commands:"),
)
