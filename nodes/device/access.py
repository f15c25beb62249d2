"""Passwords and users in the configuration; what follows from them is decided in :mod:`nodes.device.door`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from nodes.base import secrets_ios
from nodes.device.logins import LoginConfig

if TYPE_CHECKING:
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
    nopassword: bool = False
    """Whoever gives the name is let in."""


@dataclass(slots=True)
class AccessConfig:
    """What the configuration says of access, beyond the lines."""

    password_encryption: bool = False
    enable_secrets: dict[int, Credential] = field(default_factory=dict)
    """By privilege level."""
    enable_passwords: dict[int, Credential] = field(default_factory=dict)
    """Looked at only where the level has no secret."""
    min_length: int = 0
    """``security passwords min-length``: of passwords in clear that are set from then on."""
    login: LoginConfig = field(default_factory=LoginConfig)
    users: dict[str, User] = field(default_factory=dict)
    banners: dict[str, str] = field(default_factory=dict)
    """``motd``, ``login``, ``exec``, ``incoming`` -> the text between the delimiters."""


def hide_passwords(device: IosDevice) -> None:
    """``service password-encryption``: from here on no password stands in the configuration in clear."""
    config = device.config
    access = config.access
    for line in config.lines():
        line.password = None if line.password is None else hide(device, line.password)
    access.enable_passwords = {level: hide(device, one) for level, one in access.enable_passwords.items()}
    for user in access.users.values():
        user.credential = None if user.credential is None else hide(device, user.credential)


def hide(device: IosDevice, credential: Credential) -> Credential:
    """A password in clear as type 7; any other as it is."""
    if credential.kind != secrets_ios.CLEAR:
        return credential
    seed = device.services.entropy(1)[0] % secrets_ios.OBSCURED_SEEDS
    return Credential(secrets_ios.OBSCURED, secrets_ios.obscured(credential.text, seed))


def password(device: IosDevice, kind: int, text: str) -> Credential:
    """What ``password [0|7] text`` puts into the configuration."""
    credential = Credential(kind, text)
    return hide(device, credential) if device.config.access.password_encryption else credential


def secret(device: IosDevice, kind: int, text: str, algorithm: int = secrets_ios.MD5) -> Credential:
    """What ``secret [0|5|8|9] text`` puts into the configuration: of clear text the hash, by default of type 5."""
    if kind != secrets_ios.CLEAR:
        return Credential(kind, text)
    salt = secrets_ios.salt(device.services.entropy(secrets_ios.SALT_OCTETS[algorithm]))
    salt = salt[: secrets_ios.SALT_LENGTH[algorithm]]
    return Credential(algorithm, secrets_ios.hashed(algorithm, text, salt))
