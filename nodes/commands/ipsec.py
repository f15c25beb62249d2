"""Phase 2: transform sets and lifetimes, and the shows and clears of IPsec SAs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Mode, Table
from nodes.commands.sections import Section
from nodes.device.config import RouterConfig
from nodes.device.cryptoconfig import DEFAULT_KILOBYTES, DEFAULT_SECONDS, DEFAULT_WINDOW, TransformSetConfig
from nodes.device.cryptoviews import IpsecLifetimeView, IpsecSasView, TransformSetsView
from nodes.device.router import Router
from nodes.show import ipsec as show

table = Table()

MODE: Final = Mode("cfg-crypto-trans", "(cfg-crypto-trans)", "config", "Crypto transform configuration commands:")

#: Both limits of a security association; a crypto map entry may set its own.
LIFETIME: Final = "{seconds <seconds:120-86400>|kilobytes <kilobytes:2560-4294967295>}"
NO_LIFETIME: Final = "{seconds [<seconds:120-86400>]|kilobytes [<kilobytes:2560-4294967295>]}"
LIFETIME_HELP: Final = {
    "security-association": "Security association parameters",
    "lifetime": "security association lifetime",
    "seconds": "Time-based key duration",
    "<seconds>": "Security association duration in seconds",
    "kilobytes": "Volume-based key duration",
    "<kilobytes>": "Security association duration in kilobytes encrypted",
}

_CRYPTO_HELP: Final = {"crypto": "Encryption module", "ipsec": "Configure IPSEC policy"}


# Lifetimes ---------------------------------------------------------------------------------------------------------


def _print_lifetime(config: RouterConfig) -> Iterator[str]:
    crypto = config.crypto
    if crypto.policies or crypto.keys:
        # IOS leaves an empty block between the two phases.
        yield "!"
    if crypto.lifetime_kilobytes != DEFAULT_KILOBYTES:
        yield f"crypto ipsec security-association lifetime kilobytes {crypto.lifetime_kilobytes}"
    if crypto.lifetime_seconds != DEFAULT_SECONDS:
        yield f"crypto ipsec security-association lifetime seconds {crypto.lifetime_seconds}"
    if not crypto.replay_window:
        yield "crypto ipsec security-association replay disable"
    elif crypto.replay_window != DEFAULT_WINDOW:
        yield f"crypto ipsec security-association replay window-size {crypto.replay_window}"


@table.command(
    "config",
    f"crypto ipsec security-association lifetime {LIFETIME}",
    help=_CRYPTO_HELP | LIFETIME_HELP,
    no=f"crypto ipsec security-association lifetime {NO_LIFETIME}",
    prints=_print_lifetime,
    section=Section.IPSEC_LIFETIME,
)
def lifetime(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    crypto = device.config.crypto
    if "seconds" in args.words:
        crypto.lifetime_seconds = DEFAULT_SECONDS if ctx.negated else args["seconds"]
    else:
        crypto.lifetime_kilobytes = DEFAULT_KILOBYTES if ctx.negated else args["kilobytes"]
    device.configured()


# Packets -----------------------------------------------------------------------------------------------------------


@table.command(
    "config",
    "crypto ipsec security-association replay {disable|window-size {64|128|256|512|1024}$size}",
    help=_CRYPTO_HELP
    | {
        "security-association": "Security association parameters",
        "replay": "Set replay checking.",
        "disable": "Disable replay checking",
        "window-size": "Set replay window size.",
        "64": "Window size of 64 (default)",
        "128": "Window size of 128",
        "256": "Window size of 256",
        "512": "Window size of 512",
        "1024": "Window size of 1024",
    },
    no="crypto ipsec security-association replay {disable|window-size [64|128|256|512|1024]}",
)
def replay(ctx: Context, args: Args) -> None:
    """For SAs that are made from now on."""
    device: Router = ctx.device
    if ctx.negated:
        device.config.crypto.replay_window = DEFAULT_WINDOW
    else:
        device.config.crypto.replay_window = 0 if args.has("disable") else int(args["size"])
    device.configured()


@table.command(
    "config",
    "crypto ipsec df-bit {clear|copy|set}$df",
    help=_CRYPTO_HELP
    | {
        "df-bit": "Handling of encapsulated DF bit.",
        "clear": "Clear DF bit in outer IP header",
        "copy": "Copy DF bit from inner header",
        "set": "Set DF bit in outer header",
    },
    no="crypto ipsec df-bit [clear|copy|set]",
    prints=lambda config: [] if config.crypto.df_bit == "copy" else [f"crypto ipsec df-bit {config.crypto.df_bit}"],
    section=Section.IPSEC_LIFETIME,
)
def df_bit(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    device.config.crypto.df_bit = "copy" if ctx.negated else args["df"]
    device.configured()


@table.command(
    "config",
    "crypto ipsec fragmentation {after-encryption|before-encryption}$when",
    help=_CRYPTO_HELP
    | {
        "fragmentation": "Handling of fragmentation of near-MTU sized packets",
        "after-encryption": "perform fragmentation after encryption",
        "before-encryption": "perform fragmentation before encryption",
    },
    no="crypto ipsec fragmentation [after-encryption|before-encryption]",
    prints=lambda config: [] if config.crypto.fragment_before else ["crypto ipsec fragmentation after-encryption"],
    section=Section.IPSEC_LIFETIME,
)
def fragmentation(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    device.config.crypto.fragment_before = ctx.negated or args["when"] == "before-encryption"
    device.configured()


# Transform sets ----------------------------------------------------------------------------------------------------

# One cipher and one integrity algorithm at most, in either order. Without a cipher the packet must be authenticated,
# and that it is not encrypted must be said (RFC 4303 §3.2: not both may be NULL).
_CIPHER: Final = "esp-des|esp-3des|esp-aes [128|192|256]"
_INTEGRITY: Final = "{esp-md5-hmac|esp-sha-hmac|esp-sha256-hmac|esp-sha384-hmac|esp-sha512-hmac}"
# A cipher that authenticates by itself.
_GCM: Final = "esp-gcm [128|192|256]"
_TRANSFORMS: Final = f"{_CIPHER}|{_GCM}|{{{_CIPHER}|esp-null}} {_INTEGRITY}|{_INTEGRITY} {{{_CIPHER}|esp-null}}"


def _print_transform_sets(config: RouterConfig) -> Iterator[Block]:
    for entry in config.crypto.transform_sets.values():
        header = f"crypto ipsec transform-set {entry.name} {' '.join(entry.transforms)} "
        yield Block(header, MODE.name, entry, closed=False)


@table.command(
    "config",
    f"crypto ipsec transform-set <name:word> {{{_TRANSFORMS}}}",
    help=_CRYPTO_HELP
    | {
        "transform-set": "Define transform and settings",
        "name": "Transform set tag",
        "esp-des": "ESP transform using DES cipher (56 bits)",
        "esp-3des": "ESP transform using 3DES(EDE) cipher (168 bits)",
        "esp-aes": "ESP transform using AES cipher",
        "128": "128 bit keys.",
        "192": "192 bit keys.",
        "256": "256 bit keys.",
        "esp-gcm": "ESP transform using GCM cipher",
        "esp-null": "ESP transform w/o cipher",
        "esp-md5-hmac": "ESP transform using HMAC-MD5 auth",
        "esp-sha-hmac": "ESP transform using HMAC-SHA auth",
        "esp-sha256-hmac": "ESP transform using HMAC-SHA256 auth",
        "esp-sha384-hmac": "ESP transform using HMAC-SHA384 auth",
        "esp-sha512-hmac": "ESP transform using HMAC-SHA512 auth",
    },
    no=f"crypto ipsec transform-set <name:word> [{_TRANSFORMS}]",
    prints=_print_transform_sets,
    section=Section.TRANSFORM_SET,
)
def transform_set(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    name: str = args["name"]
    sets = device.config.crypto.transform_sets
    if ctx.negated:
        _check_unused(device.config, name)
        sets.pop(name, None)
        device.configured()
        return
    transforms: list[str] = []
    for word in args.words:
        if word.startswith("esp-"):
            transforms.append(word)
        elif word in ("192", "256"):
            transforms[-1] += f" {word}"
    entry = sets.setdefault(name, TransformSetConfig(name, ()))
    entry.transforms = tuple(transforms)
    device.configured()
    ctx.enter(MODE.name, entry)


def _check_unused(config: RouterConfig, name: str) -> None:
    """A map that names a set which is gone could not be read back from the configuration."""
    users = [
        f"{entry.name} {entry.sequence}"
        for entries in config.crypto.maps.values()
        for entry in entries.values()
        if name in entry.transform_sets
    ]
    if users:
        raise Rejected(
            f"% Transform-set {name} is in use by crypto map(s): {', '.join(users)}. "
            "Please remove the transform set from the above crypto map(s) first"
        )


@table.command(
    MODE.name,
    "mode {tunnel|transport}$mode",
    help={
        "mode": "encapsulation mode (transport/tunnel)",
        "tunnel": "tunnel (datagram encapsulation) mode",
        "transport": "transport (payload encapsulation) mode",
    },
    no="mode [tunnel|transport]",
    prints=lambda entry: [] if entry.mode == "tunnel" else [f"mode {entry.mode}"],
)
def mode(ctx: Context, args: Args) -> None:
    """Transport mode is for the traffic between the two ends themselves; other traffic is tunnelled all the same."""
    entry: TransformSetConfig = ctx.scope
    entry.mode = "tunnel" if ctx.negated else args["mode"]
    ctx.device.configured()


# Shows and clears --------------------------------------------------------------------------------------------------

_SHOW_HELP: Final = {
    "crypto": "Encryption module",
    "ipsec": "Show IPSEC policy",
    "sa": "IPSEC SA table",
    "peer": "Show IPSEC SAs to a peer",
    "address": "IP address of peer",
    "map": "IPSEC SA table for a specific crypto map",
    "<map>": "Crypto map name",
    "interface": "Show IPSEC SAs on an interface",
    "port": "Interface name",
    "detail": "Detailed counters",
    "identity": "Show IPSEC SAs by identity",
    "security-association": "Show parameters for IPSec security associations",
    "lifetime": "Show global lifetime for IPSec security associations",
    "transform-set": "Crypto transform sets",
}


_CHOSEN: Final = "[peer <address:ipv4>|map <map:word>|interface <port:interface>]"


def show_sas(ctx: Context, args: Args) -> IpsecSasView:
    device: Router = ctx.device
    return device.ipsec.ipsec_sas_view(args.get("address"), args.get("map"), args.get("port"))


for _grammar, _text in (
    (f"show crypto ipsec sa {_CHOSEN}", show.sas),
    (f"show crypto ipsec sa {_CHOSEN} detail", show.sas_detail),
    ("show crypto ipsec sa identity", show.identities),
):
    table.show("exec", _grammar, text=_text, help=_SHOW_HELP)(show_sas)


@table.show("exec", "show crypto ipsec transform-set", text=show.transform_sets, help=_SHOW_HELP)
def show_transform_sets(ctx: Context, args: Args) -> TransformSetsView:
    device: Router = ctx.device
    return device.ipsec.transform_sets_view()


@table.show("exec", "show crypto ipsec security-association lifetime", text=show.lifetime, help=_SHOW_HELP)
def show_lifetime(ctx: Context, args: Args) -> IpsecLifetimeView:
    device: Router = ctx.device
    return device.ipsec.lifetime_view()


@table.command(
    "exec",
    "clear crypto sa [peer <address:ipv4>|counters]",
    help={
        "crypto": "Encryption subsystem",
        "sa": "Clear all crypto SAs",
        "peer": "Clear all SAs for a given crypto peer",
        "address": "Peer's IP address",
        "counters": "Reset the SA counters",
    },
    privilege=15,
)
def clear_sa(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    device.ipsec.clear_sas(args.get("address"), counters=args.has("counters"))
