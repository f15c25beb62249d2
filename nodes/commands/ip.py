"""IPv4 on interfaces, and ARP: of a router, and of a switch in its VLANs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import broadcast_of, format_ipv4, format_mac, length_to_mask, mask_to_length
from nodes.base.errors import AddressError
from nodes.base.ifname import Family, family
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.modes import ROUTED
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.config import InterfaceAddress, IosConfig, RoutedInterfaceConfig, SubinterfaceConfig
from nodes.device.iosip import IosIpDevice
from nodes.device.views import ArpView, IpInterfacesView
from nodes.show import interfaces as show_interfaces
from nodes.show import routing
from nodes.wire.ipv4 import MTU_MIN

table = Table()


# Addresses ---------------------------------------------------------------------------------------------------------


def _print_addresses(interface: RoutedInterfaceConfig) -> Iterator[str]:
    """The secondary ones first, as on IOS."""
    for address in interface.secondaries:
        yield f"ip address {_text(address)} secondary"
    if interface.address is not None:
        yield f"ip address {_text(interface.address)}"
    elif not interface.secondaries:
        yield "no ip address"


def _text(address: InterfaceAddress) -> str:
    return f"{format_ipv4(address.address)} {format_ipv4(length_to_mask(address.length))}"


@table.command(
    ROUTED,
    "ip address <address:ipv4> <mask:ipv4> [secondary]",
    help={
        "address": "Set the IP address of an interface",
        "<address>": "IP address",
        "mask": "IP subnet mask",
        "secondary": "Make this IP address a secondary address",
    },
    no="ip address [<address:ipv4> <mask:ipv4> [secondary]]",
    prints=_print_addresses,
    section=InterfaceSection.ADDRESS,
)
def ip_address(ctx: Context, args: Args) -> str | None:
    device: IosIpDevice = ctx.device
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        if ctx.negated:
            _remove(interface, args)
        else:
            _set(device, interface, args)
    device.configured()
    if not ctx.negated and args["mask"] == length_to_mask(31):
        return "% Warning: use /31 mask on non point-to-point interface cautiously"
    return None


def _set(device: IosIpDevice, interface: RoutedInterfaceConfig, args: Args) -> None:
    if isinstance(interface, SubinterfaceConfig) and interface.vlan is None:
        raise Rejected(
            "\n% Configuring IP routing on a LAN subinterface is only allowed if that\n"
            "subinterface is already configured as part of an IEEE 802.10, IEEE 802.1Q,\n"
            "or ISL vLAN.\n\n"
        )
    own = _checked(device, interface, args["address"], args["mask"])
    others = tuple(address for address in interface.secondaries if address.address != own.address)
    if "secondary" in args.words:
        if interface.address is not None and interface.address.address == own.address:
            raise Rejected("% Secondary address cannot be same as primary address")
        interface.secondaries = (*others, own)
    else:
        interface.address, interface.secondaries = own, others


def _remove(interface: RoutedInterfaceConfig, args: Args) -> None:
    """Without an address all of them go."""
    if not args.has("mask"):
        interface.address, interface.secondaries = None, ()
        return
    known = interface.secondaries if "secondary" in args.words else (interface.address,)
    named = next((own for own in known if own is not None and own.address == args["address"]), None)
    if named is None or length_to_mask(named.length) != args["mask"]:
        raise Rejected("Invalid address")
    if "secondary" in args.words:
        interface.secondaries = tuple(address for address in interface.secondaries if address != named)
    elif interface.secondaries:
        raise Rejected("Must delete secondary before deleting primary")
    else:
        interface.address = None


def _checked(device: IosIpDevice, interface: RoutedInterfaceConfig, address: int, mask: int) -> InterfaceAddress:
    """The address as configured; raises Rejected for one that no interface, or not this one, can have."""
    try:
        length = mask_to_length(mask)
    except AddressError:
        raise Rejected(f"Bad mask 0x{mask:X} for address {format_ipv4(address)}") from None
    own = InterfaceAddress(address, length)
    network = own.network
    # A network of one address alone has no neighbours, and needs no wire.
    alone = length == 32 and family(interface.name) is not Family.LOOPBACK
    if length == 0 or alone or (length < 31 and address in (network.address, broadcast_of(network))):
        raise Rejected(f"Bad mask /{length} for address {format_ipv4(address)}")
    if address >> 24 in (0, 127) or address >> 28 >= 0xE:
        raise Rejected(f"Not a valid host address - {format_ipv4(address)}")
    for other in device.routed_configs.values():
        if other.address is not None and other is not interface and _overlaps(own, other):
            raise Rejected(f"% {format_ipv4(network.address)} overlaps with {other.name}")
    return own


#: A configuration of thousands of interfaces compares millions of networks.
_MASKS: Final = tuple(map(length_to_mask, range(33)))


def _overlaps(own: InterfaceAddress, interface: RoutedInterfaceConfig) -> bool:
    address, length = own
    for known, its_length in interface.addresses:
        if not (address ^ known) & _MASKS[length if length < its_length else its_length]:
            return True
    return False


# What IPv4 does on an interface ------------------------------------------------------------------------------------


def _switch(grammar: str, field: str, section: InterfaceSection, help: str) -> None:
    """A setting that is on or off; only what is not the default is printed."""
    default = getattr(RoutedInterfaceConfig(""), field)

    def handler(ctx: Context, args: Args) -> None:
        interface: RoutedInterfaceConfig
        for interface in ctx.scope:
            setattr(interface, field, not ctx.negated)
        ctx.device.configured()

    def prints(interface: RoutedInterfaceConfig) -> list[str]:
        on = getattr(interface, field)
        return [] if on == default else [grammar if on else f"no {grammar}"]

    table.command(
        ROUTED,
        grammar,
        help={grammar.split()[-1]: help},
        no=True,
        default=grammar if default else "",
        prints=prints,
        section=section,
    )(handler)


_switch("ip mask-reply", "mask_reply", InterfaceSection.MASK_REPLY, "Enable sending ICMP Mask Reply messages")
_switch("ip redirects", "redirects", InterfaceSection.REDIRECTS, "Enable sending ICMP Redirect messages")
_switch("ip unreachables", "unreachables", InterfaceSection.UNREACHABLES, "Enable sending ICMP Unreachable messages")
_switch(
    "ip directed-broadcast",
    "directed_broadcast",
    InterfaceSection.DIRECTED_BROADCAST,
    "Enable forwarding of directed broadcasts",
)
_switch("ip proxy-arp", "proxy_arp", InterfaceSection.PROXY_ARP, "Enable proxy ARP")


@table.command(
    ROUTED,
    f"ip mtu <octets:{MTU_MIN}-1000000>",
    help={"mtu": "Set IP Maximum Transmission Unit", "octets": "MTU (bytes)"},
    no="ip mtu",
    prints=lambda interface: [] if interface.ip_mtu is None else [f"ip mtu {interface.ip_mtu}"],
    section=InterfaceSection.IP_MTU,
)
def ip_mtu(ctx: Context, args: Args) -> None:
    """The MTU of the interface is the default, and the most."""
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        most = ctx.device.interface_mtu(interface.name)
        if not ctx.negated and args["octets"] > most:
            raise Rejected(f"%Invalid IP MTU: the MTU of the interface is {most} bytes")
        interface.ip_mtu = None if ctx.negated or args["octets"] == most else args["octets"]
    ctx.device.configured()


@table.show(
    "exec",
    "show ip interface [<name:interface>]",
    text=show_interfaces.ip_interfaces,
    help={"interface": "IP interface status and configuration", "name": "Interface"},
)
def show_ip_interface(ctx: Context, args: Args) -> IpInterfacesView:
    device: IosIpDevice = ctx.device
    return device.ip_interfaces_view(args.get("name"))


# ARP ---------------------------------------------------------------------------------------------------------------


def _print_arps(config: IosConfig) -> Iterator[str]:
    for address, mac in sorted(config.arps.items()):
        yield f"arp {format_ipv4(address)} {format_mac(mac)} ARPA"


@table.command(
    "config",
    "arp <address:ipv4> <mac:mac> arpa",
    help={
        "arp": "Set a static ARP entry",
        "address": "IP address of ARP entry",
        "mac": "48-bit hardware address of ARP entry",
        "arpa": "ARP type ARPA",
    },
    no="arp <address:ipv4> [<mac:mac> [arpa]]",
    prints=_print_arps,
    section=Section.ARP,
)
def static_arp(ctx: Context, args: Args) -> None:
    """A neighbour that is never asked for its address, on whatever interface its network is."""
    device: IosIpDevice = ctx.device
    if ctx.negated:
        device.config.arps.pop(args["address"], None)
    else:
        if args["mac"][0] & 1:
            raise Rejected("%Invalid hardware address")
        if args["address"] in device.own:
            raise Rejected("%IP address is this router's")
        device.config.arps[args["address"]] = args["mac"]
    device.configured()


_ARP_HELP: Final = {
    "arp": "ARP table",
    "address": "IP address or hostname of ARP entry",
    "mac": "48-bit hardware address of ARP entry",
    "name": "Interface",
}


def show_arp(ctx: Context, args: Args) -> ArpView:
    device: IosIpDevice = ctx.device
    wanted = {
        "address": format_ipv4(args["address"]) if args.has("address") else None,
        "mac": format_mac(args["mac"]) if args.has("mac") else None,
        "interface": args.get("name"),
    }
    return ArpView(
        tuple(
            entry
            for entry in device.arp_view().entries
            if all(value is None or getattr(entry, key) == value for key, value in wanted.items())
        )
    )


for _grammar in ("show arp", "show ip arp"):
    table.show("exec", f"{_grammar} [<address:ipv4>|<mac:mac>|<name:interface>]", text=routing.arp, help=_ARP_HELP)(
        show_arp
    )


def clear_arp(ctx: Context, args: Args) -> None:
    device: IosIpDevice = ctx.device
    device.clear_arp()


for _grammar, _word in (("clear arp-cache", "arp-cache"), ("clear ip arp", "arp")):
    table.command("exec", _grammar, help={_word: "Clear the entire ARP cache"}, privilege=15)(clear_arp)
