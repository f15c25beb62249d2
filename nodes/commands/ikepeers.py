"""How IKE treats its peers: who we say we are, whether they live, translators on the way, aggressive mode."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.cli.context import Args, Context
from nodes.cli.table import Block, Mode, Table
from nodes.commands.sections import Section
from nodes.device.config import RouterConfig
from nodes.device.cryptoconfig import CryptoConfig, IsakmpPeerConfig, KeepaliveConfig
from nodes.device.router import Router

table = Table()

MODE: Final = Mode("config-isakmp-peer", "(config-isakmp-peer)", "config", "ISAKMP peer configuration commands:")

_HELP: Final = {"crypto": "Encryption module", "isakmp": "Configure ISAKMP policy"}


def _crypto(ctx: Context) -> CryptoConfig:
    device: Router = ctx.device
    return device.config.crypto


def _switch(grammar: str, attribute: str, inverted: str, help_: dict[str, str], section: Section) -> None:
    """Declare a setting that is on or off; it is printed as ``inverted`` when it is not as IOS has it by default."""
    default: bool = getattr(CryptoConfig(), attribute)

    def prints(config: RouterConfig) -> list[str]:
        return [] if getattr(config.crypto, attribute) == default else [inverted]

    # A word that switches something off is itself negated by "no".
    means = default if inverted.startswith("no ") else not default

    @table.command("config", grammar, help=_HELP | help_, no=True, prints=prints, section=section)
    def set_(ctx: Context, args: Args) -> None:
        setattr(_crypto(ctx), attribute, means != ctx.negated)
        ctx.device.configured()


# Identity and liveness ---------------------------------------------------------------------------------------------


@table.command(
    "config",
    "crypto isakmp identity {address|dn|hostname}$identity",
    help=_HELP
    | {
        "identity": "Set the identity which ISAKMP will use",
        "address": "Use the IP address of the interface for the identity",
        "dn": "Use the distinguished name of the router cert for the identity",
        "hostname": "Use the hostname of the router for the identity",
    },
    no="crypto isakmp identity [address|dn|hostname]",
    prints=lambda config: (
        [] if config.crypto.identity == "address" else [f"crypto isakmp identity {config.crypto.identity}"]
    ),
    section=Section.ISAKMP,
)
def identity(ctx: Context, args: Args) -> None:
    """Without certificates ``dn`` has no name to state: the address is stated."""
    _crypto(ctx).identity = "address" if ctx.negated else args["identity"]
    ctx.device.configured()


_switch(
    "crypto isakmp invalid-spi-recovery",
    "invalid_spi_recovery",
    "no crypto isakmp invalid-spi-recovery",
    {"invalid-spi-recovery": "Initiate IKE when an invalid SPI is received from a peer"},
    Section.ISAKMP,
)


def _print_keepalive(config: RouterConfig) -> Iterator[str]:
    keepalive = config.crypto.keepalive
    if keepalive is not None:
        retry = f" {keepalive.retry}" if keepalive.retry != KeepaliveConfig(10).retry else ""
        yield f"crypto isakmp keepalive {keepalive.interval}{retry}{' periodic' if keepalive.periodic else ''}"


@table.command(
    "config",
    "crypto isakmp keepalive <seconds:10-3600> [<retry:2-60>] [on-demand|periodic]",
    help=_HELP
    | {
        "keepalive": "Set a keepalive interval for use with IOS peers",
        "<seconds>": "Number of seconds between keep alives",
        "<retry>": "Number of seconds between retries if keepalive fails",
        "on-demand": "Send keepalives only when needed",
        "periodic": "Send keepalives at regular interval",
    },
    no="crypto isakmp keepalive [<seconds:10-3600> [<retry:2-60>] [on-demand|periodic]]",
    prints=_print_keepalive,
    section=Section.ISAKMP,
)
def keepalive(ctx: Context, args: Args) -> None:
    if ctx.negated:
        _crypto(ctx).keepalive = None
    else:
        retry: int = args.get("retry", KeepaliveConfig(10).retry)
        _crypto(ctx).keepalive = KeepaliveConfig(args["seconds"], retry, args.has("periodic"))
    ctx.device.configured()


@table.command(
    "config",
    "crypto isakmp nat keepalive <seconds:5-3600>",
    help=_HELP
    | {
        "nat": "Set a nat  keepalive interval for use with IOS peers",
        "keepalive": "Set a nat keepalive interval for use with IOS peers",
        "seconds": "Number of seconds between keep alives",
    },
    no="crypto isakmp nat keepalive [<seconds:5-3600>]",
    prints=lambda config: (
        [f"crypto isakmp nat keepalive {config.crypto.nat_keepalive}"] if config.crypto.nat_keepalive else []
    ),
    section=Section.ISAKMP,
)
def nat_keepalive(ctx: Context, args: Args) -> None:
    _crypto(ctx).nat_keepalive = 0 if ctx.negated else args["seconds"]
    ctx.device.configured()


# Aggressive mode ---------------------------------------------------------------------------------------------------

_switch(
    "crypto isakmp aggressive-mode disable",
    "accept_aggressive",
    "crypto isakmp aggressive-mode disable",
    {"aggressive-mode": "Disable ISAKMP aggressive mode", "disable": "Disable ISAKMP aggressive mode"},
    Section.ISAKMP,
)


def _print_peers(config: RouterConfig) -> Iterator[Block]:
    for address, entry in sorted(config.crypto.peers.items()):
        yield Block(f"crypto isakmp peer address {format_ipv4(address)}", MODE.name, entry)


@table.command(
    "config",
    "crypto isakmp peer address <address:ipv4>",
    help=_HELP | {"peer": "Set Peer Policy", "address": "Set Peer IP Address", "<address>": "Peer IP Address"},
    no=True,
    prints=_print_peers,
    section=Section.ISAKMP_PEER,
)
def peer(ctx: Context, args: Args) -> None:
    peers, address = _crypto(ctx).peers, args["address"]
    if ctx.negated:
        peers.pop(address, None)
    else:
        entry = peers.setdefault(address, IsakmpPeerConfig(address))
    ctx.device.configured()
    if not ctx.negated:
        ctx.enter(MODE.name, entry)


_SET_HELP: Final = {"set": "Set Peer Policy", "aggressive-mode": "Set Aggressive Mode Attributes"}


@table.command(
    MODE.name,
    "set aggressive-mode password <password:word>",
    help=_SET_HELP | {"password": "Specify the aggressive mode password", "<password>": "Tunnel password"},
    no="set aggressive-mode password [<password:word>]",
    prints=lambda entry: [f"set aggressive-mode password {entry.password}"] if entry.password else [],
)
def aggressive_password(ctx: Context, args: Args) -> None:
    entry: IsakmpPeerConfig = ctx.scope
    entry.password = "" if ctx.negated else args["password"]
    ctx.device.configured()


_ENDPOINT: Final = "{fqdn <name:word>|user-fqdn <name:word>|ipv4-address <address:ipv4>}"


@table.command(
    MODE.name,
    f"set aggressive-mode client-endpoint {_ENDPOINT}",
    help=_SET_HELP
    | {
        "client-endpoint": "Set the ID Type/Value of the client endpoint",
        "fqdn": "Set the ID type to fqdn",
        "user-fqdn": "Set the ID type to user-fqdn",
        "ipv4-address": "Set the ID type to ipv4-address",
        "name": "ID value",
        "address": "IP address",
    },
    no=f"set aggressive-mode client-endpoint [{_ENDPOINT}]",
    prints=lambda entry: [f"set aggressive-mode client-endpoint {' '.join(entry.endpoint)} "] if entry.endpoint else [],
)
def client_endpoint(ctx: Context, args: Args) -> None:
    entry: IsakmpPeerConfig = ctx.scope
    entry.endpoint = None
    if not ctx.negated:
        kind = next(word for word in ("fqdn", "user-fqdn", "ipv4-address") if word in args.words)
        entry.endpoint = kind, args["name"] if args.has("name") else format_ipv4(args["address"])
    ctx.device.configured()


# Translators, and what is logged -----------------------------------------------------------------------------------

_switch(
    "crypto ipsec nat-transparency udp-encapsulation",
    "nat_transparency",
    "no crypto ipsec nat-transparency udp-encapsulation",
    {
        "ipsec": "Configure IPSEC policy",
        "nat-transparency": "IPsec NAT transparency model",
        "udp-encapsulation": "UDP encapsulation of IPsec protocol",
    },
    Section.IPSEC_LIFETIME,
)
_switch(
    "crypto logging session",
    "log_sessions",
    "crypto logging session",
    {"logging": "logging messages", "session": "logging up/down session"},
    Section.IPSEC_LOGGING,
)
