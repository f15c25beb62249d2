"""Names: the domain, the servers that would know, and the table of hosts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import IosConfig

table = Table()

#: Addresses of a host, and servers, that a box takes.
_MOST: Final = 8
_MOST_SERVERS: Final = 6
_HELP: Final = {
    "domain-lookup": "Enable IP Domain Name System hostname translation",
    "domain-name": "Define the default domain name",
    "domain": "IP DNS Resolver",
    "lookup": "Enable IP Domain Name System hostname translation",
    "name": "Define the default domain name",
    "<name>": "Default domain name",
}


def _word(config: IosConfig, what: str) -> str:
    """``domain name`` or, on older software, ``domain-name``."""
    return f"ip domain{' ' if config.SPACED_DOMAIN else '-'}{what}"


def _print_domain(config: IosConfig) -> Iterator[str]:
    if not config.domain_lookup:
        yield f"no {_word(config, 'lookup')}"
    if config.domain_name:
        yield f"{_word(config, 'name')} {config.domain_name}"


def domain_lookup(ctx: Context, args: Args) -> None:
    ctx.device.config.domain_lookup = not ctx.negated


def domain_name(ctx: Context, args: Args) -> None:
    """What is put behind a name that has no dot."""
    ctx.device.config.domain_name = "" if ctx.negated else args["name"]


for _dash in ("-", " "):
    table.command(
        "config",
        f"ip domain{_dash}lookup",
        help=_HELP,
        no=True,
        default=f"ip domain{_dash}lookup",
        prints=_print_domain if _dash == "-" else None,
        section=Section.DOMAIN,
    )(domain_lookup)
    table.command(
        "config",
        f"ip domain{_dash}name <name:word>",
        help=_HELP,
        no=f"ip domain{_dash}name [<name:word>]",
    )(domain_name)


def _several(slot: str, most: int) -> str:
    """One to ``most`` of a parameter: the grammar's own repetition has no upper end."""
    return " [".join([slot] * most) + "]" * (most - 1)


def _print_hosts(config: IosConfig) -> Iterator[str]:
    for name, addresses in config.hosts.items():
        yield f"ip host {name} {' '.join(map(format_ipv4, addresses))}"


@table.command(
    "config",
    f"ip host <name:word> {_several('<address:ipv4>', _MOST)}",
    help={"host": "Add an entry to the ip hostname table", "name": "Name of host", "address": "Host IP address"},
    no="ip host <name:word> [<address:ipv4>]",
    prints=_print_hosts,
    section=Section.DOMAIN,
)
def host(ctx: Context, args: Args) -> None:
    """A name that is there gets the addresses in place of those that it had. Names do not know capitals."""
    hosts: dict[str, tuple[int, ...]] = ctx.device.config.hosts
    name: str = args["name"]
    known = next((other for other in hosts if other.lower() == name.lower()), None)
    if not ctx.negated:
        if not name[0].isalnum():
            raise Rejected("% Invalid host name")
        if known is not None and known != name:
            del hosts[known]
        hosts[name] = tuple(dict.fromkeys(args.all("address")))
        return
    if known is None:
        return
    left = tuple(address for address in hosts[known] if address != args.get("address", address))
    if left:
        hosts[known] = left
    else:
        del hosts[known]


def _print_servers(config: IosConfig) -> Iterator[str]:
    for server in config.name_servers:
        yield f"ip name-server {format_ipv4(server)}"


@table.command(
    "config",
    f"ip name-server {_several('<server:ipv4>', _MOST_SERVERS)}",
    help={"name-server": "Specify address of name server to use", "server": "Domain server IP address"},
    no=f"ip name-server [{_several('<server:ipv4>', _MOST_SERVERS)}]",
    prints=_print_servers,
    section=Section.DOMAIN,
)
def name_server(ctx: Context, args: Args) -> None:
    """Nobody is asked: there is no name server in a lab."""
    servers: list[int] = ctx.device.config.name_servers
    given = args.all("server")
    if ctx.negated:
        servers[:] = [server for server in servers if given and server not in given]
        return
    added = [server for server in dict.fromkeys(given) if server not in servers]
    if len(servers) + len(added) > _MOST_SERVERS:
        raise Rejected("% Name-server table is full")
    servers += added
