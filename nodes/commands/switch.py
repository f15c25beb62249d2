"""The console of a switch."""

from __future__ import annotations

from typing import Final

from nodes.cli.builtin import IOS
from nodes.cli.dialect import IosDialect
from nodes.commands import interfaces, monitor, system, vlan
from nodes.commands.console import Console
from nodes.commands.modes import INTERFACE_MODES, LINE_MODE, VLAN_MODE
from nodes.commands.params import base_params
from nodes.device.switch import Switch

MODES: Final = (*INTERFACE_MODES, LINE_MODE, VLAN_MODE)
TABLES: Final = (IOS, system.table, system.common, interfaces.table, vlan.table, monitor.table)


def console(device: Switch) -> Console:
    return Console(
        device,
        TABLES,
        IosDialect(lambda: device.config.hostname, domain_lookup=lambda: device.config.domain_lookup),
        params=base_params(device.config.interfaces),
        modes=MODES,
    )
