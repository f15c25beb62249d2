"""Phase 1: ISAKMP policies and pre-shared keys, and the shows and clears of ISAKMP SAs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import IPV4_MAX, format_ipv4, mask_to_length
from nodes.base.errors import AddressError
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Block, Mode, Table
from nodes.commands.sections import Section
from nodes.device.config import RouterConfig
from nodes.device.cryptoconfig import (
    DEFAULT_ISAKMP_SECONDS,
    HostKeyConfig,
    IsakmpKeyConfig,
    IsakmpPolicyConfig,
)
from nodes.device.cryptoviews import IsakmpKeysView, IsakmpPeersView, IsakmpPoliciesView, IsakmpSasView
from nodes.device.router import Router
from nodes.show import isakmp as show

table = Table()

MODE: Final = Mode("config-isakmp", "(config-isakmp)", "config", "ISAKMP commands:")

#: What a policy is when nothing is typed.
_DEFAULT: Final = IsakmpPolicyConfig(0)

_CRYPTO_HELP: Final = {"crypto": "Encryption module", "isakmp": "Configure ISAKMP policy"}


# Policies ----------------------------------------------------------------------------------------------------------


def _print_policies(config: RouterConfig) -> Iterator[Block]:
    """The keys follow the last policy without a ``!`` between."""
    policies = config.crypto.policies
    for priority in sorted(policies):
        closed = priority != max(policies)
        yield Block(f"crypto isakmp policy {priority}", MODE.name, policies[priority], closed)


@table.command(
    "config",
    "crypto isakmp policy <priority:1-10000>",
    help=_CRYPTO_HELP
    | {"policy": "Set policy for an ISAKMP protection suite", "priority": "Priority of protection suite"},
    no=True,
    prints=_print_policies,
    section=Section.ISAKMP,
)
def policy(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    policies, priority = device.config.crypto.policies, args["priority"]
    if ctx.negated:
        policies.pop(priority, None)
        device.configured()
    else:
        entry = policies.setdefault(priority, IsakmpPolicyConfig(priority))
        device.configured()
        ctx.enter(MODE.name, entry)


@table.command(
    MODE.name,
    "encryption {des|3des|aes [128|192|256]}$cipher",
    help={
        "encryption": "Set encryption algorithm for protection suite",
        "des": "DES - Data Encryption Standard (56 bit keys).",
        "3des": "Three key triple DES",
        "aes": "AES - Advanced Encryption Standard.",
        "128": "128 bit keys.",
        "192": "192 bit keys.",
        "256": "256 bit keys.",
    },
    no="encryption [des|3des|aes [128|192|256]]",
    prints=lambda entry: [] if entry.encryption == "des" else [f"encr {entry.encryption.removesuffix(' 128')}"],
)
def encryption(ctx: Context, args: Args) -> None:
    entry: IsakmpPolicyConfig = ctx.scope
    cipher = _DEFAULT.encryption if ctx.negated else args["cipher"]
    entry.encryption = "aes 128" if cipher == "aes" else cipher
    ctx.device.configured()


@table.command(
    MODE.name,
    "hash {sha|md5|sha256|sha384|sha512}$hash",
    help={
        "hash": "Set hash algorithm for protection suite",
        "md5": "Message Digest 5",
        "sha": "Secure Hash Standard",
        "sha256": "Secure Hash Standard 2 (256 bit)",
        "sha384": "Secure Hash Standard 2 (384 bit)",
        "sha512": "Secure Hash Standard 2 (512 bit)",
    },
    no="hash [sha|md5|sha256|sha384|sha512]",
    prints=lambda entry: [] if entry.hash == _DEFAULT.hash else [f"hash {entry.hash}"],
)
def hash_algorithm(ctx: Context, args: Args) -> None:
    entry: IsakmpPolicyConfig = ctx.scope
    entry.hash = _DEFAULT.hash if ctx.negated else args["hash"]
    ctx.device.configured()


@table.command(
    MODE.name,
    "authentication {pre-share|rsa-sig|rsa-encr}$method",
    help={
        "authentication": "Set authentication method for protection suite",
        "pre-share": "Pre-Shared Key",
        "rsa-sig": "Rivest-Shamir-Adleman Signature",
        "rsa-encr": "Rivest-Shamir-Adleman Encryption",
    },
    no="authentication [pre-share|rsa-sig|rsa-encr]",
    prints=lambda entry: (
        [] if entry.authentication == _DEFAULT.authentication else [f"authentication {entry.authentication}"]
    ),
)
def authentication(ctx: Context, args: Args) -> None:
    entry: IsakmpPolicyConfig = ctx.scope
    entry.authentication = _DEFAULT.authentication if ctx.negated else args["method"]
    ctx.device.configured()


@table.command(
    MODE.name,
    "group {1|2|5|14|15|16|19|20}$group",
    help={
        "group": "Set the Diffie-Hellman group",
        "1": "Diffie-Hellman group 1 (768 bit)",
        "2": "Diffie-Hellman group 2 (1024 bit)",
        "5": "Diffie-Hellman group 5 (1536 bit)",
        "14": "Diffie-Hellman group 14 (2048 bit)",
        "15": "Diffie-Hellman group 15 (3072 bit)",
        "16": "Diffie-Hellman group 16 (4096 bit)",
        "19": "Diffie-Hellman group 19 (256 bit ecp)",
        "20": "Diffie-Hellman group 20 (384 bit ecp)",
    },
    no="group [1|2|5|14|15|16|19|20]",
    prints=lambda entry: [] if entry.group == _DEFAULT.group else [f"group {entry.group}"],
)
def group(ctx: Context, args: Args) -> None:
    entry: IsakmpPolicyConfig = ctx.scope
    entry.group = _DEFAULT.group if ctx.negated else int(args["group"])
    ctx.device.configured()


@table.command(
    MODE.name,
    "lifetime <seconds:60-86400>",
    help={"lifetime": "Set lifetime for ISAKMP security association", "seconds": "lifetime in seconds"},
    no="lifetime [<seconds:60-86400>]",
    prints=lambda entry: [] if entry.lifetime == DEFAULT_ISAKMP_SECONDS else [f"lifetime {entry.lifetime}"],
)
def lifetime(ctx: Context, args: Args) -> None:
    entry: IsakmpPolicyConfig = ctx.scope
    entry.lifetime = DEFAULT_ISAKMP_SECONDS if ctx.negated else args["seconds"]
    ctx.device.configured()


# Keys --------------------------------------------------------------------------------------------------------------


def _print_keys(config: RouterConfig) -> Iterator[str]:
    for entry in config.crypto.keys:
        # A key that is itself "0" would read as the word that announces a key in the clear.
        key = "0 0" if entry.key == "0" else entry.key
        mask = "" if entry.address and entry.mask == IPV4_MAX else f" {format_ipv4(entry.mask)}"
        yield f"crypto isakmp key {key} address {format_ipv4(entry.address)}{mask}"


@table.command(
    "config",
    "crypto isakmp key [0] <key:word> address <address:ipv4> [<mask:ipv4>]",
    help=_CRYPTO_HELP
    | {
        "key": "Set pre-shared key for remote peer",
        "0": "Specifies an UNENCRYPTED password will follow",
        "<key>": "The UNENCRYPTED (cleartext) user password",
        "address": "define shared key with IP address",
        "<address>": "Peer IP address",
        "mask": "Peer IP subnet mask",
    },
    no=True,
    prints=_print_keys,
    section=Section.ISAKMP,
)
def key(ctx: Context, args: Args) -> str | None:
    device: Router = ctx.device
    keys = device.config.crypto.keys
    address = args["address"]
    # 0.0.0.0 alone is every peer, any other address alone is that peer.
    mask: int = args.get("mask", IPV4_MAX if address else 0)
    where = f"address mask {format_ipv4(address)} {format_ipv4(mask)}"
    try:
        mask_to_length(mask)
    except AddressError:
        raise Rejected(f"% Invalid {where}") from None
    entry = IsakmpKeyConfig(args["key"], address & mask, mask)
    if ctx.negated:
        if entry not in keys:
            raise Rejected(f"% There is no such pre-shared key for {where}")
        keys.remove(entry)
    elif entry in keys:
        return f"A pre-shared key for {where} already exists!"
    elif any((known.address, known.mask) == (entry.address, mask) for known in keys):
        # IOS keeps the first: another key for the peer needs the "no" of the old one.
        raise Rejected(f"A pre-shared key for {where} already exists!")
    else:
        keys.append(entry)
    device.configured()
    return None


def _print_host_keys(config: RouterConfig) -> Iterator[str]:
    for entry in config.crypto.host_keys:
        yield f"crypto isakmp key {'0 0' if entry.key == '0' else entry.key} hostname {entry.hostname}"


@table.command(
    "config",
    "crypto isakmp key [0] <key:word> hostname <hostname:word>",
    help=_CRYPTO_HELP
    | {
        "key": "Set pre-shared key for remote peer",
        "0": "Specifies an UNENCRYPTED password will follow",
        "<key>": "The UNENCRYPTED (cleartext) user password",
        "hostname": "define shared key with hostname",
        "<hostname>": "Peer host name",
    },
    no=True,
    prints=_print_host_keys,
    section=Section.ISAKMP,
)
def host_key(ctx: Context, args: Args) -> None:
    """A key for the peer that states this name, in aggressive mode."""
    device: Router = ctx.device
    keys = device.config.crypto.host_keys
    entry = HostKeyConfig(args["key"], args["hostname"])
    where = f"hostname {entry.hostname}"
    if ctx.negated:
        if entry not in keys:
            raise Rejected(f"% There is no such pre-shared key for {where}")
        keys.remove(entry)
    elif any(known.hostname.lower() == entry.hostname.lower() for known in keys):
        raise Rejected(f"A pre-shared key for {where} already exists!")
    else:
        keys.append(entry)
    device.configured()


# Shows and clears --------------------------------------------------------------------------------------------------

_SHOW_HELP: Final = {
    "crypto": "Encryption module",
    "isakmp": "Show ISAKMP",
    "sa": "Show ISAKMP Security Associations",
    "detail": "Show ISAKMP SA Detail",
    "policy": "Show ISAKMP protection suite policy",
    "key": "Show ISAKMP preshared keys",
}


def show_sas(ctx: Context, args: Args) -> IsakmpSasView:
    device: Router = ctx.device
    return device.ipsec.isakmp_sas_view()


for _grammar, _text in (("show crypto isakmp sa", show.sas), ("show crypto isakmp sa detail", show.sas_detail)):
    table.show("exec", _grammar, text=_text, help=_SHOW_HELP)(show_sas)


@table.show(
    "exec", "show crypto isakmp peers", text=show.peers, help=_SHOW_HELP | {"peers": "Show ISAKMP peer structures"}
)
def show_peers(ctx: Context, args: Args) -> IsakmpPeersView:
    device: Router = ctx.device
    return device.ipsec.isakmp_peers_view()


@table.show("exec", "show crypto isakmp policy", text=show.policies, help=_SHOW_HELP)
def show_policies(ctx: Context, args: Args) -> IsakmpPoliciesView:
    device: Router = ctx.device
    return device.ipsec.isakmp_policies_view()


@table.show("exec", "show crypto isakmp key", text=show.keys, help=_SHOW_HELP, privilege=15)
def show_keys(ctx: Context, args: Args) -> IsakmpKeysView:
    device: Router = ctx.device
    return device.ipsec.isakmp_keys_view()


@table.command(
    "exec",
    "clear crypto isakmp [<connection:0-2147483647>]",
    help={
        "crypto": "Encryption subsystem",
        "isakmp": "Clear ISAKMP database",
        "connection": "connection id of SA",
    },
    privilege=15,
)
def clear_isakmp(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    device.ipsec.clear_isakmp(args.get("connection"))
