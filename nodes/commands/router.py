"""The console of a router."""

from __future__ import annotations

from typing import Final

from nodes.base.ifname import Family
from nodes.cli.builtin import IOS
from nodes.commands import (
    access,
    acl,
    banner,
    box,
    cdp,
    clock,
    counters,
    crypto,
    customs,
    files,
    interfaces,
    ios_probes,
    ip,
    kept,
    line,
    logging,
    logins,
    names,
    processes,
    reload,
    routerlinks,
    routes,
    system,
    techsupport,
    transport,
)
from nodes.commands.console import Console, ios_dialect
from nodes.commands.customs import Customs
from nodes.commands.modes import ACL_MODES, LINE_MODE, interface_modes
from nodes.commands.params import Interfaces, base_params
from nodes.device.router import Router

FAMILIES: Final = (Family.PORT, Family.SUBINTERFACE, Family.LOOPBACK)
MODES: Final = (*interface_modes(routed=FAMILIES), LINE_MODE, *ACL_MODES, *crypto.MODES, *kept.MODES)
#: Lines that the vty pool can be grown to.
VTY_LINES: Final = 808
TABLES: Final = (
    IOS,
    system.table,
    names.table,
    system.common,
    kept.first,
    line.table,
    line.aux,
    transport.table,
    logging.table,
    logins.table,
    access.table,
    banner.table,
    customs.table(MODES),
    clock.table,
    files.table,
    counters.table,
    counters.router,
    box.table,
    box.router,
    processes.table,
    reload.table,
    techsupport.table,
    kept.table,
    kept.router,
    interfaces.table,
    cdp.table,
    ip.table,
    routes.table,
    routerlinks.table,
    acl.table,
    acl.groups,
    crypto.table,
    ios_probes.table,
)


def console(device: Router) -> Console:
    interfaces = Interfaces(device.port_by_name, (Family.SUBINTERFACE, Family.LOOPBACK))
    return Console(
        device,
        TABLES,
        ios_dialect(device, Customs(device, MODES), files.OutputStore(device)),
        params=base_params(interfaces)
        | line.vty_param(VTY_LINES)
        | cdp.PARAMS
        | clock.PARAMS
        | files.PARAMS
        | reload.PARAMS,
        modes=MODES,
    )
