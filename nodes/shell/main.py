"""A node description becomes a running device."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgpack

from broker.client import ClientKeys, DeviceClient, KeysError
from broker.health import WELL, Health
from nodes.commands.console import Console
from nodes.device.base import Device, DeviceSpec, Services
from nodes.device.interface import PortSpec
from nodes.kinds import KINDS
from nodes.shell.flash import FolderFlash
from nodes.shell.keylog import KeyLog
from nodes.shell.nvram import FileNvram
from nodes.shell.pump import Pump
from nodes.shell.telnet import ConsoleAddress
from nodes.shell.usage import UsageReader

if TYPE_CHECKING:
    from nodes.shell.esp.template import Template

USAGE: Final = "usage: python -m nodes [--health] FILE   (a node description, written by the wirelab command)"


def log(line: str) -> None:
    """One line for ``wirelab logs``. A reader that went away must not take the device with it."""
    try:
        print(line, flush=True)  # noqa: T201
    except OSError:
        return


def load(name: str) -> Any:
    """``module:attribute`` -> the object."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)


def run(argv: Sequence[str]) -> int:
    """Run one device; the exit status: 0 when it was told to stop or to reload, 1 when it could not start, 2 usage."""
    if len(argv) != 1:
        print(USAGE, file=sys.stderr)  # noqa: T201
        return 2
    file = Path(argv[0])
    try:
        description = msgpack.unpackb(file.read_bytes(), strict_map_key=False)
        kind = KINDS[description["kind"]]
        keys = ClientKeys.read(file.parent / description["curve"]) if description.get("curve") is not None else None
    except KeysError as error:
        print(f"{argv[0]}: no keys for the broker: {error}", file=sys.stderr)  # noqa: T201
        return 1
    except (OSError, ValueError, KeyError, TypeError, msgpack.UnpackException) as error:
        print(f"{argv[0]}: not a node description: {error!r}", file=sys.stderr)  # noqa: T201
        return 1
    template: Template | None = None
    if kind.ipsec:
        from nodes.shell.esp.template import Template

        # Now or never: from the first ZeroMQ context on this process has threads.
        template = Template.fork(f"wirelab {description['lab']}: {description['node']}")
    return asyncio.run(_run(file.parent, description, keys, load(kind.device), load(kind.console), template))


async def _run(
    folder: Path,
    description: dict[str, Any],
    keys: ClientKeys | None,
    make_device: Any,
    make_console: Any,
    template: Template | None,
) -> int:
    """``folder``: what paths of the description are relative to."""
    loop = asyncio.get_running_loop()
    ports = description["ports"]
    spec = DeviceSpec(
        lab=description["lab"],
        name=description["node"],
        kind=description["kind"],
        type=description["type"],
        version=description["version"],
        ports=tuple(PortSpec(port["name"], port["mac"]) for port in ports),
        span=KINDS[description["kind"]].models[description["type"]].span,
    )
    saved = folder / description["nvram"]
    nvram, flash = FileNvram(saved), FolderFlash(saved.with_suffix(".flash"))
    usage = UsageReader()
    device: Device = make_device(spec, Services(os.urandom, time.time, nvram, flash, usage), loop.time())
    console: Console = make_console(device)
    _boot(device, console, nvram, description, loop.time())
    client = DeviceClient(description["broker"], spec.lab, spec.name, keys)
    pump = Pump(device, console, client, [port["id"] for port in ports], log)
    usage.others = pump.others
    keylog, health = description.get("keylog"), description.get("health")
    pump.keylog = KeyLog(None if keylog is None else folder / keylog)
    if isinstance(attach := description.get("attach"), dict):
        from nodes.shell.uplink import Uplinks

        pump.uplinks = Uplinks(cast(Any, device), {port: tuple(to) for port, to in attach.items()}, pump.clock)
    pump.template, pump.workers = template, description.get("esp_workers", 1)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, pump.stop)
    console_at: ConsoleAddress = description["console"]
    if isinstance(console_at, str):
        console_at = str(folder / console_at)
    shown = console_at if isinstance(console_at, str) else "{}:{}".format(*console_at)
    try:
        await pump.server.listen(console_at)
    except OSError as error:
        log(f"{spec.name}: the console port {shown} cannot be opened: {error.strerror or error}")
        client.close()
        return 1
    log(f"{spec.name}: console on {shown}")
    with contextlib.ExitStack() as ending:
        ending.callback(pump.close)
        if health is not None:
            # From here on the console listens, and this loop answers it: what remains to be asked is the broker.
            asked = Health(folder / health, lambda: WELL if client.connected else "the broker does not serve it")
            ending.callback(asked.close)
            ending.callback(loop.remove_reader, asked)
            loop.add_reader(asked, asked.answer)
        pump.start()
        return await pump.stopped


def _boot(device: Device, console: Console, nvram: FileNvram, description: dict[str, Any], now: float) -> None:
    """Apply the startup-config: what was saved, or what the lab's stage says. Refused lines are logged, as on IOS."""
    saved = nvram.read()
    text = description["startup_config"] if saved is None else saved
    name = description["startup_name"] if saved is None else "startup-config"
    for refusal in console.load(text, now):
        log(f"{name}:{refusal.line_number}: refused: {refusal.line}: {refusal.message}")
    device.boot_finished(now)
