"""Files: ``dir``, ``more``, ``copy``, ``delete``, ``erase``, ``configure memory`` and ``configure replace``.

A file is named ``flash:NAME`` (``NAME`` alone is the same), ``nvram:startup-config`` or ``system:running-config``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from typing import Any, Final, NamedTuple

from nodes.cli.batch import Refusal, load_config
from nodes.cli.context import Args, Ask, Context, Job, Rejected
from nodes.cli.params import FREE_WORD, Accept, Match, Param, Reject
from nodes.cli.table import Table
from nodes.commands.sections import Section
from nodes.commands.system import configuration_text
from nodes.device import images
from nodes.device.base import Services
from nodes.device.files import FileEntry, MemoryFlash
from nodes.device.ios import IosDevice
from nodes.device.replace import replace
from nodes.device.views import DirectoryView, FileView, TextView
from nodes.show import files as show
from nodes.show import personality

table = Table()

_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
_NAME_MAX: Final = 63
RUNNING: Final = "running-config"
STARTUP: Final = "startup-config"


class FileName(NamedTuple):
    """``system``, ``flash`` or ``nvram``, and the name there, which may be empty: then it is asked for."""

    system: str
    name: str

    def __str__(self) -> str:
        return f"{self.system}:{self.name}"


class FileParam:
    """The name of a file."""

    label = "WORD"
    rank = FREE_WORD

    def consume(self, words: Sequence[str]) -> Match:
        system, colon, name = words[0].rpartition(":")
        system = system.lower() if colon else "flash"
        if system not in ("flash", "nvram", "system"):
            return Reject(0)
        plain = name.removeprefix("/")
        if not set(plain) <= _LETTERS or plain.startswith(".") or len(plain) > _NAME_MAX:
            return Reject(len(words[0]) - len(plain))
        return Accept(FileName(system, plain))

    def completions(self, prefix: str) -> list[tuple[str, str]]:
        systems = ("flash:", "nvram:", "system:")
        return [(name, f"A file of {name}") for name in systems if name.startswith(prefix.lower())]


PARAMS: Final[dict[str, Param]] = {"file": FileParam()}


def _missing(file: FileName) -> Rejected:
    return Rejected(f"%Error opening {file} (No such file or directory)")


def _image(device: IosDevice) -> str:
    return images.of(device.version).flash.removeprefix("flash:").removeprefix("/")


def _running(ctx: Context) -> str:
    return "\n".join(configuration_text(ctx.device, ctx.session.commands)) + "\n"


def _read(ctx: Context, file: FileName) -> str:
    device: IosDevice = ctx.device
    if file == ("system", RUNNING):
        return _running(ctx)
    text = None
    if file == ("nvram", STARTUP):
        text = device.services.nvram.read() or None
    elif file == ("flash", _image(device)):
        raise Rejected(f"%Error opening {file} (Permission denied)")
    elif file.system == "flash" and file.name:
        text = device.services.flash.read(file.name)
    if text is None:
        raise _missing(file)
    return text


def _write(device: IosDevice, file: FileName, text: str) -> None:
    try:
        if file == ("nvram", STARTUP):
            device.services.nvram.write(text)
        elif file.system == "flash" and file.name and file.name != _image(device):
            if len(text.encode()) > directory(device).free:
                raise Rejected(f"%Error writing {file} (No space left on device)")
            device.services.flash.write(file.name, text, device.moment().wall)
        else:
            raise Rejected(f"%Error opening {file} (Permission denied)")
    except OSError as error:
        raise Rejected(f"%Error writing {file} ({error.strerror or error})") from None


# Looking -----------------------------------------------------------------------------------------------------------


def directory(device: IosDevice, system: str = "flash") -> DirectoryView:
    """The files of ``flash`` or ``nvram``."""
    if system == "nvram":
        text = device.services.nvram.read()
        size = personality.of(device.version).nvram_octets
        found = [FileView(STARTUP, len(text.encode()), None)] if text else []
    else:
        image = images.of(device.version)
        entries = [FileEntry(_image(device), image.octets, 0.0), *device.services.flash.entries()]
        size = image.flash_octets
        found = [FileView(entry.name, entry.octets, entry.written) for entry in entries]
    return DirectoryView(device.version, system, tuple(found), size, size - sum(file.octets for file in found))


_DIR_HELP: Final = {"dir": "List files on a filesystem", "file": "Directory or file name"}


@table.show("exec", "dir [<file:file>]", text=show.directory, help=_DIR_HELP)
def show_dir(ctx: Context, args: Args) -> DirectoryView:
    wanted: FileName = args.get("file", FileName("flash", ""))
    if wanted.system == "system":
        raise _missing(wanted)
    view = directory(ctx.device, wanted.system)
    if not wanted.name:
        return view
    if all(file.name != wanted.name for file in view.files):
        raise _missing(wanted)
    return dataclasses.replace(view, asked=wanted.name)


@table.show("exec", "show flash:", text=show.flash, help={"flash:": "display information about flash: file system"})
def show_flash(ctx: Context, args: Args) -> DirectoryView:
    return directory(ctx.device)


@table.show(
    "exec",
    "more <file:file>",
    text=lambda view: view.lines,
    help={"more": "Display the contents of a file", "file": "File name"},
    privilege=15,
)
def more(ctx: Context, args: Args) -> TextView:
    return TextView(tuple(_read(ctx, args["file"]).splitlines()))


def _copied(octets: int, seconds: float) -> str:
    """How much was copied, and how long it took: a millisecond is the least that is told."""
    seconds = max(seconds, 0.001)
    return f"{octets} bytes copied in {seconds:.3f} secs ({round(octets / seconds)} bytes/sec)\n"


class OutputStore:
    """Where ``| redirect``, ``| append`` and ``| tee`` put what a command prints."""

    param: Param = FileParam()

    def __init__(self, device: IosDevice) -> None:
        self._device = device

    def write(self, name: FileName, text: str, *, append: bool) -> None:
        old = ""
        if append and name.system == "flash" and name.name != _image(self._device):
            old = self._device.services.flash.read(name.name) or ""
        _write(self._device, name, old + text)


# Copying -----------------------------------------------------------------------------------------------------------


def _apply(ctx: Context, text: str, source: str) -> list[str]:
    """Merge a text into the running configuration; what was refused, and why."""
    device: IosDevice = ctx.device
    with device.deferred():
        refusals = load_config(ctx.session.commands, device, text, ctx.now)
    device.lines_changed()
    device.log("SYS", 5, "CONFIG_I", f"Configured from {source} by console")
    return _refused(refusals)


def _refused(refusals: Sequence[Refusal]) -> list[str]:
    return [text for refusal in refusals for text in (refusal.line, refusal.message)]


def _ask_name(prompt: str, default: str, *, quiet: bool) -> Generator[Ask, Any, str]:
    if quiet and default:
        return default
    answer = yield Ask(f"{prompt} [{default}]? ")
    return str(answer).strip() or default


def _named(file: FileName, answer: str) -> FileName:
    """The file that an answer names, on the file system of ``file`` unless it names one."""
    match = FileParam().consume((answer,))
    if not answer or isinstance(match, Reject):
        raise Rejected(f"%Error opening {file.system}:{answer} (Invalid argument)")
    named: FileName = match.value
    return named if ":" in answer else FileName(file.system, named.name)


def _end(args: Args, end: str) -> FileName:
    if args.has(f"{end}-file"):
        file: FileName = args[f"{end}-file"]
        return file
    return FileName("system", RUNNING) if args[end] == RUNNING else FileName("nvram", STARTUP)


@table.command(
    "exec",
    "copy {running-config|startup-config|<source-file:file>}$source"
    " {running-config|startup-config|<target-file:file>}$target",
    help={
        "running-config": "Copy from or to current system configuration",
        "startup-config": "Copy from or to startup configuration",
        "source-file": "Copy from this file",
        "target-file": "Copy to this file",
    },
    privilege=15,
)
def copy(ctx: Context, args: Args) -> Job:
    """Into ``running-config`` a file is merged, as if it were typed; anywhere else it takes the old one's place."""
    device: IosDevice = ctx.device
    quiet = device.config.prompt_quiet
    source, target = _end(args, "source"), _end(args, "target")
    if not source.name:
        source = _named(source, (yield from _ask_name("Source filename", "", quiet=quiet)))
    default = target.name or ("" if target.system != "flash" else "startup-config" if source.system == "nvram" else "")
    if not default:
        default = f"{device.config.hostname.lower()}-confg" if source.system == "system" else source.name
    target = _named(target, (yield from _ask_name("Destination filename", default, quiet=quiet)))
    if source == target:
        raise Rejected(f"%Error opening {target} (Same file)")
    began = device.services.wall_clock()
    text = _read(ctx, source)
    octets = len(text.encode())
    if target == ("system", RUNNING):
        yield from (f"{line}\n" for line in _apply(ctx, text, str(source)))
        yield _copied(octets, device.services.wall_clock() - began)
        return
    if target == ("nvram", STARTUP):
        yield "Building configuration...\n" if source.system == "system" else ""
        _write(device, target, text)
        yield "[OK]\n"
        return
    if target.system == "flash" and device.services.flash.read(target.name) is not None and not quiet:
        yield "%Warning:There is a file already existing with this name \n"
        answer = yield Ask("Do you want to over write? [confirm]", confirm=True)
        if answer not in ("", "y", "Y"):
            return
        began = device.services.wall_clock()
    _write(device, target, text)
    yield "\n" + _copied(octets, device.services.wall_clock() - began)


@table.command(
    "exec",
    "delete [/force]$force <file:file>",
    help={"delete": "Delete a file", "/force": "Force delete", "file": "File to be deleted"},
    privilege=15,
)
def delete(ctx: Context, args: Args) -> Job:
    device: IosDevice = ctx.device
    file: FileName = args["file"]
    if not args.has("force") and not device.config.prompt_quiet:
        file = _named(file, (yield from _ask_name("Delete filename", file.name, quiet=False)))
        answer = yield Ask(f"Delete {file.system}:/{file.name}? [confirm]", confirm=True)
        if answer not in ("", "y", "Y"):
            return
    if file == ("nvram", STARTUP):
        _write(device, file, "")
    elif file.system != "flash" or file.name == _image(device):
        raise Rejected(f"%Error deleting {file} (Permission denied)")
    elif device.services.flash.read(file.name) is None:
        raise Rejected(f"%Error deleting {file} (No such file or directory)")
    else:
        try:
            device.services.flash.delete(file.name)
        except OSError as error:
            raise Rejected(f"%Error deleting {file} ({error.strerror or error})") from None


@table.command(
    "exec",
    "erase {startup-config|nvram:}",
    help={
        "erase": "Erase a filesystem",
        "startup-config": "Erase contents of configuration memory",
        "nvram:": "Filesystem to be erased",
    },
    privilege=15,
)
@table.command("exec", "write erase", help={"erase": "Erase NV memory"}, privilege=15)
def erase(ctx: Context, args: Args) -> Job:
    device: IosDevice = ctx.device
    answer = yield Ask(
        "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]", confirm=True
    )
    if answer not in ("", "y", "Y"):
        return
    _write(device, FileName("nvram", STARTUP), "")
    yield "[OK]\nErase of nvram: complete\n"
    device.log("SYS", 7, "NV_BLOCK_INIT", "Initialized the geometry of nvram")


# Configuring from a file -------------------------------------------------------------------------------------------

_CONFIGURE_HELP: Final = {"configure": "Enter configuration mode"}


@table.command(
    "exec",
    "configure memory",
    help=_CONFIGURE_HELP | {"memory": "Configure from NV memory"},
    privilege=15,
)
def configure_memory(ctx: Context, args: Args) -> list[str]:
    return _apply(ctx, _read(ctx, FileName("nvram", STARTUP)), "memory")


@dataclasses.dataclass(slots=True)
class _NoNvram:
    """Of a device that is made to read a configuration and nothing else."""

    def read(self) -> str | None:
        return None

    def write(self, text: str) -> None:
        raise OSError("this device is made to read a configuration")


_WARNING: Final = """\
This will apply all necessary additions and deletions
to replace the current running configuration with the
contents of the specified configuration file, which is
assumed to be a complete configuration, not a partial
configuration. Enter Y if you are sure you want to proceed. ? [no]: """


@table.command(
    "exec",
    "configure replace <file:file> [force]",
    help=_CONFIGURE_HELP
    | {
        "replace": "Replace the running-config with a new config file",
        "file": "New config file",
        "force": "Forcibly replace without prompting for user input",
    },
    privilege=15,
)
def configure_replace(ctx: Context, args: Args) -> Job:
    """The file is read by a device of the same kind that nobody sees; all of it is taken over, or nothing."""
    device: IosDevice = ctx.device
    text = _read(ctx, args["file"])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or lines[-1] != "end":
        raise Rejected("%The input file is not a valid config file.")
    if not args.has("force") and ctx.session.interactive:
        answer = yield Ask(_WARNING)
        if answer.strip().lower() not in ("y", "ye", "yes"):
            return
    services = Services(device.services.entropy, device.services.wall_clock, _NoNvram(), MemoryFlash())
    reader = type(device)(device.spec, services, device.now)
    with reader.deferred():
        refusals = load_config(ctx.session.commands, reader, text, ctx.now)
    if refusals:
        yield "The rollback configlet from the last pass is listed below:\n********\n"
        yield from (f"{line}\n" for line in _refused(refusals))
        raise Rejected("********\n\nRollback aborted: these lines were refused, and nothing was changed")
    replace(device.config, reader.config)
    device.configured()
    device.lines_changed()
    device.log("SYS", 5, "CONFIG_I", f"Configured from {args['file']} by console")
    yield "\nTotal number of passes: 1\nRollback Done\n\n"


@table.command(
    "config",
    "file prompt {noisy|quiet}$way",
    help={
        "file": "Adjust file system parameters",
        "prompt": "Prompt for some file operations",
        "noisy": "Ask for all file operations",
        "quiet": "Seldom ask for file operations",
    },
    no="file prompt [noisy|quiet]",
    prints=lambda config: ["file prompt quiet"] if config.prompt_quiet else [],
    section=Section.FILE,
)
def file_prompt(ctx: Context, args: Args) -> None:
    device: IosDevice = ctx.device
    device.config.prompt_quiet = not ctx.negated and args["way"] == "quiet"
