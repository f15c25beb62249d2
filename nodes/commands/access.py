"""Who may come in: passwords, users, and what a line asks of those who connect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nodes.base import secrets_ios
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.table import Table
from nodes.commands.sections import LineSection, Section
from nodes.device import access
from nodes.device.access import FULL_LEVEL, USER_LEVEL, Credential, User
from nodes.device.config import IosConfig, LineConfig
from nodes.device.ios import IosDevice

table = Table()

#: Characters of a password in clear, as on IOS.
_LONGEST: Final = 80

_KINDS_HELP: Final = {
    "0": "Specifies an UNENCRYPTED password will follow",
    "5": "Specifies a MD5 HASHED secret will follow",
    "7": "Specifies a HIDDEN password will follow",
    "8": "Specifies a PBKDF2 HASHED secret will follow",
    "9": "Specifies a SCRYPT HASHED secret will follow",
}
#: Which hash a secret in clear becomes.
_ALGORITHMS: Final = {"md5": secrets_ios.MD5, "sha256": secrets_ios.PBKDF2, "scrypt": secrets_ios.SCRYPT}
_ALGORITHM: Final = "[algorithm-type {md5|scrypt|sha256}$algorithm]"
_ALGORITHM_HELP: Final = {
    "algorithm-type": "Algorithm to use for hashing the plaintext secret",
    "md5": "Encode the password using the MD5 algorithm",
    "scrypt": "Encode the password using the SCRYPT hashing algorithm",
    "sha256": "Encode the password using the PBKDF2 hashing algorithm",
}
_BAD_SECRET: Final = """\
ERROR: The secret you entered is not a valid encrypted secret.
To enter an UNENCRYPTED secret, do not specify type {kind} encryption.
When you properly enter an UNENCRYPTED secret, it will be encrypted."""


def _secret(ctx: Context, args: Args) -> Credential:
    """``secret [0|5|8|9] <text>``."""
    kind, text = int(args.get("kind", "0")), _text(args)
    if not secrets_ios.is_valid(kind, text):
        raise Rejected(_BAD_SECRET.format(kind=kind))
    if kind == secrets_ios.CLEAR:
        _check_length(ctx, text)
    return access.secret(ctx.device, kind, text, _ALGORITHMS[args.get("algorithm", "md5")])


def _password(ctx: Context, args: Args) -> Credential:
    """``password [0|7] <text>``."""
    kind, text = int(args.get("kind", "0")), _text(args)
    if not secrets_ios.is_valid(kind, text):
        raise Rejected(f"Invalid encrypted password: {text}")
    if kind == secrets_ios.CLEAR:
        _check_length(ctx, text)
    return access.password(ctx.device, kind, text)


def _check_length(ctx: Context, text: str) -> None:
    """``security passwords min-length`` is for those who type a password, not for a configuration that is read."""
    least = ctx.device.config.access.min_length
    if len(text) < least and ctx.device.ready:
        raise Rejected(f"% Password too short - must be at least {least} characters. Password configuration failed")


def _text(args: Args) -> str:
    """The text as it was typed: blanks in it, and behind it, belong to it, as on IOS."""
    text: str = args["text"]
    if int(args.get("kind", "0")) != secrets_ios.CLEAR:
        return text.rstrip()
    if len(text) > _LONGEST:
        raise Rejected(f"% Password too long. Maximum length is {_LONGEST} characters")
    return text


def _text_of(credential: Credential) -> str:
    """``5 $1$...``; clear text stands there without its type."""
    return f"{credential.kind} {credential.text}" if credential.kind else _clear(credential.text)


def _clear(text: str) -> str:
    """Clear text that begins like a keyword needs its type in front to be read as what it is."""
    word = text.split(" ", 1)[0].lower()
    return f"0 {text}" if word in ("0", "7") or "level".startswith(word) else text


# Global ------------------------------------------------------------------------------------------------------------


@table.command(
    "config",
    "service password-encryption",
    help={"service": "Modify use of network based services", "password-encryption": "Encrypt system passwords"},
    no=True,
    prints=lambda config: [f"{'' if config.access.password_encryption else 'no '}service password-encryption"],
    section=Section.SERVICE,
)
def password_encryption(ctx: Context, args: Args) -> None:
    """``no`` hides no further passwords; what is hidden stays so."""
    device: IosDevice = ctx.device
    device.config.access.password_encryption = not ctx.negated
    if not ctx.negated:
        access.hide_passwords(device)


_ENABLE_HELP: Final = {
    **_KINDS_HELP,
    "enable": "Modify enable password parameters",
    "secret": "Assign the privileged level secret",
    "password": "Assign the privileged level password",
    "level": "Set exec level password",
    "<level>": "Level number",
    "text": "The UNENCRYPTED (cleartext) 'enable' secret",
}


@table.command(
    "config",
    f"enable {_ALGORITHM} secret [level <level:1-15>] [0|5|8|9]$kind <text:line>",
    help=_ENABLE_HELP | _ALGORITHM_HELP,
    no="enable secret [level <level:1-15>] [<text:line>]",
    prints=lambda config: _print_enable("secret", config.access.enable_secrets),
    section=Section.ENABLE,
)
def enable_secret(ctx: Context, args: Args) -> None:
    _set_enable(ctx.device.config.access.enable_secrets, args, None if ctx.negated else _secret(ctx, args))


@table.command(
    "config",
    "enable password [level <level:1-15>] [0|7]$kind <text:line>",
    help=_ENABLE_HELP | {"text": "The UNENCRYPTED (cleartext) 'enable' password"},
    no="enable password [level <level:1-15>] [<text:line>]",
    prints=lambda config: _print_enable("password", config.access.enable_passwords),
    section=Section.ENABLE,
)
def enable_password(ctx: Context, args: Args) -> None:
    _set_enable(ctx.device.config.access.enable_passwords, args, None if ctx.negated else _password(ctx, args))


def _set_enable(credentials: dict[int, Credential], args: Args, given: Credential | None) -> None:
    level = args.get("level", FULL_LEVEL)
    if given is None:
        credentials.pop(level, None)
    else:
        credentials[level] = given


def _print_enable(word: str, credentials: dict[int, Credential]) -> Iterator[str]:
    for level, credential in sorted(credentials.items()):
        which = "" if level == FULL_LEVEL else f"level {level} "
        yield f"enable {word} {which}{_text_of(credential)}"


@table.command(
    "config",
    "security passwords min-length <length:0-16>",
    help={
        "security": "Infra Security CLIs",
        "passwords": "Password security CLIs",
        "min-length": "Minimum length of passwords",
        "length": "Minimum length of all user/enable passwords",
    },
    no="security passwords min-length [<length:0-16>]",
    prints=lambda config: (
        [f"security passwords min-length {config.access.min_length}"] if config.access.min_length else []
    ),
    section=Section.SECURITY,
)
def min_length(ctx: Context, args: Args) -> None:
    """What is set already may stay shorter."""
    ctx.device.config.access.min_length = 0 if ctx.negated else args["length"]


def _print_users(config: IosConfig) -> Iterator[str]:
    for name, user in config.access.users.items():
        level = "" if user.privilege == USER_LEVEL else f" privilege {user.privilege}"
        credential = user.credential
        if credential is None:
            yield f"username {name}{level}" + (" nopassword" if user.nopassword else "")
        else:
            word = "secret" if credential.kind in secrets_ios.HASHED else "password"
            yield f"username {name}{level} {word} {_text_of(credential)}"


@table.command(
    "config",
    "username <name:word> [privilege <level:0-15>] "
    f"[nopassword|{_ALGORITHM} secret [0|5|8|9]$kind <text:line>|password [0|7]$kind <text:line>]",
    help={
        **_KINDS_HELP,
        **_ALGORITHM_HELP,
        "nopassword": "No password is required for the user to log in",
        "username": "Establish User Name Authentication",
        "name": "User name",
        "privilege": "Set user privilege level",
        "level": "User privilege level",
        "secret": "Specify the secret for the user",
        "password": "Specify the password for the user",
        "text": "The UNENCRYPTED (cleartext) user password",
    },
    no="username <name:word> [<text:line>]",
    prints=_print_users,
    section=Section.USERNAME,
)
def username(ctx: Context, args: Args) -> None:
    """Lines on the same user add up, as on IOS: one may set the privilege and another the secret."""
    users = ctx.device.config.access.users
    name: str = args["name"]
    if ctx.negated:
        users.pop(name, None)
        return
    known = users.get(name, User())
    credential = known.credential
    if args.has("secret"):
        _refuse_both(credential, hashed=False)
        credential = _secret(ctx, args)
    elif args.has("password"):
        _refuse_both(credential, hashed=True)
        credential = _password(ctx, args)
    elif args.has("nopassword"):
        credential = None
    open_to_all = args.has("nopassword") or (credential is None and known.nopassword)
    users[name] = User(args.get("level", known.privilege), credential, open_to_all)


def _refuse_both(credential: Credential | None, *, hashed: bool) -> None:
    if credential is not None and (credential.kind in secrets_ios.HASHED) is hashed:
        raise Rejected("ERROR: Can not have both a user password and a user secret.\nPlease choose one or the other.")


# Lines -------------------------------------------------------------------------------------------------------------


@table.command(
    "config-line",
    "privilege level <level:0-15>",
    help={
        "privilege": "Change privilege level for line",
        "level": "Assign default privilege level for line",
        "<level>": "Default privilege level for line",
    },
    no="privilege level [<level:0-15>]",
    prints=lambda line: [] if line.privilege == USER_LEVEL else [f"privilege level {line.privilege}"],
    section=LineSection.PRIVILEGE,
)
def privilege_level(ctx: Context, args: Args) -> None:
    """Sessions that are open keep theirs."""
    line: LineConfig
    for line in ctx.scope:
        line.privilege = USER_LEVEL if ctx.negated else args["level"]


@table.command(
    "config-line",
    "password [0|7]$kind <text:line>",
    help=_KINDS_HELP | {"password": "Set a password", "text": "The UNENCRYPTED (cleartext) line password"},
    no="password [<text:line>]",
    prints=lambda line: [] if line.password is None else [f"password {_text_of(line.password)}"],
    section=LineSection.PASSWORD,
)
def password(ctx: Context, args: Args) -> None:
    given = None if ctx.negated else _password(ctx, args)
    line: LineConfig
    for line in ctx.scope:
        line.password = given


_LOGIN_LINES: Final = {"": [], "line": ["login"], "local": ["login local"]}


@table.command(
    "config-line",
    "login [local]",
    help={"login": "Enable password checking", "local": "Local password checking"},
    no=True,
    prints=lambda line: _LOGIN_LINES[line.login],
    section=LineSection.LOGIN,
)
def login(ctx: Context, args: Args) -> list[str]:
    """``no login`` is the default of every line here; see :class:`nodes.device.config.LineConfig`."""
    warnings = []
    line: LineConfig
    for line in ctx.scope:
        line.login = "" if ctx.negated else "local" if args.has("local") else "line"
        if line.login == "line" and line.password is None:
            warnings.append(f"% Login disabled on line {ctx.device.config.number(line.name)}, until 'password' is set")
    return warnings
