"""The console of a router."""

from __future__ import annotations

from typing import Final

from nodes.cli.builtin import IOS
from nodes.cli.dialect import IosDialect
from nodes.cli.table import Mode
from nodes.commands import acl, interfaces, ip, probes, system
from nodes.commands.console import Console
from nodes.commands.params import base_params
from nodes.device.router import Router

MODES: Final = (
    Mode("config-if", "(config-if)", "config", "Interface configuration commands:"),
    Mode("config-line", "(config-line)", "config", "Line configuration commands:"),
    Mode("config-std-nacl", "(config-std-nacl)", "config", "Standard Access List configuration commands:"),
    Mode("config-ext-nacl", "(config-ext-nacl)", "config", "Ext Access List configuration commands:"),
)
TABLES: Final = (
    IOS,
    system.table,
    system.common,
    interfaces.table,
    ip.table,
    acl.table,
    probes.router,
)


def console(device: Router) -> Console:
    return Console(
        device,
        TABLES,
        IosDialect(lambda: device.config.hostname, domain_lookup=lambda: device.config.domain_lookup),
        params=base_params(device.config.interfaces),
        modes=MODES,
    )
