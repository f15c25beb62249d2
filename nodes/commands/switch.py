"""The console of a switch."""

from __future__ import annotations

from typing import Final

from nodes.cli.builtin import IOS
from nodes.commands import access, banner, clock, files, interfaces, logging, monitor, reload, system, techsupport, vlan
from nodes.commands.console import Console, ios_dialect
from nodes.commands.modes import INTERFACE_MODES, LINE_MODE, VLAN_MODE
from nodes.commands.params import base_params
from nodes.device.switch import Switch

MODES: Final = (*INTERFACE_MODES, LINE_MODE, VLAN_MODE)
TABLES: Final = (
    IOS,
    system.table,
    system.common,
    logging.table,
    access.table,
    banner.table,
    clock.table,
    files.table,
    reload.table,
    techsupport.table,
    interfaces.table,
    vlan.table,
    monitor.table,
)


def console(device: Switch) -> Console:
    return Console(
        device,
        TABLES,
        ios_dialect(device),
        params=base_params(device.config.interfaces) | clock.PARAMS | files.PARAMS | reload.PARAMS,
        modes=MODES,
    )
