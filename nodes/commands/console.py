"""A console: the commands of a device kind, its dialect and one device. What sessions and the operator work on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from weakref import WeakSet

from nodes.cli.batch import Batch, Refusal, load_config, view
from nodes.cli.commandset import CommandSet
from nodes.cli.context import Args, Context, to_plain
from nodes.cli.dialect import Dialect
from nodes.cli.params import ParamRegistry
from nodes.cli.render import render
from nodes.cli.session import Session
from nodes.cli.table import Mode, Table
from nodes.cli.terminal import Line, Terminal
from nodes.device.base import Device
from nodes.device.config import LineConfig
from nodes.device.ios import IosDevice
from nodes.device.views import UsersView, UserView
from nodes.show import system

#: Help for words that begin many commands.
GLOSSARY: Final[Mapping[str, str | Mapping[str, str]]] = {
    "show": "Show running system information",
    "clear": "Reset functions",
    "copy": "Copy from one file to another",
    "write": "Write running configuration to memory, network, or terminal",
    "ip": "IP information",
    "interface": "Select an interface",
    "interfaces": "Interface status and configuration",
    "config": {"ip": "Global IP configuration subcommands", "interface": "Select an interface to configure"},
    "config-if": {"ip": "Interface Internet Protocol config commands"},
}

#: The severity up to which the console line shows log messages (debugging: everything), as on IOS.
_LOG_SEVERITY: Final = 7


class Console:
    """What people and programs type at. ``privilege`` is what a new session starts with."""

    def __init__(
        self,
        device: Device,
        tables: Sequence[Table],
        dialect: Dialect,
        *,
        params: ParamRegistry,
        modes: Iterable[Mode] = (),
        privilege: int = 1,
        config_mode: str | None = "config",
    ) -> None:
        self.device = device
        own = (self._users_table(),) if isinstance(device, IosDevice) else ()
        self.commands = CommandSet((*tables, *own), params=params, modes=tuple(modes), glossary=GLOSSARY)
        self._sessions: WeakSet[Session] = WeakSet()
        self.dialect = dialect
        self.privilege = privilege
        self._config_mode = config_mode

    def session(self, line: Line) -> Session:
        """A session on ``line``, with the settings that the configuration gives the line."""
        session = Session(self.commands, self.dialect, self.device, line=line, privilege=self.privilege)
        session.on_start = self.device.tick
        self._sessions.add(session)
        if isinstance(self.device, IosDevice):
            console = line.name.startswith("con")
            _settle(session, self.device.config.console if console else self.device.config.vty)
            # Log messages go to the console line; other lines ask for them with terminal monitor.
            session.monitor = console
            session.on_configured = _report_configured
        return session

    def _users_table(self) -> Table:
        """``show users``: only the console knows who is on it."""
        table = Table()

        @table.show(
            "exec",
            "show users",
            text=system.users,
            help={"users": "Display information about terminal lines"},
        )
        def show_users(ctx: Context, args: Args) -> UsersView:
            sessions = (session for session in self._sessions if not session.closed)
            users = (
                UserView(session.line.number, session.line.name, session.idle(ctx.now), session is ctx.session)
                for session in sorted(sessions, key=lambda session: session.line.number)
            )
            return UsersView(tuple(users))

        return table

    def load(self, text: str, now: float) -> list[Refusal]:
        """Apply a startup-config; the lines that were refused are returned, the rest is in force."""
        self.device.tick(now)
        with self.device.deferred():
            return self._load(text, now)

    def _load(self, text: str, now: float) -> list[Refusal]:
        if self._config_mode is not None:
            return load_config(self.commands, self.device, text, now)
        refusals = []
        for number, line in enumerate(text.splitlines(), 1):
            batch = self.batch([line])
            batch.advance(now)
            if batch.rejected:
                refusals.append(Refusal(number, line, batch.output.strip()))
            batch.close()
        return refusals

    def batch(self, lines: Sequence[str]) -> Batch:
        """Run commands without a keyboard, with full privilege."""
        return Batch(self.commands, self.dialect, self.device, lines, on_start=self.device.tick)

    def view(self, line: str, now: float) -> Any:
        """The view behind a show command as plain maps; raises Rejected."""
        self.device.tick(now)
        return to_plain(view(self.commands, self.device, line, now, self.dialect))

    def config_lines(self, config: Any) -> list[str]:
        """The configuration as text, in configuration order."""
        return render(self.commands, self._config_mode or "exec", config)


def _settle(terminal: Terminal, line: LineConfig) -> None:
    terminal.exec_timeout = float(line.exec_timeout)
    terminal.logging_synchronous = line.logging_synchronous
    terminal.length = line.length
    terminal.width = line.width
    terminal.history_size = line.history_size


def _report_configured(terminal: Terminal) -> None:
    device: Device = terminal.device
    device.log("SYS", 5, "CONFIG_I", f"Configured from console by {_where(terminal.line)}")


def _where(line: Line) -> str:
    kind, number = line.name.split()
    return "console" if kind == "con" else f"vty{number}"


def settle_sessions(sessions: Iterable[Session], config: LineConfig, kind: str) -> None:
    """A line's configuration changed: sessions on it follow at once, as on IOS."""
    for session in sessions:
        if session.line.name.startswith(kind):
            _settle(session, config)
