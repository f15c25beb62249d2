"""``switchport port-security``, and its shows and clears."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import format_mac
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.modes import PORT
from nodes.commands.sections import InterfaceSection
from nodes.device.config import PortSecurityConfig, SwitchPortConfig
from nodes.device.portviews import SecureAddressesView, SecurePortsView
from nodes.device.switch import Switch
from nodes.engine.portsec import Origin
from nodes.show import portsecurity as show

table = Table()

#: Stations that a port of a 2950 may have.
_MOST: Final = 132
_DEFAULT: Final = PortSecurityConfig()
_HELP: Final = {
    "switchport": "Set switching mode characteristics",
    "port-security": "Security related command",
    "maximum": "Max secure addresses",
    "<maximum>": "Maximum addresses",
    "violation": "Security violation mode",
    "protect": "Security violation protect mode",
    "restrict": "Security violation restrict mode",
    "shutdown": "Security violation shutdown mode",
    "aging": "Port-security aging commands",
    "time": "Port-security aging time",
    "minutes": "Aging time in minutes. Enter a value between 1 and 1440",
    "type": "Port-security aging type",
    "absolute": "Absolute aging (default)",
    "inactivity": "Aging based on inactivity time period",
    "static": "Enable aging for configured secure addresses",
    "mac-address": "Secure mac address",
    "mac": "48 bit mac address",
    "sticky": "Configure dynamic secure addresses as sticky",
}


def _ports(ctx: Context) -> Iterator[SwitchPortConfig]:
    """The ports under configuration; the switch follows behind the last."""
    yield from ctx.scope
    ctx.device.configured()


def _print_enabled(port: SwitchPortConfig) -> list[str]:
    return ["switchport port-security"] if port.security.enabled else []


@table.command(
    PORT,
    "switchport port-security",
    help=_HELP,
    no=True,
    prints=_print_enabled,
    section=InterfaceSection.SECURITY,
)
def enable(ctx: Context, args: Args) -> None:
    """Only a port that is in one VLAN for certain can be made secure. Switched off, what was set stays."""
    for port in _ports(ctx):
        if not ctx.negated and port.mode != "access":
            what = "not an access" if port.trunk else "a dynamic"
            raise Rejected(f"Command rejected: {port.name} is {what} port.")
        port.security.enabled = not ctx.negated


def _print_maximum(port: SwitchPortConfig) -> list[str]:
    count = port.security.maximum
    return [] if count == _DEFAULT.maximum else [f"switchport port-security maximum {count}"]


@table.command(
    PORT,
    f"switchport port-security maximum <maximum:1-{_MOST}>",
    help=_HELP,
    no=f"switchport port-security maximum [<maximum:1-{_MOST}>]",
    prints=_print_maximum,
    section=InterfaceSection.SECURITY,
)
def maximum(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    count = _DEFAULT.maximum if ctx.negated else args["maximum"]
    for port in _ports(ctx):
        index = device.port_by_name[port.name].index
        secured = sum(station.port == index for station in device.guard.security.stations(ctx.now))
        if count < max(secured, len(port.security.macs) + len(port.security.stuck)):
            raise Rejected("Maximum is less than number of currently secured mac-addresses.")
        port.security.maximum = count


def _print_aging(port: SwitchPortConfig) -> Iterator[str]:
    security = port.security
    if security.aging_time:
        yield f"switchport port-security aging time {security.aging_time}"
    if security.by_silence:
        yield "switchport port-security aging type inactivity"
    if security.ages_configured:
        yield "switchport port-security aging static"


@table.command(
    PORT,
    "switchport port-security aging {time <minutes:0-1440>|type {absolute|inactivity}|static}",
    help=_HELP,
    no="switchport port-security aging {time [<minutes:0-1440>]|type [absolute|inactivity]|static}",
    prints=_print_aging,
    section=InterfaceSection.SECURITY,
)
def aging(ctx: Context, args: Args) -> None:
    for port in _ports(ctx):
        if "time" in args.words:
            port.security.aging_time = 0 if ctx.negated else args["minutes"]
        elif "type" in args.words:
            port.security.by_silence = not ctx.negated and "inactivity" in args.words
        else:
            port.security.ages_configured = not ctx.negated


def _print_violation(port: SwitchPortConfig) -> list[str]:
    way = port.security.violation
    return [] if way == _DEFAULT.violation else [f"switchport port-security violation {way}"]


@table.command(
    PORT,
    "switchport port-security violation {protect|restrict|shutdown}$violation",
    help=_HELP,
    no="switchport port-security violation [protect|restrict|shutdown]",
    prints=_print_violation,
    section=InterfaceSection.SECURITY,
)
def violation(ctx: Context, args: Args) -> None:
    for port in _ports(ctx):
        port.security.violation = _DEFAULT.violation if ctx.negated else args["violation"]


def _print_macs(port: SwitchPortConfig) -> Iterator[str]:
    security = port.security
    if security.sticky:
        yield "switchport port-security mac-address sticky"
    for mac in security.stuck:
        yield f"switchport port-security mac-address sticky {format_mac(mac)}"
    for mac in security.macs:
        yield f"switchport port-security mac-address {format_mac(mac)}"


@table.command(
    PORT,
    "switchport port-security mac-address {<mac:mac>|sticky [<mac:mac>]}",
    help=_HELP,
    no="switchport port-security mac-address {<mac:mac>|sticky [<mac:mac>]}",
    prints=_print_macs,
    section=InterfaceSection.SECURITY,
)
def secure_address(ctx: Context, args: Args) -> None:
    sticky, mac = "sticky" in args.words, args.get("mac")
    for port in _ports(ctx):
        security = port.security
        if mac is None:
            security.sticky = not ctx.negated
            if ctx.negated:
                # What was sticky goes on as what was only heard.
                security.stuck = []
            continue
        listed = security.stuck if sticky else security.macs
        if ctx.negated:
            if mac in listed:
                listed.remove(mac)
        elif mac in security.macs or mac in security.stuck:
            raise Rejected(f"Found duplicate mac-address {format_mac(mac)}.")
        elif mac[0] & 1:
            raise Rejected("Secure mac-address cannot be a multicast address")
        elif len(security.macs) + len(security.stuck) >= security.maximum:
            raise Rejected(f"Total secure mac-addresses on interface {port.name} has reached maximum limit.")
        elif sticky and not security.sticky:
            raise Rejected("Sticky learning is not enabled on the interface")
        else:
            listed.append(mac)


# Shows and clears --------------------------------------------------------------------------------------------------

_SHOW_HELP: Final = {
    "port-security": "Show secure port information",
    "interface": "Show secure interface",
    "name": "Interface",
    "address": "Show secure address",
}


@table.show("exec", "show port-security", text=show.summary, help=_SHOW_HELP)
def show_summary(ctx: Context, args: Args) -> SecurePortsView:
    device: Switch = ctx.device
    return device.guard.secure_ports_view(ctx.now)


@table.show("exec", "show port-security interface <name:interface>", text=show.interface, help=_SHOW_HELP)
def show_interface(ctx: Context, args: Args) -> SecurePortsView:
    device: Switch = ctx.device
    return device.guard.secure_ports_view(ctx.now, args["name"])


@table.show("exec", "show port-security [interface <name:interface>] address", text=show.addresses, help=_SHOW_HELP)
def show_addresses(ctx: Context, args: Args) -> SecureAddressesView:
    device: Switch = ctx.device
    return device.guard.secure_addresses_view(ctx.now, args.get("name"))


_ORIGINS: Final = {"all": None, "configured": Origin.CONFIGURED, "dynamic": Origin.DYNAMIC, "sticky": Origin.STICKY}


@table.command(
    "exec",
    "clear port-security {all|configured|dynamic|sticky}$origin [address <mac:mac>|interface <name:interface>]",
    help={
        "port-security": "Clear secure addresses from the MAC table",
        "all": "Clear all secure MAC addresses",
        "configured": "Clear configured secure MAC addresses",
        "dynamic": "Clear only secure MAC addresses auto-learned by hardware",
        "sticky": "Clear secure MAC addresses either auto-learned or configured",
        "address": "Clear a secure MAC address",
        "mac": "48 bit mac address",
        "interface": "Clear the secure MAC addresses on an interface",
        "name": "Interface",
    },
    privilege=15,
)
def clear(ctx: Context, args: Args) -> None:
    """Out of the configuration, too, where they stand there."""
    device: Switch = ctx.device
    origin, mac = _ORIGINS[args["origin"]], args.get("mac")
    for port in device.ports:
        if args.get("name", port.name) == port.name:
            security = device.config.interfaces[port.name].security
            for listed, kind in ((security.macs, Origin.CONFIGURED), (security.stuck, Origin.STICKY)):
                if origin in (None, kind):
                    listed[:] = [known for known in listed if mac not in (None, known)]
            device.guard.security.clear(port.index, mac, origin)
    device.configured()
