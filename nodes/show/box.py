"""``show inventory``, ``show environment``, ``show file systems``, ``show hosts``, ``show line``, ``show tcp``."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.device.boxviews import (
    ConnectionsView,
    EnvironmentView,
    FeatureView,
    FileSystemsView,
    HostsView,
    InventoryView,
    LinesView,
)


def inventory(view: InventoryView) -> Iterator[str]:
    for item in view.items:
        yield f'NAME: "{item.name}", DESCR: "{item.description}"'
        yield f"PID: {item.product:<18}, VID: {item.revision:<4}, SN: {item.serial}"
        yield ""


def environment(view: EnvironmentView) -> Iterator[str]:
    """As a switch says it of a power supply that nobody has plugged in."""
    for sensor in view.sensors:
        yield f"{sensor.name} is {'OK' if sensor.present else 'NOT PRESENT'}"


def temperature_status(view: EnvironmentView) -> Iterator[str]:
    """What IOS says on a box without a thermometer."""
    yield "Temperature Value: Not Supported"
    yield "Temperature State: Not Supported"


def file_systems(view: FileSystemsView) -> Iterator[str]:
    yield "File Systems:"
    yield ""
    yield "       Size(b)       Free(b)      Type  Flags  Prefixes"
    for system in view.systems:
        octets, free = ("-" if figure is None else str(figure) for figure in (system.octets, system.free))
        mark = "*" if system.current else " "
        yield f"{mark}{octets:>13}{free:>14}{system.kind:>10}{system.flags:>7}   {system.prefix}:"


def hosts(view: HostsView) -> Iterator[str]:
    yield f"Default domain is {view.domain or 'not set'}"
    if view.lookup:
        yield "Name/address lookup uses domain service"
        # Without a server it is the address of everybody, of whom nobody answers.
        yield f"Name servers are {', '.join(view.servers) or '255.255.255.255'}"
    else:
        yield "Name/address lookup uses static mappings"
    yield ""
    yield "Codes: UN - unknown, EX - expired, OK - OK, ?? - revalidate"
    yield "       temp - temporary, perm - permanent"
    yield "       NA - Not Applicable None - Not defined"
    yield ""
    yield "Host                      Port  Flags      Age Type   Address(es)"
    for host in view.hosts:
        first, *others = host.addresses
        yield f"{host.name:<26}None  (perm, OK)  0   IP    {first}"
        yield from (f"{'':<54}{other}" for other in others)


def lines(view: LinesView) -> Iterator[str]:
    yield "   Tty Typ     Tx/Rx    A Modem  Roty AccO AccI   Uses   Noise  Overruns   Int"
    for line in view.lines:
        number = f"{'*' if line.active else ' '}{line.number:>5}"
        access = f"{line.access_out or '-':>5}{line.access_in or '-':>5}"
        yield f"{number} {line.kind}              -    -      -{access}{line.uses:>7}       0     0/0       -"


def tcp_brief(view: ConnectionsView) -> Iterator[str]:
    yield "TCB       Local Address               Foreign Address             (state)"
    yield from view.connections


def tcp(view: ConnectionsView) -> Iterator[str]:
    yield from view.connections


def archive(view: FeatureView) -> Iterator[str]:
    yield " Archive feature not enabled"


def snmp(view: FeatureView) -> Iterator[str]:
    yield "%SNMP agent not enabled"


def ntp(view: FeatureView) -> Iterator[str]:
    yield "%NTP is not enabled."
