"""Everything that says ``crypto`` on a router: the tables of both phases and of crypto maps, sessions, and debug."""

from __future__ import annotations

from typing import Final

from nodes.cli.context import Args, Context
from nodes.cli.table import Table
from nodes.commands import cryptomap, ikepeers, ipsec, isakmp
from nodes.device.cryptoviews import CryptoSessionsView, DebuggingView, EngineConnectionsView
from nodes.device.router import Router
from nodes.show import crypto as show

#: The modes below configuration mode in which crypto is configured.
MODES: Final = (isakmp.MODE, ikepeers.MODE, ipsec.MODE, cryptomap.MODE)

table = Table()
for _area in (isakmp.table, ikepeers.table, ipsec.table, cryptomap.table):
    table.extend(_area)


# Engine and sessions -----------------------------------------------------------------------------------------------


@table.show(
    "exec",
    "show crypto engine connections active",
    text=show.connections,
    help={
        "crypto": "Encryption module",
        "engine": "Show crypto engine info",
        "connections": "Show crypto engine connections",
        "active": "Show active crypto engine connections",
    },
)
def show_connections(ctx: Context, args: Args) -> EngineConnectionsView:
    device: Router = ctx.device
    return device.ipsec.connections_view()


@table.show(
    "exec",
    "show crypto session [detail]",
    text=show.sessions,
    help={
        "crypto": "Encryption module",
        "session": "Show crypto sessions (tunnels)",
        "detail": "detailed output",
    },
)
def show_sessions(ctx: Context, args: Args) -> CryptoSessionsView:
    device: Router = ctx.device
    return device.ipsec.sessions_view(args.has("detail"))


@table.command(
    "exec",
    "clear crypto session",
    help={"crypto": "Encryption subsystem", "session": "clear crypto sessions (tunnels)"},
    privilege=15,
)
def clear_session(ctx: Context, args: Args) -> None:
    device: Router = ctx.device
    device.ipsec.clear_session()


# Debug -------------------------------------------------------------------------------------------------------------

_DEBUG_HELP: Final = {
    "no": "Disable debugging functions",
    "debug": "Debugging functions (see also 'undebug')",
    "undebug": "Disable debugging functions (see also 'debug')",
    "debugging": "State of each debugging option",
    "crypto": "Cryptographic subsystem",
    "isakmp": "ISAKMP Key Management",
    "ipsec": "IPSEC processing",
    "engine": "Crypto Engine Debug",
    "all": "Enable/Disable all debugging",
}


def _set(ctx: Context, topic: str, on: bool) -> str:
    device: Router = ctx.device
    device.ipsec.set_debug(topic, on)
    return show.debug_line(topic, on)


@table.command("exec", "debug crypto {isakmp|ipsec|engine}$topic", help=_DEBUG_HELP, no=True, privilege=15)
def debug(ctx: Context, args: Args) -> str:
    return _set(ctx, args["topic"], not ctx.negated)


@table.command("exec", "undebug crypto {isakmp|ipsec|engine}$topic", help=_DEBUG_HELP, privilege=15)
def undebug(ctx: Context, args: Args) -> str:
    return _set(ctx, args["topic"], False)


@table.command("exec", "{no debug|undebug} all", help=_DEBUG_HELP, privilege=15)
def undebug_all(ctx: Context, args: Args) -> str:
    device: Router = ctx.device
    device.ipsec.debug_off()
    return "All possible debugging has been turned off"


@table.show("exec", "show debugging", text=show.debugging, help=_DEBUG_HELP)
def show_debugging(ctx: Context, args: Args) -> DebuggingView:
    device: Router = ctx.device
    return device.ipsec.debugging_view()
