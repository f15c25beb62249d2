"""The command prompt of PCs and servers."""

from __future__ import annotations

from typing import Final

from nodes.base.addr import broadcast_of, format_ipv4, length_to_mask, mask_to_length
from nodes.base.errors import AddressError
from nodes.cli.builtin import WINDOWS
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.dialect import WindowsDialect
from nodes.cli.table import Table
from nodes.commands import system, windows_probes
from nodes.commands.console import Console
from nodes.commands.params import Interfaces, base_params
from nodes.device.config import InterfaceAddress
from nodes.device.host import Host
from nodes.device.views import AdapterView, HostArpView
from nodes.show import host as show

table = Table()

BANNER: Final = "wirelab host console. Type help for the commands.\n"


def _save(device: Host) -> None:
    """A host keeps its settings at once, as Windows does: there is nothing to save by hand."""
    if not device.ready:
        return  # the startup-config is being read
    lines = [f"hostname {device.config.hostname}"]
    address = device.config.address
    if address is not None:
        words = [format_ipv4(address.address), format_ipv4(length_to_mask(address.length))]
        if device.config.gateway is not None:
            words.append(format_ipv4(device.config.gateway))
        lines.append("ipconfig " + " ".join(words))
    try:
        device.services.nvram.write("\n".join(lines) + "\n")
    except OSError as error:
        raise Rejected(f"The setting is in force but could not be saved: {error.strerror or error}") from None


@table.show(
    "exec",
    "ipconfig [/all]",
    text=show.ipconfig,
    help={"ipconfig": "Displays or sets the IP address", "/all": "Display full configuration information"},
)
def show_ipconfig(ctx: Context, args: Args) -> AdapterView:
    device: Host = ctx.device
    return device.adapter_view(detail="/all" in args.words)


@table.command(
    "exec",
    "ipconfig <address:ipv4> <mask:ipv4> [<gateway:ipv4>]",
    help={
        "ipconfig": "Displays or sets the IP address",
        "address": "IP address",
        "mask": "Subnet mask",
        "gateway": "Default gateway",
    },
)
def set_ipconfig(ctx: Context, args: Args) -> None:
    device: Host = ctx.device
    try:
        length = mask_to_length(args["mask"])
    except AddressError:
        raise Rejected("Invalid subnet mask.") from None
    own, gateway = InterfaceAddress(args["address"], length), args.get("gateway")
    network = own.network
    unusable = own.address >> 24 in (0, 127) or own.address >> 28 >= 0xE
    if unusable or not length or (length < 31 and own.address in (network.address, broadcast_of(network))):
        raise Rejected("Invalid IP address: it cannot be a host's.")
    if gateway is not None and (not network.contains(gateway) or gateway == own.address):
        raise Rejected("Invalid default gateway: it must be another host of the same network.")
    device.config.address, device.config.gateway = own, gateway
    device.configured()
    _save(device)


@table.command(
    "exec",
    "ipconfig /release",
    help={"ipconfig": "Displays or sets the IP address", "/release": "Remove the IP address"},
)
def release(ctx: Context, args: Args) -> None:
    device: Host = ctx.device
    device.config.address = device.config.gateway = None
    device.configured()
    _save(device)


@table.show(
    "exec", "arp -a", text=show.arp, help={"arp": "Displays or clears the ARP cache", "-a": "Display the ARP cache"}
)
def show_arp(ctx: Context, args: Args) -> HostArpView:
    device: Host = ctx.device
    return device.arp_view()


@table.command(
    "exec",
    "arp -d [*]",
    help={"arp": "Displays or clears the ARP cache", "-d": "Delete the ARP cache", "*": "All entries"},
)
def clear_arp(ctx: Context, args: Args) -> None:
    device: Host = ctx.device
    device.clear_arp()


@table.command(
    "exec",
    "hostname [<name:word>]",
    help={"hostname": "Prints or sets the name of the host", "name": "New name"},
)
def hostname(ctx: Context, args: Args) -> str | None:
    device: Host = ctx.device
    if not args.has("name"):
        return device.config.hostname
    device.config.hostname = args["name"][:63]
    _save(device)
    return None


def console(device: Host) -> Console:
    return Console(
        device,
        (WINDOWS, table, system.common, windows_probes.table),
        WindowsDialect(banner=lambda: BANNER, usage=windows_probes.USAGE),
        params=base_params(Interfaces(device.port_by_name)),
        config_mode=None,
    )
