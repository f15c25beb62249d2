"""The links of a router: MTU and MAC address of a port, and its subinterfaces, each with a VLAN of its own."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.base.addr import format_mac
from nodes.base.ifname import parent
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.modes import PORT, SUBINTERFACE
from nodes.commands.sections import InterfaceSection
from nodes.device.config import RoutedInterfaceConfig, RouterConfig, SubinterfaceConfig
from nodes.device.interface import ETHERNET_MTU
from nodes.device.router import Router
from nodes.device.views import VlanInterfacesView
from nodes.show import vlans as show

table = Table()

#: The longest packet that the Ethernet of an 1841 sends.
MTU_MAX = 1600


@table.command(
    PORT,
    f"mtu <octets:64-{MTU_MAX}>",
    help={"mtu": "Set the interface Maximum Transmission Unit (MTU)", "octets": "MTU size in bytes"},
    no="mtu",
    prints=lambda interface: [] if interface.mtu is None else [f"mtu {interface.mtu}"],
    section=InterfaceSection.MTU,
)
def mtu(ctx: Context, args: Args) -> None:
    """An ``ip mtu`` that does not fit any more goes, there and on the subinterfaces."""
    device: Router = ctx.device
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        most = ETHERNET_MTU if ctx.negated else args["octets"]
        interface.mtu = None if most == ETHERNET_MTU else most
        for other in device.config.interfaces.values():
            if parent(other.name) == interface.name and other.ip_mtu is not None and other.ip_mtu >= most:
                other.ip_mtu = None
    device.configured()


@table.command(
    PORT,
    "mac-address <address:mac>",
    help={"mac-address": "Manually set interface MAC address", "address": "MAC address"},
    no="mac-address [<address:mac>]",
    prints=lambda interface: [] if interface.mac is None else [f"mac-address {format_mac(interface.mac)}"],
    section=InterfaceSection.MAC,
)
def mac_address(ctx: Context, args: Args) -> None:
    mac = None if ctx.negated else args["address"]
    if mac is not None and (mac[0] & 1 or not any(mac)):
        raise Rejected("% Invalid MAC address: no station can have it")
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        interface.mac = mac
    ctx.device.configured()


def _print_encapsulation(interface: SubinterfaceConfig) -> Iterator[str]:
    if interface.vlan is not None:
        yield f"encapsulation dot1Q {interface.vlan}" + (" native" if interface.native else "")


@table.command(
    SUBINTERFACE,
    "encapsulation dot1Q <vlan:1-4094> [native]",
    help={
        "encapsulation": "Set encapsulation type for an interface",
        "dot1Q": "IEEE 802.1Q Virtual LAN",
        "vlan": "IEEE 802.1Q VLAN ID",
        "native": "Make this as native vlan",
    },
    no="encapsulation [dot1Q [<vlan:1-4094> [native]]]",
    prints=_print_encapsulation,
    section=InterfaceSection.ENCAPSULATION,
)
def encapsulation(ctx: Context, args: Args) -> None:
    """Without a VLAN a subinterface has no addresses either."""
    device: Router = ctx.device
    interface: SubinterfaceConfig
    for interface in ctx.scope:
        if ctx.negated:
            interface.vlan, interface.native = None, False
            interface.address, interface.secondaries = None, ()
            continue
        native = "native" in args.words
        for other in _siblings(device.config, interface):
            if other.vlan == args["vlan"]:
                raise Rejected(
                    f"%Configuration of multiple subinterfaces of the same main\n"
                    f"interface with the same VID ({other.vlan}) is not permitted.\n"
                    f"This VID is already configured on {other.name}."
                )
            if native and other.native:
                raise Rejected(f"%The native VLAN of {parent(other.name)} is already configured on {other.name}.")
        interface.vlan, interface.native = args["vlan"], native
    device.configured()


def _siblings(config: RouterConfig, interface: SubinterfaceConfig) -> Iterator[SubinterfaceConfig]:
    """The other subinterfaces of the same port."""
    for other in config.interfaces.values():
        sibling = other is not interface and parent(other.name) == parent(interface.name)
        if sibling and isinstance(other, SubinterfaceConfig):
            yield other


@table.show("exec", "show vlans", text=show.vlans, help={"vlans": "Virtual LANs Information"})
def show_vlans(ctx: Context, args: Args) -> VlanInterfacesView:
    device: Router = ctx.device
    return device.vlan_interfaces_view()
