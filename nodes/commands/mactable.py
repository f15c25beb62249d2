"""The MAC address table of a switch: what it shows, what is put into it by hand, and how long it remembers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import format_mac
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import AGING_TIME, SwitchConfig
from nodes.device.switch import Switch
from nodes.device.views import MacTableView
from nodes.engine.bridge import VLAN_MAX
from nodes.show import switching

table = Table()

MAC_HELP = {
    "mac": "MAC configuration",
    "address-table": "MAC forwarding table",
    "mac-address-table": "MAC forwarding table",
    "dynamic": "dynamic entry type",
    "static": "static entry type",
    "vlan": "VLAN keyword",
    "number": "Vlan interface number",
    "interface": "interface keyword",
    "port": "Interface",
    "address": "address keyword",
    "mac-address": "48 bit mac address",
    "aging-time": "MAC address table entry maximum age",
    "count": "MAC address count",
    "seconds": "Maximum age in seconds",
}

_MAC_SELECTION = (
    f"[dynamic|static]$kind [vlan <number:1-{VLAN_MAX}>|interface <port:interface>|address <mac-address:mac>]*"
)


def show_mac(ctx: Context, args: Args) -> MacTableView:
    device: Switch = ctx.device
    return device.mac_view(args.get("number"), args.get("port"), args.get("mac-address"), args.get("kind"))


def clear_mac(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    name = args.get("port")
    port = device.port_by_name.get(name)
    if name is None or port is not None:  # on a VLAN interface nothing is learnt
        device.bridge.flush(
            port=None if port is None else port.index, vlan=args.get("number"), mac=args.get("mac-address")
        )


# Settings: everything may be written in two ways, and prints in the younger one.


def _print_aging(config: SwitchConfig) -> Iterator[str]:
    if config.aging_time != AGING_TIME:
        yield f"mac address-table aging-time {config.aging_time}"
    for vlan, seconds in sorted(config.vlan_aging_times.items()):
        yield f"mac address-table aging-time {seconds} vlan {vlan}"


def aging_time(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    vlan = args.get("number")
    if vlan is None:
        device.config.aging_time = AGING_TIME if ctx.negated else args["seconds"]
    elif ctx.negated:
        device.config.vlan_aging_times.pop(vlan, None)
    else:
        device.config.vlan_aging_times[vlan] = args["seconds"]
    device.configured()


def _print_static(config: SwitchConfig) -> Iterator[str]:
    for (vlan, mac), port in config.static_macs.items():
        yield f"mac address-table static {format_mac(mac)} vlan {vlan} interface {port}"


def static_mac(ctx: Context, args: Args) -> None:
    device: Switch = ctx.device
    statics, key = device.config.static_macs, (args["number"], args["mac-address"])
    if ctx.negated:
        statics.pop(key, None)
    else:
        if args["mac-address"][0] & 1:
            raise Rejected("%Only unicast addresses can be configured statically")
        if args["port"] not in device.port_by_name:
            raise Rejected(f"%{args['port']} is no switch port")
        statics[key] = args["port"]
    device.configured()


_VLAN: Final = f"vlan <number:1-{VLAN_MAX}>"
_AGE: Final = "{<seconds:10-1000000>|<seconds:0-0>}"

for _words in ("mac address-table", "mac-address-table"):
    _prints = _words == "mac address-table"
    table.show("exec", f"show {_words} {_MAC_SELECTION}", text=switching.mac_table, help=MAC_HELP)(show_mac)
    table.command(
        "exec",
        f"clear {_words} dynamic [{_VLAN}|interface <port:interface>|address <mac-address:mac>]",
        help=MAC_HELP,
        privilege=15,
    )(clear_mac)
    table.command(
        "config",
        f"{_words} aging-time {_AGE} [{_VLAN}]",
        help=MAC_HELP,
        no=f"{_words} aging-time [{_AGE}] [{_VLAN}]",
        prints=_print_aging if _prints else None,
        section=Section.MAC,
    )(aging_time)
    table.command(
        "config",
        f"{_words} static <mac-address:mac> {_VLAN} interface <port:interface>",
        help=MAC_HELP,
        no=f"{_words} static <mac-address:mac> {_VLAN} [interface <port:interface>]",
        prints=_print_static if _prints else None,
        section=Section.MAC,
    )(static_mac)
