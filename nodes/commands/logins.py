"""``login``: what a wrong password has for consequences, and who tried; ``show login``."""

from __future__ import annotations

from typing import Final

from nodes.cli.context import Args, Context
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.device.config import IosConfig
from nodes.device.ios import IosDevice
from nodes.device.logins import BlockFor, LoginConfig
from nodes.device.views import LoginFailuresView, LoginView
from nodes.show import logins as show

table = Table()

_HELP: Final = {
    "login": "Enable secure login checking",
    "block-for": "Set quiet-mode active time period",
    "attempts": "Set max number of fail attempts",
    "within": "Watch period for fail attempts",
    "seconds": "Time period in seconds",
    "tries": "Fail attempts",
    "window": "Time period in seconds",
    "quiet-mode": "Set quiet-mode options",
    "access-class": "Set access class ACL",
    "number": "IP access list",
    "name": "Access-list name",
    "delay": "Set delay between successive fail login",
    "<delay>": "Time period in seconds",
    "on-failure": "Set options for failed login attempt",
    "on-success": "Set options for successful login attempt",
    "log": "Generate syslogs on failure logins",
    "every": "Periodicity of logs/traps generated",
    "times": "Number of logins for which a log/trap is to be generated",
}


def _config(ctx: Context) -> LoginConfig:
    device: IosDevice = ctx.device
    return device.config.access.login


def _print_block(config: IosConfig) -> list[str]:
    block = config.access.login.block
    return [] if block is None else [f"login block-for {block.seconds} attempts {block.attempts} within {block.within}"]


@table.command(
    "config",
    "login block-for <seconds:1-65535> attempts <tries:1-65535> within <window:1-65535>",
    help=_HELP,
    no="login block-for [<seconds:1-65535> attempts <tries:1-65535> within <window:1-65535>]",
    prints=_print_block,
    section=Section.LOGIN,
)
def block_for(ctx: Context, args: Args) -> None:
    """Whoever is in stays in. The console is never closed: those at it need not pass a wire."""
    device: IosDevice = ctx.device
    _config(ctx).block = None if ctx.negated else BlockFor(args["seconds"], args["tries"], args["window"])
    if ctx.negated:
        device.logins.forget()


@table.command(
    "config",
    "login delay <delay:1-10>",
    help=_HELP,
    no="login delay [<delay:1-10>]",
    prints=lambda config: [f"login delay {config.access.login.delay}"] if config.access.login.delay else [],
    section=Section.LOGIN,
)
def login_delay(ctx: Context, args: Args) -> None:
    _config(ctx).delay = 0 if ctx.negated else args["delay"]


_LIST: Final = "{<number:1-199,1300-2699>|<name:word>}"


def _print_quiet(config: IosConfig) -> list[str]:
    name = config.access.login.quiet_list
    return [f"login quiet-mode access-class {name}"] if name else []


@table.command(
    "config",
    f"login quiet-mode access-class {_LIST}",
    help=_HELP,
    no=f"login quiet-mode access-class [{_LIST}]",
    prints=_print_quiet,
    section=Section.LOGIN,
)
def quiet_mode(ctx: Context, args: Args) -> None:
    _config(ctx).quiet_list = "" if ctx.negated else str(args["number"] if args.has("number") else args["name"])


def _every(word: str, times: int) -> str:
    return f"login {word} log" + (f" every {times}" if times > 1 else "")


def _print_failure(config: IosConfig) -> list[str]:
    times = config.access.login.on_failure
    return [] if times is None else [_every("on-failure", times) if times else "no login on-failure log"]


@table.command(
    "config",
    "login on-failure log [every <times:1-65535>]",
    help=_HELP,
    no=True,
    prints=_print_failure,
    section=Section.LOGIN,
)
def on_failure(ctx: Context, args: Args) -> None:
    """Failures are logged here unless somebody says no."""
    undone = args.words[0] == "default"
    _config(ctx).on_failure = None if undone else 0 if ctx.negated else args.get("times", 1)


@table.command(
    "config",
    "login on-success log [every <times:1-65535>]",
    help=_HELP | {"log": "Generate syslogs on successful logins"},
    no=True,
    prints=lambda config: (
        [_every("on-success", config.access.login.on_success)] if config.access.login.on_success else []
    ),
    section=Section.LOGIN,
)
def on_success(ctx: Context, args: Args) -> None:
    _config(ctx).on_success = 0 if ctx.negated else args.get("times", 1)


@table.show("exec", "show login", text=show.login, help={"login": "Display Secure Login Configurations and State"})
def show_login(ctx: Context, args: Args) -> LoginView:
    device: IosDevice = ctx.device
    return device.login_view()


@table.show(
    "exec",
    "show login failures",
    text=show.failures,
    help={"login": "Display Secure Login Configurations and State", "failures": "Display login failures"},
    privilege=15,
)
def show_failures(ctx: Context, args: Args) -> LoginFailuresView:
    device: IosDevice = ctx.device
    return device.login_failures_view()
