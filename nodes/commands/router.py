"""The console of a router."""

from __future__ import annotations

from typing import Final

from nodes.cli.builtin import IOS
from nodes.cli.dialect import IosDialect
from nodes.commands import acl, crypto, interfaces, ios_probes, ip, system
from nodes.commands.console import Console
from nodes.commands.modes import ACL_MODES, INTERFACE_MODES, LINE_MODE
from nodes.commands.params import base_params
from nodes.device.router import Router

MODES: Final = (*INTERFACE_MODES, LINE_MODE, *ACL_MODES, *crypto.MODES)
TABLES: Final = (
    IOS,
    system.table,
    system.common,
    interfaces.table,
    ip.table,
    acl.table,
    crypto.table,
    ios_probes.table,
)


def console(device: Router) -> Console:
    return Console(
        device,
        TABLES,
        IosDialect(lambda: device.config.hostname, domain_lookup=lambda: device.config.domain_lookup),
        params=base_params(device.config.interfaces),
        modes=MODES,
    )
