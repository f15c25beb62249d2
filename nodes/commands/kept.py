"""Settings that real configurations have and that change nothing here: taken, and printed again as IOS prints them.

A line belongs here when a device that has it behaves like one that has not, as far as anybody on a console or a wire of
this lab can tell: services that nobody can reach, features whose default state is the only one there is. What would
promise a behaviour that is missing (address translation, routing protocols, AAA) is refused instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Mode, Table
from nodes.commands import modes
from nodes.commands.sections import InterfaceSection, LineSection, Section
from nodes.device.config import IosConfig


class Style(Enum):
    """How a line and its ``no`` stand in the running-config."""

    ON = auto()
    """The plain form is the default of IOS: only ``no ...`` is printed."""
    OFF = auto()
    """The ``no`` form is: only the plain one is printed."""
    SHOWN = auto()
    """IOS always prints which one holds: so is what was typed."""
    SET = auto()
    """A line takes the place of the one before, and ``no ...`` takes it away."""
    MANY = auto()
    """Lines add up; one takes the place of another when they begin alike."""


class Row(NamedTuple):
    """``words`` are the fixed words of the line; ``rest`` is the grammar of what follows them."""

    words: str
    rest: str
    style: Style
    section: int
    identity: int = 1
    """Of MANY: words behind the fixed ones that make two lines the same setting."""


_HELP: Final[Mapping[str, str]] = {
    "aaa": "Authentication, Authorization and Accounting.",
    "allocate": "Configure guaranteed CPU time for processes",
    "authenticated": "Use the authenticated name",
    "authentication": "Set http authentication method",
    "authentication-retries": "Specify number of authentication retries",
    "auto-configure": "Automatically configure circuits",
    "boot": "Modify system boot parameters",
    "boot-end-marker": "End boot marker",
    "boot-start-marker": "Begin boot marker",
    "bootp": "Config BOOTP services",
    "bpdu": "Bridge protocol data units",
    "bundle-name": "Select method for naming multilink bundles",
    "cef": "Cisco Express Forwarding",
    "classless": "Follow classless routing forwarding rules",
    "clock-period": "Length of hardware clock tick",
    "community": "Enable SNMP; set community string and access privs",
    "compress-config": "Compress the configuration file",
    "config": "TFTP load config files",
    "contact": "Text for mib object sysContact",
    "databits": "Set number of data bits per character",
    "dhcp": "Enable DHCP server and relay agent",
    "dot11": "IEEE 802.11 config commands",
    "enable": "Enable SNMP Traps",
    "event": "Interface events",
    "extend": "Spanning Tree 802.1t extensions",
    "finger": "Allow responses to finger requests",
    "flowcontrol": "Set the flow control",
    "forward-protocol": "Controls forwarding of physical and directed IP broadcasts",
    "gratuitous-arps": "Generate gratuitous ARPs for PPP/SLIP peer addresses",
    "host": "Specify hosts to receive SNMP notifications",
    "http": "HTTP server configuration",
    "ifindex": "Enable ifindex persistence",
    "interval": "Maximum time before running lowest priority process",
    "iomem": "IO memory",
    "ip": "Global IP configuration subcommands",
    "ipv6": "Global IPv6 configuration commands",
    "link-status": "UPDOWN and CHANGE messages",
    "local": "Use local username and passwords",
    "location": "Text for mib object sysLocation",
    "logging": "Configure logging for interface",
    "media-type": "Interface media type",
    "memory-size": "Adjust memory size by percentage",
    "mmi": "System MIB and management information",
    "mode": "Spanning tree operating mode",
    "modem": "Configure the Modem Control Lines",
    "mop": "DEC MOP server commands",
    "enabled": "Enable MOP for interface",
    "multilink": "PPP multilink global configuration",
    "nagle": "Enable Nagle's congestion control algorithm",
    "nd": "Sun's Network Disk protocol",
    "new-model": "Enable NEW access control commands and functions.",
    "ntp": "Configure NTP",
    "optimize": "Spanning tree optimizations",
    "pad": "Enable PAD commands",
    "parity": "Set terminal parity",
    "path-mtu-discovery": "Enable path-MTU discovery on new TCP connections",
    "persist": "Persist interface indices",
    "polling-interval": "Set the polling interval",
    "pvc": "Permanent virtual circuits",
    "rj45": "Use RJ45 connector",
    "route-cache": "Enable fast-switching cache for outgoing packets",
    "scheduler": "Scheduler parameters",
    "secure-server": "Enable HTTP secure server",
    "selective-ack": "Enable TCP selective-ACK",
    "server": "Enable server",
    "service": "Modify use of network based services",
    "snmp": "Modify SNMP interface parameters",
    "snmp-server": "Modify SNMP engine parameters",
    "snmp-timeout": "Set the SNMP timeout",
    "source": "Configure interface for source address",
    "source-interface": "Specify interface for source address in connections",
    "source-route": "Process packets with source routing header options",
    "spanning-tree": "Spanning Tree Subsystem",
    "speed": "Set the transmit and receive speeds",
    "ssh": "Configure SSH options",
    "stopbits": "Set async line stop bits",
    "subnet-zero": "Allow 'subnet zero' subnets",
    "syslog": "Syslog of wireless events",
    "synwait-time": "Set time to wait on new TCP connections",
    "sysid": "Send MOP System ID",
    "system": "System image file",
    "system-id": "Extend system-id into priority portion of the bridge id (PVST & Rapid PVST only)",
    "tcp": "Global TCP parameters",
    "tcp-keepalives-in": "Generate keepalives on idle incoming network connections",
    "tcp-keepalives-out": "Generate keepalives on idle outgoing network connections",
    "tcp-small-servers": "TCP and UDP small servers (e.g., ECHO)",
    "telnet": "Specify telnet options",
    "tftp": "tftp configuration commands",
    "ftp": "FTP configuration commands",
    "time-out": "Specify SSH time-out interval",
    "timeout-policy": "Set http server time-out policy parameters",
    "transmission": "Transmission of BPDUs",
    "trap": "Allow a specific SNMP trap",
    "traps": "Enable SNMP Traps",
    "udp-small-servers": "Enable small UDP servers (e.g., ECHO)",
    "username": "Specify username for FTP connections",
    "version": "Specify protocol version to be supported",
    "virtual-reassembly": "Enable Virtual Fragment Reassembly",
    "window-size": "TCP window size",
    "address": "IP address of peer",
    "acl": "Access list allowing access with this community string",
    "image": "System image filename",
    "interface": "Interface",
    "milliseconds": "Microseconds of network time",
    "name": "Name",
    "number": "Number",
    "percent": "Percent of memory for I/O",
    "seconds": "Seconds",
    "second-number": "Number",
    "third-number": "Number",
    "text": "Text",
    "prefer": "Prefer this peer when possible",
    "RO": "Read-only access with this community string",
    "RW": "Read-write access with this community string",
    "1": "One",
    "1.5": "One and a half",
    "2": "Two",
    "2c": "Use SNMPv2c",
    "5": "5 data bits",
    "6": "6 data bits",
    "7": "7 data bits",
    "8": "8 data bits",
    "even": "Even parity",
    "odd": "Odd parity",
    "none": "None",
    "space": "Space parity",
    "mark": "Mark parity",
    "hardware": "Hardware flow control",
    "software": "Software flow control",
    "InOut": "Configure line for both incoming and outgoing use of modem",
    "Dialin": "Configure line for a modern dial-in modem",
    "pvst": "Per-Vlan spanning tree mode",
    "rapid-pvst": "Per-Vlan rapid spanning tree mode",
    "mst": "Multiple spanning tree mode",
    "same-interface": "Enable fast-switching on the same interface",
    "flow": "Enable Flow fast-switching cache",
    "idle": "Maximum idle seconds of a connection",
    "life": "Maximum seconds that a connection is kept",
    "requests": "Maximum requests of a connection",
}

_ON, _OFF, _SHOWN, _SET, _MANY = Style.ON, Style.OFF, Style.SHOWN, Style.SET, Style.MANY

#: Services whose lines stand above ``service timestamps``.
FIRST: Final = (
    Row("service nagle", "", _OFF, Section.SERVICE),
    Row("service pad", "", _ON, Section.SERVICE),
    Row("service tcp-keepalives-in", "", _OFF, Section.SERVICE),
    Row("service tcp-keepalives-out", "", _OFF, Section.SERVICE),
    Row("service tcp-small-servers", "", _OFF, Section.SERVICE),
    Row("service udp-small-servers", "", _OFF, Section.SERVICE),
    Row("service finger", "", _OFF, Section.SERVICE),
    Row("service config", "", _OFF, Section.SERVICE),
)

BOTH: Final = (
    Row("service compress-config", "", _OFF, Section.SERVICE),
    Row("service dhcp", "", _ON, Section.SERVICE),
    Row("boot-start-marker", "", _OFF, Section.BOOT),
    Row("boot system", "<image:line>", _MANY, Section.BOOT, 9),
    Row("boot-end-marker", "", _OFF, Section.BOOT),
    Row("ip subnet-zero", "", _SHOWN, Section.IP),
    Row("ip source-route", "", _SHOWN, Section.IP),
    Row("ip gratuitous-arps", "", _ON, Section.IP),
    Row("ip finger", "", _OFF, Section.IP),
    Row("ip bootp server", "", _ON, Section.IP),
    Row("ip tcp selective-ack", "", _OFF, Section.TCP),
    Row("ip tcp window-size", "<number:68-1073741823>", _SET, Section.TCP),
    Row("ip tcp synwait-time", "<seconds:5-300>", _SET, Section.TCP),
    Row("ip tcp path-mtu-discovery", "", _OFF, Section.TCP),
    Row("ip telnet source-interface", "<interface:new-interface>", _SET, Section.TCP),
    Row("ip tftp source-interface", "<interface:new-interface>", _SET, Section.TCP),
    Row("ip ftp source-interface", "<interface:new-interface>", _SET, Section.TCP),
    Row("ip ftp username", "<name:word>", _SET, Section.TCP),
    Row("ip ssh time-out", "<seconds:1-120>", _SET, Section.TCP),
    Row("ip ssh authentication-retries", "<number:0-5>", _SET, Section.TCP),
    Row("ip ssh version", "{1|2}", _SET, Section.TCP),
    Row("ip classless", "", _SHOWN, Section.FORWARD),
    Row("ip http server", "", _SHOWN, Section.HTTP),
    Row("ip http authentication", "{enable|local}", _SET, Section.HTTP),
    Row("ip http secure-server", "", _SHOWN, Section.HTTP),
    Row(
        "ip http timeout-policy",
        "idle <seconds:1-600> life <second-number:1-86400> requests <third-number:1-86400>",
        _SET,
        Section.HTTP,
    ),
    Row("snmp-server community", "<name:word> [RO|RW] [<acl:1-99,1300-1999>]", _MANY, Section.SNMP),
    Row("snmp-server ifindex", "persist", _SET, Section.SNMP),
    Row("snmp-server location", "<text:line>", _SET, Section.SNMP),
    Row("snmp-server contact", "<text:line>", _SET, Section.SNMP),
    Row("snmp-server enable traps", "[<name:word>] [<text:line>]", _MANY, Section.SNMP),
    Row("snmp-server host", "<address:ipv4> [version {1|2c}] <name:word>", _MANY, Section.SNMP),
    Row("scheduler allocate", "<number:3000-60000> <second-number:1000-8000>", _SET, Section.SCHEDULER),
    Row("scheduler interval", "<milliseconds:500-2147483647>", _SET, Section.SCHEDULER),
    Row("ntp clock-period", "<number:0-4294967295>", _SET, Section.NTP),
    Row("ntp source", "<interface:new-interface>", _SET, Section.NTP),
    Row("ntp server", "<address:ipv4> [prefer]", _MANY, Section.NTP),
)

ROUTER: Final = (
    Row("memory-size iomem", "<percent:5-50>", _SET, Section.AAA),
    Row("mmi polling-interval", "<seconds:1-65535>", _SET, Section.AAA),
    Row("mmi auto-configure", "", _ON, Section.AAA),
    Row("mmi pvc", "", _ON, Section.AAA),
    Row("mmi snmp-timeout", "<seconds:1-65535>", _SET, Section.AAA),
    Row("dot11 syslog", "", _SHOWN, Section.AAA),
    Row("ip cef", "", _SHOWN, Section.IP),
    Row("ipv6 cef", "", _SHOWN, Section.IPV6),
    Row("multilink bundle-name", "authenticated", _SET, Section.MULTILINK),
    Row("ip forward-protocol", "nd", _SHOWN, Section.FORWARD),
)

SWITCH: Final = (
    Row("spanning-tree mode", "{pvst|rapid-pvst|mst}", _SET, Section.SPANNING_TREE),
    Row("spanning-tree optimize bpdu transmission", "", _SHOWN, Section.SPANNING_TREE),
    Row("spanning-tree extend system-id", "", _SHOWN, Section.SPANNING_TREE),
)

LINE: Final = (
    Row("modem", "{InOut|Dialin}", _SET, LineSection.SERIAL),
    Row("stopbits", "{1|1.5|2}", _SET, LineSection.SERIAL),
    Row("databits", "{5|6|7|8}", _SET, LineSection.SERIAL),
    Row("parity", "{even|odd|none|space|mark}", _SET, LineSection.SERIAL),
    Row("speed", "<number:0-4294967295>", _SET, LineSection.SERIAL),
    Row("flowcontrol", "{none|software|hardware}", _SET, LineSection.SERIAL),
)

INTERFACE: Final = (
    Row("snmp trap link-status", "", _ON, InterfaceSection.KEPT),
    Row("logging event link-status", "", _ON, InterfaceSection.KEPT),
)

ROUTED: Final = (
    Row("ip virtual-reassembly", "", _OFF, InterfaceSection.PACKETS),
    Row("ip route-cache", "[cef|flow|same-interface]", _ON, InterfaceSection.PACKETS),
)

#: Of the ports of a router.
PORT: Final = (
    Row("media-type", "rj45", _SET, InterfaceSection.MEDIA),
    Row("mop enabled", "", _ON, InterfaceSection.KEPT),
    Row("mop sysid", "", _ON, InterfaceSection.KEPT),
)


def _global(ctx: Context) -> Iterable[Any]:
    return (ctx.device.config,)


def _scopes(ctx: Context) -> Iterable[Any]:
    """The lines or interfaces that a sub-mode works on."""
    scopes: Iterable[Any] = ctx.scope
    return scopes


def _table(*parts: tuple[str | tuple[str, ...], Iterable[Row], Callable[[Context], Iterable[Any]]]) -> Table:
    table = Table()
    for where, rows, scopes in parts:
        for row in rows:
            _declare(table, where, row, scopes)
    return table


def _declare(table: Table, where: str | tuple[str, ...], row: Row, scopes: Callable[[Context], Iterable[Any]]) -> None:
    """One row as a command. What has the setting has it in its ``kept``, a map from the fixed words to the lines."""

    def keep(ctx: Context, args: Args) -> None:
        for scope in scopes(ctx):
            lines = _after(row, scope.kept.get(row.words, ()), args)
            scope.kept.pop(row.words, None)
            if lines:
                scope.kept[row.words] = lines

    table.command(
        where,
        f"{row.words} {row.rest}".rstrip(),
        help=_HELP,
        no=f"{row.words} [{row.rest}]" if row.style is Style.SET and row.rest else True,
        prints=lambda scope: scope.kept.get(row.words, ()),
        section=row.section,
    )(keep)


def _after(row: Row, before: tuple[str, ...], args: Args) -> tuple[str, ...]:
    """The lines of a row once a line was typed."""
    word, _, positive = args.spelled.partition(" ")
    negated = word in ("no", "default")
    line = positive if negated else args.spelled
    if row.style is Style.SET:
        return () if negated else (line,)
    if row.style is Style.MANY:
        same = _identity(row, line)
        others = tuple(other for other in before if _identity(row, other) != same)
        return others if negated else (*others, line)
    if word == "default":
        return ()
    quiet = {Style.ON: False, Style.OFF: True}.get(row.style)
    return () if negated is quiet else (args.spelled,)


def _identity(row: Row, line: str) -> list[str]:
    """What makes two lines of a row the same setting."""
    return line.split()[: len(row.words.split()) + row.identity]


#: Of router and switch alike; ``first`` goes before every other table with services.
first: Final = _table(("config", FIRST, _global))
table: Final = _table(
    ("config", BOTH, _global),
    ("config-line", LINE, _scopes),
    (modes.INTERFACE, INTERFACE, _scopes),
    (modes.ROUTED, ROUTED, _scopes),
)
router: Final = _table(("config", ROUTER, _global), (modes.PORT, PORT, _scopes))
switch: Final = _table(("config", SWITCH, _global))


@table.command(
    "config",
    "aaa new-model",
    help=_HELP,
    no=True,
    prints=lambda config: config.kept.get("aaa", ()),
    section=Section.AAA,
)
def aaa(ctx: Context, args: Args) -> None:
    """Only that there is no AAA can be said."""
    kept: dict[str, tuple[str, ...]] = ctx.device.config.kept
    if not ctx.negated:
        raise Rejected("% AAA is not supported here: lines log in with login and login local")
    kept.pop("aaa", None)
    if args.words[0] == "no":
        kept["aaa"] = ("no aaa new-model",)


# Blocks in which nothing can be set ------------------------------------------------------------------------------

MODES: Final = (
    Mode("config-cp", "(config-cp)", "config", "Control Plane configuration commands:"),
    Mode("config-red", "(config-red)", "config", "Redundancy configuration commands:"),
)


def _print_block(words: str, mode: str) -> Callable[[IosConfig], Iterator[Block]]:
    def printer(config: IosConfig) -> Iterator[Block]:
        if words in config.kept:
            yield Block(words, mode, config)

    return printer


def _block(words: str, mode: str, help: str, section: int) -> None:
    @router.command("config", words, help={words: help}, no=True, prints=_print_block(words, mode), section=section)
    def block(ctx: Context, args: Args) -> None:
        kept: dict[str, tuple[str, ...]] = ctx.device.config.kept
        kept.pop(words, None)
        if not ctx.negated:
            kept[words] = ()
            ctx.enter(mode)


_block("redundancy", "config-red", "Enter redundancy mode", Section.REDUNDANCY)
_block("control-plane", "config-cp", "Configure control plane services", Section.CONTROL)
