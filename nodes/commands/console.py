"""A console: the commands of a device kind, its dialect and one device. What sessions and the operator work on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final
from weakref import WeakKeyDictionary, WeakSet

from nodes.cli.batch import Batch, Refusal, load_config, view
from nodes.cli.commandset import CommandSet
from nodes.cli.context import to_plain
from nodes.cli.dialect import Dialect, IosDialect
from nodes.cli.filters import Store
from nodes.cli.params import ParamRegistry
from nodes.cli.render import render
from nodes.cli.session import Session
from nodes.cli.table import Mode, Table
from nodes.cli.terminal import Line, Terminal
from nodes.commands import lines, sessions
from nodes.commands.customs import Customs
from nodes.commands.modes import INTERFACE_MODES
from nodes.device import door, names
from nodes.device.base import Device
from nodes.device.config import IosConfig, LineConfig
from nodes.device.effects import Logged
from nodes.device.ios import IosDevice
from nodes.device.logconfig import LogConfig, takes

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
    **{
        mode: {"ip": "Interface Internet Protocol config commands"}
        for modes in INTERFACE_MODES.values()
        for mode in modes
    },
}


#: A word in a banner that stands for something of the device.
_TOKEN: Final = re.compile(r"\$\(([a-z-]+)\)")


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
        self._uses: Counter[str] = Counter()
        own = (
            (sessions.table(self._present), lines.table(self._present, self._uses))
            if isinstance(device, IosDevice)
            else ()
        )
        self._sessions: WeakSet[Session] = WeakSet()
        #: What each session got from the configuration of its line.
        self._settled: WeakKeyDictionary[Session, dict[str, Any]] = WeakKeyDictionary()
        self.commands = CommandSet((*tables, *own), params=params, modes=tuple(modes), glossary=GLOSSARY)
        self.dialect = dialect
        self.privilege = privilege
        self._config_mode = config_mode

    def place(self, client: door.Client, taken: Container[str]) -> Line | None:
        """The line that somebody who connects gets, none of those that are ``taken``; None: she is refused."""
        if isinstance(self.device, IosDevice):
            name = door.line_for(self.device, client, taken)
            return None if name is None else self.line(name)
        return next(line for line in map(self.line, _names()) if line.name not in taken)

    def line(self, name: str) -> Line:
        """A line by its name (``con 0``, ``vty 1``)."""
        if isinstance(self.device, IosDevice):
            return Line(name, self.device.config.number(name))
        kind, number = name.split()
        return Line(name, 0 if kind == "con" else int(number) + 1)

    def session(self, line: Line, client: door.Client = door.UNKNOWN) -> Session:
        """A session on ``line``, with the settings that the configuration gives the line."""
        privilege, doorkeeper = self.privilege, None
        if isinstance(self.device, IosDevice):
            privilege = self.device.config.line(line.name).privilege
            doorkeeper = door.Doorkeeper(self.device, line.name, client)
        session = Session(
            self.commands,
            self.dialect,
            self.device,
            line=line,
            privilege=privilege,
            authority=doorkeeper if doorkeeper is not None and doorkeeper.needed else None,
        )
        session.on_start = self.device.tick
        self._sessions.add(session)
        self._uses[line.name] += 1
        if isinstance(self.device, IosDevice):
            self._settle(session, self.device.config)
            # Log messages go to the console line; other lines ask for them with terminal monitor.
            session.monitor = line.name.startswith("con")
            session.on_configured = _report_configured
        return session

    def lines_changed(self) -> None:
        """Lines were configured: sessions on them follow at once, as on IOS."""
        if isinstance(self.device, IosDevice):
            for session in self._present():
                self._settle(session, self.device.config)

    def _settle(self, session: Session, config: IosConfig) -> None:
        """Take over what changed in the configuration of the session's line, and leave what ``terminal`` has set."""
        wanted, known = _settings(config.line(session.line.name)), self._settled.get(session, {})
        for name, value in wanted.items():
            if name not in known or known[name] != value:
                setattr(session, name, value)
        self._settled[session] = wanted

    def tell(self, text: str, now: float) -> None:
        """Show something on every terminal."""
        for session in self._present():
            session.notify(text, now)

    def notify(self, logged: Logged, now: float) -> None:
        """Show a log line to those who want it: the console line, and lines with ``terminal monitor``."""
        logging = self.device.config.logging if isinstance(self.device, IosDevice) else LogConfig()
        for session in self._present():
            console = session.line.name.startswith("con")
            level = logging.console if console else logging.monitor if logging.on else None
            if session.monitor and takes(level, logged.severity):
                self.device.syslog.monitor += not console
                session.notify(logged.line, now)

    def _present(self) -> list[Session]:
        """The sessions that are open, by their lines."""
        found = (session for session in self._sessions if not session.closed)
        return sorted(found, key=lambda session: session.line.number)

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


def _names() -> Iterator[str]:
    """The lines of a device, in the order in which clients get them."""
    yield door.CONSOLE
    yield from (f"vty {number}" for number in count())


def _settings(line: LineConfig) -> dict[str, Any]:
    """What the configuration of a line sets of the terminals on it, by the name that a terminal has for it."""
    return {
        "exec_timeout": float(line.exec_timeout),
        "absolute_timeout": line.absolute_timeout * 60.0,
        "logging_synchronous": line.logging_synchronous,
        "length": line.length,
        "width": line.width,
        "history_size": line.history_size,
        "keeps_history": line.keeps_history,
        "editing": line.editing,
        "connects": line.transport_preferred != "none",
    }


def _report_configured(terminal: Terminal) -> None:
    device: Device = terminal.device
    device.log("SYS", 5, "CONFIG_I", f"Configured from console by {_who(terminal)}")


def _who(terminal: Terminal) -> str:
    where = _where(terminal.line)
    return f"{terminal.user} on {where}" if terminal.user else where


def _where(line: Line) -> str:
    kind, number = line.name.split()
    return "console" if kind == "con" else f"vty{number}"


def ios_dialect(device: IosDevice, customs: Customs, store: Store) -> IosDialect:
    """The IOS way of talking, with what the device's configuration says to it; ``store`` takes redirected output."""

    def banner(kind: str, terminal: Terminal) -> str:
        config = device.config
        line = config.line(terminal.line.name)
        if (kind == "motd" and not line.motd_banner) or (kind == "exec" and not line.exec_banner):
            return ""
        tokens = {
            "hostname": config.hostname,
            "domain": config.domain_name,
            "line": str(config.number(line.name)),
            "line-desc": "",
        }
        text = config.access.banners.get(kind, "")
        return _TOKEN.sub(lambda token: tokens.get(token[1], token[0]), text)

    return IosDialect(
        lambda: device.config.hostname,
        domain_lookup=lambda: device.config.domain_lookup,
        translating=lambda word: names.translating(device.config, word),
        banners=banner,
        aliases=customs.aliases,
        privileges=customs.privileges,
        store=store,
    )
