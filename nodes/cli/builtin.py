"""The commands that a console has whatever the device: modes, privilege, terminal settings, history.

``IOS`` goes into the CommandSet of every IOS-like device, ``WINDOWS`` into that of a host.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from nodes.cli.context import Args, Ask, Context, Job, Rejected
from nodes.cli.levels import HIGHEST, LOWEST
from nodes.cli.table import CONFIG_MODES, Table
from nodes.cli.terminal import Terminal

IOS: Final = Table()
WINDOWS: Final = Table()

_FULL: Final = HIGHEST
_ATTEMPTS: Final = 3

HELP_TEXT: Final = """\
Help may be requested at any point in a command by entering
a question mark '?'.  If nothing matches, the help list will
be empty and you must backup until entering a '?' shows the
available options.
Two styles of help are provided:
1. Full help is available when you are ready to enter a
   command argument (e.g. 'show ?') and describes each possible
   argument.
2. Partial help is provided when an abbreviated argument is entered
   and you want to know what arguments match the input
   (e.g. 'show pr?'.)
"""


# Modes and privilege.


@IOS.command(
    "exec",
    "enable [<level:0-15>]",
    privilege=LOWEST,
    help={"enable": "Turn on privileged commands", "level": "Enable level"},
)
def enable(ctx: Context, args: Args) -> Job:
    """Raise the privilege. A device that asks for a password has ``enable_check(level) -> check(text) | None``.

    The check may have a ``refusal``, which is said after the last wrong password.
    """
    level = args.get("level", _FULL)
    find_check = getattr(ctx.device, "enable_check", None)
    check = find_check(level) if find_check is not None and level > ctx.session.privilege else None
    if check is not None and ctx.session.interactive:
        for _ in range(_ATTEMPTS):
            answer = yield Ask("Password: ", echo=False)
            if check(answer):
                break
        else:
            raise Rejected(getattr(check, "refusal", "% Bad secrets") + "\n\n")
    ctx.session.privilege = level


@IOS.command(
    "exec",
    "disable [<level:0-15>]",
    privilege=LOWEST,
    help={"disable": "Turn off privileged commands", "level": "Privilege level to go to"},
)
def disable(ctx: Context, args: Args) -> None:
    level = args.get("level", 1)
    if level > ctx.session.privilege:
        raise Rejected("% New privilege level must be less than current privilege level")
    ctx.session.privilege = level


_CONFIGURE_HELP: Final = {"configure": "Enter configuration mode", "terminal": "Configure from the terminal"}


@IOS.command("exec", "configure terminal", privilege=_FULL, help=_CONFIGURE_HELP)
def configure_terminal(ctx: Context, args: Args) -> str:
    ctx.enter("config")
    return "Enter configuration commands, one per line.  End with CNTL/Z."


@IOS.command("exec", "configure", privilege=_FULL, help=_CONFIGURE_HELP)
def configure(ctx: Context, args: Args) -> Job:
    answer = yield Ask("Configuring from terminal, memory, or network [terminal]? ")
    if not "terminal".startswith(answer.strip().lower()):
        raise Rejected('?Must be "terminal"')
    yield configure_terminal(ctx, args) + "\n"


@IOS.command(CONFIG_MODES, "end", privilege=LOWEST, help={"end": "Exit from configure mode"})
def end(ctx: Context, args: Args) -> None:
    ctx.session.end()


@IOS.command(CONFIG_MODES, "exit", privilege=LOWEST, help={"exit": "Exit from the current mode"})
def leave_mode(ctx: Context, args: Args) -> None:
    ctx.session.leave()


@IOS.command("exec", "exit", privilege=LOWEST, help={"exit": "Exit from the EXEC"})
@IOS.command("exec", "logout", privilege=LOWEST, help={"logout": "Exit from the EXEC"})
@IOS.command("exec", "quit", privilege=LOWEST, help={"quit": "Exit from the EXEC"})
def close(ctx: Context, args: Args) -> None:
    ctx.session.close()


@IOS.command(
    CONFIG_MODES,
    "do <command:line>",
    delegate="exec",
    privilege=LOWEST,
    help={"do": "To run exec commands in config mode", "command": "Exec Command"},
)
def do(ctx: Context, args: Args) -> None:
    """Never called: the words after ``do`` are resolved in exec mode (``delegate``)."""


@IOS.command(
    ("exec", CONFIG_MODES), "help", privilege=LOWEST, help={"help": "Description of the interactive help system"}
)
def describe_help(ctx: Context, args: Args) -> str:
    return HELP_TEXT


# The terminal.

_TERMINAL_HELP: Final = {
    "terminal": "Set terminal line parameters",
    "length": "Set number of lines on a screen",
    "lines": "Number of lines on screen (0 for no pausing)",
    "width": "Set width of the display terminal",
    "columns": "Number of characters on a screen line",
    "monitor": "Copy debug output to the current terminal line",
    "history": "Enable and control the command history function",
    "size": "Set history buffer size",
    "commands": "Size of history buffer",
    "editing": "Enable command line editing",
    "terminal-type": "Set the terminal type",
    "type": "Terminal type",
    "no": "Negate a command or set its defaults",
    "default": "Set a command to its defaults",
}


@IOS.command("exec", "terminal length <lines:0-512>", help=_TERMINAL_HELP)
@IOS.command("exec", "terminal {no|default} length", help=_TERMINAL_HELP)
def terminal_length(ctx: Context, args: Args) -> None:
    ctx.session.length = args.get("lines", Terminal.LENGTH)


@IOS.command("exec", "terminal width <columns:0-512>", help=_TERMINAL_HELP)
@IOS.command("exec", "terminal {no|default} width", help=_TERMINAL_HELP)
def terminal_width(ctx: Context, args: Args) -> None:
    ctx.session.width = args.get("columns", Terminal.WIDTH)


@IOS.command("exec", "terminal monitor", help=_TERMINAL_HELP, privilege=_FULL)
def terminal_monitor(ctx: Context, args: Args) -> str | None:
    if ctx.session.line.name.startswith("con"):
        return "% Console already monitors"
    ctx.session.monitor = True
    return None


@IOS.command("exec", "terminal {no|default} monitor", help=_TERMINAL_HELP, privilege=_FULL)
def terminal_no_monitor(ctx: Context, args: Args) -> None:
    ctx.session.monitor = False


@IOS.command("exec", "terminal history", help=_TERMINAL_HELP)
@IOS.command("exec", "terminal default history", help=_TERMINAL_HELP)
def terminal_history(ctx: Context, args: Args) -> None:
    ctx.session.keeps_history = True


@IOS.command("exec", "terminal no history", help=_TERMINAL_HELP)
def terminal_no_history(ctx: Context, args: Args) -> None:
    ctx.session.keeps_history = False


@IOS.command("exec", "terminal history size <commands:0-256>", help=_TERMINAL_HELP)
@IOS.command("exec", "terminal {no|default} history size", help=_TERMINAL_HELP)
def terminal_history_size(ctx: Context, args: Args) -> None:
    """A size turns the history on as well."""
    ctx.session.history_size = args.get("commands", Terminal.HISTORY)
    ctx.session.keeps_history = True


@IOS.command("exec", "terminal [no|default]$way editing", help=_TERMINAL_HELP)
def terminal_editing(ctx: Context, args: Args) -> None:
    """Without it only the last character, word or all of the line can be taken back."""
    ctx.session.editing = args.get("way") != "no"


@IOS.command("exec", "terminal terminal-type <type:word>", help=_TERMINAL_HELP)
@IOS.command("exec", "terminal {no|default} terminal-type", help=_TERMINAL_HELP)
def terminal_type(ctx: Context, args: Args) -> None:
    ctx.session.terminal_type = args.get("type", "")


@dataclass(frozen=True, slots=True)
class TerminalView:
    """The settings of the line that one is on. ``exec_timeout`` and ``active`` are in seconds."""

    number: int
    terminal_type: str
    length: int
    width: int
    exec_timeout: float
    active: float
    editing: bool
    history: bool
    history_size: int
    monitor: bool


def _period(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def _terminal_lines(view: TerminalView) -> Iterable[str]:
    timeout = _period(view.exec_timeout) if view.exec_timeout else "never"
    history = f"enabled, history size is {view.history_size}" if view.history else "disabled"
    monitor = ", Monitoring" if view.monitor else ""
    return [
        f'Line {view.number}, Location: "", Type: "{view.terminal_type}"',
        f"Length: {view.length} lines, Width: {view.width} columns",
        "Baud rate (TX/RX) is 9600/9600, no parity, 1 stopbits, 8 databits",
        f"Status: PSI Enabled, Ready, Active{monitor}, Automore On",
        "Capabilities: none",
        "Special Chars: Escape  Hold  Stop  Start  Disconnect  Activation",
        "                ^^x    none   -     -       none         ",
        "Timeouts:      Idle EXEC    Idle Session   Modem Answer  Session   Dispatch",
        f"               {timeout:<15} never                        none     not set",
        f"Time since activation: {_period(view.active)}",
        f"Editing is {'enabled' if view.editing else 'disabled'}.",
        f"History is {history}.",
        "Allowed input transports are telnet.",
        "Allowed output transports are none.",
        "No output characters are padded",
        "No special data dispatching characters",
    ]


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The commands typed before, the oldest first."""

    commands: tuple[str, ...]


def _history_lines(view: HistoryView) -> Iterable[str]:
    return [f"  {command}" for command in view.commands]


_SHOW_HELP: Final = {
    "show": "Show running system information",
    "history": "Display the session command history",
    "privilege": "Show current privilege level",
    "terminal": "Display terminal configuration parameters",
}


@IOS.show("exec", "show terminal", text=_terminal_lines, help=_SHOW_HELP)
def show_terminal(ctx: Context, args: Args) -> TerminalView:
    session = ctx.session
    return TerminalView(
        session.line.number,
        session.terminal_type,
        session.length,
        session.width,
        session.exec_timeout,
        0.0 if session.began is None else ctx.now - session.began,
        session.editing,
        session.keeps_history,
        session.history_size,
        session.monitor,
    )


@IOS.show("exec", "show history", text=_history_lines, help=_SHOW_HELP)
def show_history(ctx: Context, args: Args) -> HistoryView:
    return HistoryView(tuple(ctx.session.history))


@dataclass(frozen=True, slots=True)
class PrivilegeView:
    level: int


@IOS.show("exec", "show privilege", text=lambda view: [f"Current privilege level is {view.level}"], help=_SHOW_HELP)
def show_privilege(ctx: Context, args: Args) -> PrivilegeView:
    return PrivilegeView(ctx.session.privilege)


# The command prompt of a host.


@WINDOWS.command("exec", "exit", help={"exit": "Quits the command prompt"})
def close_prompt(ctx: Context, args: Args) -> None:
    ctx.session.close()


@WINDOWS.command("exec", "cls", help={"cls": "Clears the screen"})
def clear_screen(ctx: Context, args: Args) -> Job:
    yield "\x1b[H\x1b[J"


@WINDOWS.command("exec", "help", help={"help": "Provides help information for commands"})
@WINDOWS.command("exec", "?", help={"?": "Provides help information for commands"}, hidden=True)
def list_commands(ctx: Context, args: Args) -> list[str]:
    found: dict[str, str] = {}
    for positions in ctx.session.commands.root("exec", ctx.session.privilege).keywords.values():
        if not positions[0].form.command.hidden:
            found.setdefault(positions[0].keyword.upper(), positions[0].help)
    return [f"{word:<14} {help}" for word, help in sorted(found.items())]
