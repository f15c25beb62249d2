"""The console of a switch."""

from __future__ import annotations

from typing import Final

from nodes.cli.builtin import IOS
from nodes.cli.dialect import IosDialect
from nodes.cli.table import Mode
from nodes.commands import interfaces, monitor, system, vlan
from nodes.commands.console import Console
from nodes.commands.params import base_params
from nodes.device.switch import Switch

MODES: Final = (
    Mode("config-if", "(config-if)", "config", "Interface configuration commands:"),
    Mode("config-line", "(config-line)", "config", "Line configuration commands:"),
    Mode("config-vlan", "(config-vlan)", "config", "VLAN configuration commands:"),
)
TABLES: Final = (IOS, system.table, system.common, interfaces.table, vlan.table, monitor.table)


def console(device: Switch) -> Console:
    return Console(
        device,
        TABLES,
        IosDialect(lambda: device.config.hostname, domain_lookup=lambda: device.config.domain_lookup),
        params=base_params(device.config.interfaces),
        modes=MODES,
    )
