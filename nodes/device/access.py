"""Who may come in: passwords and users in the configuration, and the decisions that follow from them.

The consoles of a lab are open, as a console cable is, until the configuration asks for a login. That holds for the vty
lines too, where IOS would refuse everybody until a password is set: a line of this device is reached by those who run
the lab, not by its network.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from nodes.base import secrets_ios
from nodes.device.syslog import local

if TYPE_CHECKING:
    from nodes.device.config import IosConfig, LineConfig
    from nodes.device.ios import IosDevice

#: What a session begins with, and what every privileged command needs.
USER_LEVEL: Final = 1
FULL_LEVEL: Final = 15


class Credential(NamedTuple):
    """A password as the configuration has it; ``kind`` is a type of :mod:`nodes.base.secrets_ios`."""

    kind: int
    text: str

    def fits(self, password: str) -> bool:
        return secrets_ios.verify(self.kind, self.text, password)


@dataclass(slots=True)
class User:
    """``username``. A user of level 1 gets the privilege of the line, as on IOS."""

    privilege: int = USER_LEVEL
    credential: Credential | None = None
    """Type 0 or 7 stands behind ``password``, any other behind ``secret``; None lets nobody in."""


@dataclass(slots=True)
class AccessConfig:
    """What the configuration says of access, beyond the lines."""

    password_encryption: bool = False
    enable_secret: Credential | None = None
    enable_password: Credential | None = None
    """Looked at only where there is no secret."""
    users: dict[str, User] = field(default_factory=dict)
    banners: dict[str, str] = field(default_factory=dict)
    """``motd``, ``login``, ``exec`` -> the text between the delimiters."""


def hide_passwords(device: IosDevice) -> None:
    """``service password-encryption``: from here on no password stands in the configuration in clear."""
    config = device.config
    access = config.access
    for line in config.lines():
        line.password = _hidden(device, line.password)
    access.enable_password = _hidden(device, access.enable_password)
    for user in access.users.values():
        user.credential = _hidden(device, user.credential)


def _hidden(device: IosDevice, credential: Credential | None) -> Credential | None:
    if credential is None or credential.kind != secrets_ios.CLEAR:
        return credential
    seed = device.services.entropy(1)[0] % secrets_ios.OBSCURED_SEEDS
    return Credential(secrets_ios.OBSCURED, secrets_ios.obscured(credential.text, seed))


def password(device: IosDevice, kind: int, text: str) -> Credential:
    """What ``password [0|7] text`` puts into the configuration."""
    credential = Credential(kind, text)
    if device.config.access.password_encryption:
        return _hidden(device, credential) or credential
    return credential


def secret(device: IosDevice, kind: int, text: str) -> Credential:
    """What ``secret [0|5|8|9] text`` puts into the configuration: clear text becomes type 5, as 12.x and 15.1 do."""
    if kind != secrets_ios.CLEAR:
        return Credential(kind, text)
    salt = secrets_ios.salt(device.services.entropy(secrets_ios.SALT_OCTETS))
    return Credential(secrets_ios.MD5, secrets_ios.hashed(secrets_ios.MD5, text, salt))


@dataclass(frozen=True, slots=True)
class EnableCheck:
    """Whether a password opens ``enable``; ``refusal`` is said after the last wrong one."""

    credential: Credential
    refusal: str

    def __call__(self, password: str) -> bool:
        return self.credential.fits(password)


def enable_check(config: IosConfig) -> EnableCheck | None:
    """What ``enable`` asks for; None when it asks for nothing."""
    access = config.access
    if access.enable_secret is not None:
        return EnableCheck(access.enable_secret, "% Bad secrets")
    if access.enable_password is not None:
        return EnableCheck(access.enable_password, "% Bad passwords")
    return None


class Doorkeeper:
    """Decides who may begin a session on a line (see ``nodes.cli.login.Authority``)."""

    def __init__(self, device: IosDevice, line: str) -> None:
        self._device = device
        self._line = line

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
    def banner(self) -> str:
        return self._device.config.access.banners.get("login", "")

    def admit(self, user: str, password: str) -> int | None:
        line = self._config
        if line.login != "local":
            return line.privilege if line.password is not None and line.password.fits(password) else None
        known = self._device.config.access.users.get(user)
        if known is None or known.credential is None or not known.credential.fits(password):
            return None
        return line.privilege if known.privilege == USER_LEVEL else known.privilege

    def refused(self, user: str) -> None:
        zone = self._device.config.logging.timezone
        moment = local(self._device.services.wall_clock(), zone)
        when = f"{moment:%H:%M:%S} {zone.name} {moment:%a %b} {moment.day} {moment.year}"
        who = f"[user: {user}] [Source: LOCAL] [localport: 0]"
        text = f"Login failed {who} [Reason: Login Authentication Failed] at {when}"
        self._device.log("SEC_LOGIN", 4, "LOGIN_FAILED", text)
