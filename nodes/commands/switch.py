"""The console of a switch."""

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
    customs,
    errdisable,
    files,
    gateway,
    interfaces,
    ios_probes,
    ip,
    kept,
    line,
    logging,
    logins,
    mactable,
    monitor,
    names,
    ports,
    portsecurity,
    processes,
    reload,
    switchport,
    system,
    techsupport,
    transport,
    vlan,
    vlandatabase,
)
from nodes.commands.console import Console, ios_dialect
from nodes.commands.customs import Customs
from nodes.commands.modes import ACL_MODES, LINE_MODE, VLAN_MODE, interface_modes
from nodes.commands.params import Interfaces, base_params
from nodes.device.switch import Switch

MODES: Final = (
    vlandatabase.MODE,
    *interface_modes(routed=(Family.VLAN,), bridged=(Family.PORT,)),
    LINE_MODE,
    VLAN_MODE,
    *ACL_MODES,
)
TABLES: Final = (
    IOS,
    system.table,
    names.table,
    system.common,
    kept.first,
    line.table,
    transport.table,
    logging.table,
    logins.table,
    access.table,
    banner.table,
    customs.table(MODES),
    clock.table,
    files.table,
    counters.table,
    counters.switch,
    ports.table,
    box.table,
    box.switch,
    processes.table,
    reload.table,
    techsupport.table,
    kept.table,
    kept.switch,
    interfaces.table,
    cdp.table,
    acl.table,
    acl.groups,
    ip.table,
    gateway.table,
    ios_probes.table,
    vlan.table,
    vlandatabase.table,
    switchport.table,
    portsecurity.table,
    errdisable.table,
    mactable.table,
    monitor.table,
)


def console(device: Switch) -> Console:
    interfaces = Interfaces(device.port_by_name, (Family.VLAN,))
    return Console(
        device,
        TABLES,
        ios_dialect(device, Customs(device, MODES), files.OutputStore(device)),
        params=base_params(interfaces)
        | line.vty_param(device.vty_count)
        | cdp.PARAMS
        | clock.PARAMS
        | files.PARAMS
        | errdisable.PARAMS
        | reload.PARAMS
        | monitor.params(device),
        modes=MODES,
    )
