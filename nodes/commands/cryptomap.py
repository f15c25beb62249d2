"""Crypto maps: what is protected, with whom and how; and the interfaces they are applied to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.ifname import short
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Mode, Table
from nodes.commands.ipsec import LIFETIME, LIFETIME_HELP, NO_LIFETIME
from nodes.commands.modes import ROUTED
from nodes.commands.sections import InterfaceSection, Section
from nodes.device.config import RoutedInterfaceConfig, RouterConfig
from nodes.device.cryptoconfig import CryptoMapConfig
from nodes.device.cryptoviews import CryptoMapsView
from nodes.device.router import Router
from nodes.show import cryptomap as show

table = Table()

MODE: Final = Mode("config-crypto-map", "(config-crypto-map)", "config", "Crypto Map configuration commands:")

#: Transform sets that an entry offers at most.
TRANSFORM_SETS: Final = 6

_NEW_ENTRY: Final = (
    "% NOTE: This new crypto map will remain disabled until a peer",
    "        and a valid access list have been configured.",
)


# Entries -----------------------------------------------------------------------------------------------------------


def _print_maps(config: RouterConfig) -> Iterator[Block]:
    """The entries of one map stand together, with a ``!`` behind the last."""
    for name, entries in sorted(config.crypto.maps.items()):
        for sequence in sorted(entries):
            header = f"crypto map {name} {sequence} ipsec-isakmp "
            yield Block(header, MODE.name, entries[sequence], closed=sequence == max(entries))


@table.command(
    "config",
    "crypto map <name:word> <sequence:1-65535> [ipsec-isakmp]",
    help={
        "crypto": "Encryption module",
        "map": "Enter a crypto map",
        "name": "Crypto map tag",
        "sequence": "Sequence to insert into crypto map entry",
        "ipsec-isakmp": "IPSEC w/ISAKMP",
    },
    no="crypto map <name:word> [<sequence:1-65535> [ipsec-isakmp]]",
    prints=_print_maps,
    section=Section.CRYPTO_MAP,
)
def crypto_map(ctx: Context, args: Args) -> tuple[str, ...]:
    device: Router = ctx.device
    name: str = args["name"]
    if ctx.negated:
        _remove(device, name, args.get("sequence"))
        return ()
    sequence = args["sequence"]
    entry = device.config.crypto.maps.get(name, {}).get(sequence)
    if entry is not None:
        ctx.enter(MODE.name, entry)
        return ()
    if not args.has("ipsec-isakmp"):
        # Only an entry that exists is edited without the word for its kind.
        raise Rejected("% Incomplete command.")
    entry = CryptoMapConfig(name, sequence)
    device.config.crypto.maps.setdefault(name, {})[sequence] = entry
    device.configured()
    ctx.enter(MODE.name, entry)
    return _NEW_ENTRY


def _remove(device: Router, name: str, sequence: int | None) -> None:
    """Remove an entry or the whole map; not the last entry of a map that is applied."""
    maps = device.config.crypto.maps
    if name not in maps:
        return
    left = {known: entry for known, entry in maps[name].items() if sequence not in (None, known)}
    users = [short(port.name) for port in device.config.interfaces.values() if port.crypto_map == name]
    if users and not left:
        raise Rejected(
            f"% Crypto-map {name} is in use by interface(s): {', '.join(users)}. "
            "Please remove the crypto map from the above interface(s) first"
        )
    if left:
        maps[name] = left
    else:
        del maps[name]
    device.configured()


def _print_head(entry: CryptoMapConfig) -> Iterator[str]:
    if entry.description:
        yield f"description {entry.description}"
    if not entry.complete:
        # A remark of IOS's own; reading the configuration skips it.
        yield "! Incomplete"


@table.command(
    MODE.name,
    "description <text:line>",
    help={"description": "Description of the crypto map statement policy", "text": "Up to 80 characters"},
    no="description [<text:line>]",
    prints=_print_head,
)
def description(ctx: Context, args: Args) -> None:
    entry: CryptoMapConfig = ctx.scope
    entry.description = "" if ctx.negated else args["text"][:80].rstrip()


_SET_HELP: Final = {"set": "Set values for encryption/decryption"}


@table.command(
    MODE.name,
    "set peer <peer:ipv4> [default]",
    help=_SET_HELP
    | {
        "peer": "Allowed Encryption/Decryption peer.",
        "<peer>": "IP address of peer",
        "default": "Default peer, to be tried first when the connection has ended",
    },
    no="set peer [<peer:ipv4> [default]]",
    prints=lambda entry: [
        f"set peer {format_ipv4(peer)}{' default' if peer == entry.default_peer else ''}" for peer in entry.peers
    ],
)
def set_peer(ctx: Context, args: Args) -> None:
    """Another peer is tried after the ones before it. One of them may be the default, which comes first again."""
    entry: CryptoMapConfig = ctx.scope
    if not ctx.negated:
        if args["peer"] not in entry.peers:
            entry.peers.append(args["peer"])
        if args.has("default"):
            entry.default_peer = args["peer"]
        elif entry.default_peer == args["peer"]:
            entry.default_peer = None
    else:
        if args.get("peer", entry.default_peer) == entry.default_peer:
            entry.default_peer = None
        # Without an address all of them go.
        entry.peers = [peer for peer in entry.peers if peer != args.get("peer", peer)]
    ctx.device.configured()


def _print_lifetime(entry: CryptoMapConfig) -> Iterator[str]:
    if entry.lifetime_kilobytes is not None:
        yield f"set security-association lifetime kilobytes {entry.lifetime_kilobytes}"
    if entry.lifetime_seconds is not None:
        yield f"set security-association lifetime seconds {entry.lifetime_seconds}"


@table.command(
    MODE.name,
    f"set security-association lifetime {LIFETIME}",
    help=_SET_HELP | LIFETIME_HELP,
    no=f"set security-association lifetime {NO_LIFETIME}",
    prints=_print_lifetime,
)
def set_lifetime(ctx: Context, args: Args) -> None:
    entry: CryptoMapConfig = ctx.scope
    if "seconds" in args.words:
        entry.lifetime_seconds = None if ctx.negated else args["seconds"]
    else:
        entry.lifetime_kilobytes = None if ctx.negated else args["kilobytes"]
    ctx.device.configured()


# <set:word> [<set:word> [...]]: the grammar's own repetition has no upper end.
_SETS: Final = " [".join(["<set:word>"] * TRANSFORM_SETS) + "]" * (TRANSFORM_SETS - 1)


@table.command(
    MODE.name,
    f"set transform-set {_SETS}",
    help=_SET_HELP | {"transform-set": "Specify list of transform sets in priority order", "<set>": "Proposal tag"},
    no=f"set transform-set [{_SETS}]",
    prints=lambda entry: [f"set transform-set {' '.join(entry.transform_sets)} "] if entry.transform_sets else [],
)
def set_transform_set(ctx: Context, args: Args) -> None:
    """A new list replaces the old one."""
    device: Router = ctx.device
    entry: CryptoMapConfig = ctx.scope
    names = list(dict.fromkeys(args.all("set")))
    if ctx.negated:
        entry.transform_sets = [name for name in entry.transform_sets if names and name not in names]
    else:
        for name in names:
            if name not in device.config.crypto.transform_sets:
                raise Rejected(f'ERROR: transform set with tag "{name}" does not exist.')
        entry.transform_sets = names
    device.configured()


_GROUPS: Final = "group1|group2|group5|group14|group15|group16|group19|group20"


@table.command(
    MODE.name,
    f"set pfs [{_GROUPS}]$group",
    help=_SET_HELP
    | {
        "pfs": "Specify pfs settings",
        "group1": "D-H Group1 (768-bit modp)",
        "group2": "D-H Group2 (1024-bit modp)",
        "group5": "D-H Group5 (1536-bit modp)",
        "group14": "D-H Group14 (2048-bit modp)",
        "group15": "D-H Group15 (3072-bit modp)",
        "group16": "D-H Group16 (4096-bit modp)",
        "group19": "D-H Group19 (256-bit ecp)",
        "group20": "D-H Group20 (384-bit ecp)",
    },
    no=f"set pfs [{_GROUPS}]",
    prints=lambda entry: [] if entry.pfs_group is None else [f"set pfs group{entry.pfs_group}"],
)
def set_pfs(ctx: Context, args: Args) -> None:
    entry: CryptoMapConfig = ctx.scope
    entry.pfs_group = None if ctx.negated else int(args.get("group", "group1").removeprefix("group"))
    ctx.device.configured()


_LIST: Final = "{<number:100-199,2000-2699>|<list:word>}"


@table.command(
    MODE.name,
    f"match address {_LIST}",
    help={
        "match": "Match values.",
        "address": "Match address of packets to encrypt.",
        "number": "IP access-list number",
        "list": "Access-list name",
    },
    no=f"match address [{_LIST}]",
    prints=lambda entry: [f"match address {entry.match}"] if entry.match else [],
)
def match_address(ctx: Context, args: Args) -> None:
    entry: CryptoMapConfig = ctx.scope
    if not ctx.negated and not args.has("number") and args["list"].isdigit():
        raise Rejected("% Invalid access list name.")
    entry.match = "" if ctx.negated else str(args["number"] if args.has("number") else args["list"])
    ctx.device.configured()


# Interfaces --------------------------------------------------------------------------------------------------------


@table.command(
    ROUTED,
    "crypto map <name:word>",
    help={
        "crypto": "Encryption/Decryption commands",
        "map": "Assign a Crypto Map",
        "name": "Crypto Map tag",
    },
    no="crypto map [<name:word>]",
    prints=lambda interface: [f"crypto map {interface.crypto_map}"] if interface.crypto_map else [],
    section=InterfaceSection.CRYPTO_MAP,
)
def apply_map(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    if not ctx.negated and args["name"] not in device.config.crypto.maps:
        raise Rejected(f'ERROR: Crypto Map with tag "{args["name"]}" does not exist.')
    interface: RoutedInterfaceConfig
    for interface in ctx.scope:
        if not ctx.negated:
            interface.crypto_map = args["name"]
        elif args.get("name", interface.crypto_map) == interface.crypto_map:
            interface.crypto_map = ""
    device.configured()


# Shows -------------------------------------------------------------------------------------------------------------


@table.show(
    "exec",
    "show crypto map [tag <name:word>]",
    text=show.maps,
    help={
        "crypto": "Encryption module",
        "map": "Crypto maps",
        "tag": "Crypto maps with a given tag",
        "name": "Crypto map tag",
    },
)
def show_maps(ctx: Context, args: Args) -> CryptoMapsView:
    device: Router = ctx.device
    return device.ipsec.maps_view(args.get("name"))
