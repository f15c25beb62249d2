"""The door: which line a client gets, who may begin a session on it, and who may raise her privilege.

The consoles of a lab are open, as a console cable is, until the configuration asks for a login. That holds for the vty
lines too, where IOS would refuse everybody until a password is set: a line of this device is reached by those who run
the lab, not by its network.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Final, NamedTuple

from nodes.base.addr import format_ipv4
from nodes.device.access import FULL_LEVEL, USER_LEVEL, Credential, User
from nodes.device.logins import Attempt
from nodes.device.syslog import local
from nodes.engine.acl import Flow

if TYPE_CHECKING:
    from nodes.device.config import IosConfig, LineConfig
    from nodes.device.ios import IosDevice

_TCP: Final = 6
#: The port on which IOS listens for those who come by telnet, whatever port the console of a lab has.
TELNET: Final = 23
CONSOLE: Final = "con 0"


class Client(NamedTuple):
    """The connection of somebody who comes: her address and port, and ours. 0 where it has none."""

    address: int = 0
    port: int = 0
    local: int = 0


UNKNOWN: Final = Client()


def line_for(device: IosDevice, client: Client, taken: Container[str]) -> str | None:
    """The line that a client gets: the console, or the first vty line that is free and takes telnet.

    None for nobody: no line takes her, or the access list of the one that would refuses her, or it is quiet after too
    many failed logins. On IOS it is the first free line that decides, too.
    """
    config = device.config
    if CONSOLE not in taken and config.console.executes:
        return CONSOLE
    if device.logins.is_quiet(device.now):
        quiet_list = config.access.login.quiet_list
        if quiet_list not in config.access_lists or not _admits(device, quiet_list, client):
            return None
    for number in count():
        name = f"vty {number}"
        if name in taken:
            continue
        line = config.line(name)
        if line.executes and line.takes("telnet"):
            return name if _admits(device, line.access_in, client) else None
        if number >= max(config.vty):
            return None
    return None


def _admits(device: IosDevice, name: str, client: Client) -> bool:
    """Whether the access list of this name lets a client in; one that does not exist lets everybody."""
    access_list = device.config.access_lists.get(name)
    if access_list is None:
        return True
    flow = Flow(client.address, client.local, _TCP, client.port, TELNET)
    entry = access_list.hit(flow)
    if entry is not None and entry.rule.log:
        device.acl_reports.match(access_list, entry, flow)
    return access_list.permits(entry)


@dataclass(frozen=True, slots=True)
class EnableCheck:
    """Whether a password opens ``enable``; ``refusal`` is said after the last wrong one."""

    credential: Credential
    refusal: str

    def __call__(self, password: str) -> bool:
        return self.credential.fits(password)


def enable_check(config: IosConfig, level: int) -> EnableCheck | None:
    """What ``enable`` asks for; None when it asks for nothing. A level without a password has that of the highest."""
    access = config.access
    for asked in (level, FULL_LEVEL):
        if asked in access.enable_secrets:
            return EnableCheck(access.enable_secrets[asked], "% Bad secrets")
        if asked in access.enable_passwords:
            return EnableCheck(access.enable_passwords[asked], "% Bad passwords")
    return None


class Doorkeeper:
    """Decides who may begin a session on a line (see ``nodes.cli.login.Authority``)."""

    def __init__(self, device: IosDevice, line: str, client: Client) -> None:
        self._device = device
        self._line = line
        self._client = client

    @property
    def _config(self) -> LineConfig:
        return self._device.config.line(self._line)

    @property
    def needed(self) -> bool:
        """Whether the line asks for a login. A console line without a password stays open: there is no way round it."""
        line = self._config
        return line.login == "local" or (
            line.login == "line" and (line.password is not None or self._line.startswith("vty"))
        )

    @property
    def possible(self) -> bool:
        line = self._config
        return line.login != "line" or line.password is not None

    @property
    def by_name(self) -> bool:
        return self._config.login == "local"

    @property
    def delay(self) -> float:
        return self._device.config.access.login.delay

    @property
    def patience(self) -> float:
        return self._config.login_timeout

    def unquestioned(self, user: str) -> int | None:
        known = self._device.config.access.users.get(user)
        return self._level(known) if known is not None and known.nopassword else None

    def admit(self, user: str, password: str) -> int | None:
        line = self._config
        if line.login != "local":
            return line.privilege if line.password is not None and line.password.fits(password) else None
        known = self._device.config.access.users.get(user)
        if known is None or known.credential is None or not known.credential.fits(password):
            return None
        return self._level(known)

    def _level(self, user: User) -> int:
        return self._config.privilege if user.privilege == USER_LEVEL else user.privilege

    # What becomes of it ---------------------------------------------------------------------------------------------

    @property
    def _attempt(self) -> tuple[str, int]:
        """Where the client is, and the port that she came to."""
        if self._line == CONSOLE:
            return "LOCAL", 0
        return format_ipv4(self._client.address), TELNET

    def admitted(self, user: str) -> None:
        device, config = self._device, self._device.config.access.login
        device.logins.succeeded += 1
        if config.on_success and device.logins.succeeded % config.on_success == 0:
            device.log("SEC_LOGIN", 5, "LOGIN_SUCCESS", f"Login Success {self._who(user)} at {_when(device)}")

    def refused(self, user: str) -> None:
        device, config = self._device, self._device.config.access.login
        attempt = Attempt(user, *self._attempt)
        quiet = device.logins.note_failure(attempt, config.block, device.now, device.moment().wall)
        why = f"{self._who(user)} [Reason: Login Authentication Failed]"
        every = 1 if config.on_failure is None else config.on_failure
        if every and device.logins.failed % every == 0:
            device.log("SEC_LOGIN", 4, "LOGIN_FAILED", f"Login failed {why} at {_when(device)}")
        if quiet and config.block is not None:
            watched = f"Still timeleft for watching failures is {config.block.within} secs, {why}"
            name = config.quiet_list or "sl_def_acl"
            device.log("SEC_LOGIN", 1, "QUIET_MODE_ON", f"{watched} [ACL: {name}] at {_when(device)}")

    def _who(self, user: str) -> str:
        source, port = self._attempt
        return f"[user: {user}] [Source: {source}] [localport: {port}]"


def end_quiet(device: IosDevice) -> None:
    """Say that the quiet is over, once it is."""
    if device.logins.due(device.now):
        why = "because block period timed out"
        device.log("SEC_LOGIN", 5, "QUIET_MODE_OFF", f"Quiet Mode is OFF, {why} at {_when(device)}")


def _when(device: IosDevice) -> str:
    zone = device.config.logging.timezone
    moment = local(device.moment().wall, zone)
    return f"{moment:%H:%M:%S} {zone.name} {moment:%a %b} {moment.day} {moment.year}"
