"""Starts and stops a lab: the steps between a checked lab file and eight consoles that answer."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgpack

from labs import programs
from labs.control import ControlError, Daemon, Watch, log_tail
from labs.describe import describe_broker, describe_nodes
from labs.errors import LabError
from labs.lab import Lab
from labs.state import NodeRecord, Record, State, running
from nodes.kinds import KINDS, PRELOAD, PRELOAD_IPSEC

#: Modules that the fork server loads beside nodes.kinds.PRELOAD: the programs themselves.
_PROGRAM_MODULES: Final = ("nodes.__main__", "broker.__main__", "broker.server")
#: Seconds a lab may take to come up, and what each node adds.
_START: Final = 30.0
_START_EACH: Final = 0.25
#: Seconds a lab may take to stop before its processes are killed.
_STOP: Final = 10.0
#: What the supervisor itself prints before it has a log.
_STARTUP_LOG: Final = "startup"

Step = Callable[[str], None]


@dataclass(frozen=True)
class Wish:
    """What ``up`` was asked for. ``stage`` None is the saved one or else the default; ``base_port`` 0 is free ports."""

    name: str
    stage: str | None = None
    base_port: int | None = None
    wipe: bool = False


@dataclass(frozen=True)
class Started:
    """What ``up`` did. ``fresh`` is False when the lab ran already and nothing was changed."""

    record: Record
    fresh: bool


def up(lab: Lab, wish: Wish, *, say: Step, report: Callable[[int, int], None]) -> Started:
    """Starts the lab and returns when every console answers; leaves nothing running when that fails (LabError).

    ``say`` is told what happens, ``report`` how many nodes of all are ready.
    """
    state = State(wish.name)
    if wish.stage is not None and wish.stage not in [stage.name for stage in lab.stages]:
        stages = ", ".join(stage.name for stage in lab.stages)
        raise LabError(f"lab {lab.name!r} has no stage {wish.stage!r}; stages: {stages}")
    with state.command_lock(wait=60.0):
        before = state.read_record()
        if state.alive():
            return Started(_already(state, before, lab, wish), fresh=False)
        if state.run.exists() and any(state.run.iterdir()):
            say(f"lab {wish.name!r} did not end by `wirelab down`; it starts anew")
            _kill(state.processes())
            state.forget_run(before)
        if wish.wipe:
            state.wipe_saved()
        state.create()
        stage = _choose_stage(state, before, lab, wish)
        consoles = choose_consoles(lab, wish)
        record = _write(state, lab, wish.name, stage, consoles)
        check_attachments(lab, say)
        say(f"starting lab {wish.name!r} at stage {stage!r}: the broker and {len(lab.nodes)} nodes")
        process: subprocess.Popen[bytes] | None = None
        try:
            process = _spawn(state)
            _watch(state, record, process, report)
        except BaseException:  # Ctrl-C too: a lab that is half up is no use to anyone
            _end(state, record)
            if process is not None:
                process.wait()
            raise
    return Started(record, fresh=True)


def check_attachments(lab: Lab, say: Step, proc: Path = Path("/proc/self/status")) -> None:
    """Whether the clouds of a lab can get at their Linux interfaces; LabError when they cannot."""
    attached = [(node, kind, interface) for node in lab.nodes for kind, interface in node.attach.values()]
    if not attached:
        return
    line = next(line for line in proc.read_text().splitlines() if line.startswith("CapEff:"))
    held = int(line.split()[1], 16)
    present = {name for _, name in socket.if_nameindex()}
    for node, kind, interface in attached:
        name, bit = ("CAP_NET_ADMIN", 12) if kind == "tap" else ("CAP_NET_RAW", 13)
        if not held >> bit & 1:
            what = "make" if kind == "tap" else "open"
            raise LabError(
                f"{node.name} cannot {what} the interface {interface!r} without {name}: start the lab as root"
            )
        if kind == "packet" and interface not in present:
            say(f"{node.name}: there is no interface {interface!r} yet; its port stays down until there is")


def _already(state: State, record: Record | None, lab: Lab, wish: Wish) -> Record:
    if record is None:
        raise LabError(f"lab {wish.name!r} runs, but its record {state.path / 'lab.json'} cannot be read; take it down")
    if Path(record.file) != lab.file:
        raise LabError(f"a lab {wish.name!r} runs already, from {record.file}; start this one with --name OTHER")
    if wish.wipe or wish.stage not in (None, record.stage):
        raise LabError(
            f"lab {wish.name!r} runs already, at stage {record.stage!r}; "
            f"`wirelab down -n {wish.name}` first, then start it as you like"
        )
    return record


def _choose_stage(state: State, before: Record | None, lab: Lab, wish: Wish) -> str:
    """The stage to boot. A saved startup-config beats a stage's, so another stage than the saved one needs --wipe."""
    saved = state.saved()
    known = [stage.name for stage in lab.stages]
    if not saved or before is None:
        return wish.stage or lab.default_stage
    if Path(before.file).name != lab.file.name:
        raise LabError(
            f"{_some(saved)} saved a startup-config in another lab called {wish.name!r} ({before.file}); "
            "forget what is saved with --wipe, or give this lab another name with --name"
        )
    if wish.stage in (None, before.stage) and before.stage in known:
        return before.stage
    raise LabError(
        f"{_some(saved)} saved a startup-config at stage {before.stage!r}, and a device boots what it saved; "
        f"to start at stage {wish.stage or lab.default_stage!r}, forget what is saved: add --wipe"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"


# -- consoles -----------------------------------------------------------------------------------------------------


def choose_consoles(lab: Lab, wish: Wish) -> dict[str, tuple[str, int]]:
    """An address for each node's console, every one free at this moment. Raises LabError naming those that are not."""
    wanted: dict[str, tuple[str, int]] = {}
    for index, node in enumerate(lab.nodes):
        host, port = node.console or ("127.0.0.1", 0)
        if wish.base_port is not None:
            port = wish.base_port + index if wish.base_port else 0
            if port > 65535:
                raise LabError(f"--base-port {wish.base_port} leaves no port for {node.name}: the last one is 65535")
        wanted[node.name] = (host, port)
    result: dict[str, tuple[str, int]] = {}
    taken: list[str] = []
    with contextlib.ExitStack() as held:
        # Each stays bound until all are found, so that the system does not give one away twice.
        for name, (host, port) in wanted.items():
            try:
                result[name] = (host, held.enter_context(_bind(host, port)).getsockname()[1])
            except OSError as error:
                taken.append(f"port {port} on {host}, the console of {name}: {_holder(host, port, error)}")
    if taken:
        lines = "\n".join(f"  {line}" for line in taken)
        raise LabError(
            f"not every console can have its port:\n{lines}\n"
            "choose others with --base-port P (P, P+1, …; 0 lets the system choose), or free these"
        )
    return result


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        # As the device does, so that a console which was just closed is free.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(target)
    except OSError:
        bound.close()
        raise
    return bound


def _holder(host: str, port: int, error: OSError) -> str:
    for state in running():
        record = state.read_record()
        for node in record.nodes if record is not None else ():
            if node.console[1] == port:
                return f"taken by lab {state.name!r} (console of {node.name})"
    words = error.strerror or str(error)
    return "taken by another program" if "in use" in words else words


# -- start and stop -----------------------------------------------------------------------------------------------


def _write(state: State, lab: Lab, name: str, stage: str, consoles: Mapping[str, tuple[str, int]]) -> Record:
    sockets = state.sockets()
    endpoint = f"ipc://{sockets / 'broker.sock'}"
    descriptions = describe_nodes(lab, name, endpoint, stage, consoles, state.nvram, state.keys)
    descriptions[programs.BROKER] = describe_broker(lab, name, endpoint)
    for program, description in descriptions.items():
        (state.run / f"{program}.msgpack").write_bytes(msgpack.packb(description, use_bin_type=True))
    names = [node.name for node in lab.nodes]
    ipsec = PRELOAD_IPSEC if any(KINDS[node.kind].ipsec for node in lab.nodes) else ()
    text = programs.configuration(state, sockets, names, (*PRELOAD, *_PROGRAM_MODULES, *ipsec))
    state.config.write_text(text, "utf-8")
    for log in (*state.logs.iterdir(), *state.keys.iterdir()):
        log.unlink(missing_ok=True)
    record = Record(
        name=name,
        file=str(lab.file),
        stage=stage,
        endpoint=endpoint,
        sockets=str(sockets),
        started=time.time(),
        nodes=[NodeRecord(node.name, node.kind, node.type, consoles[node.name]) for node in lab.nodes],
        tries=list(lab.tries),
        keys=lab.keys,
    )
    state.write_record(record)
    return record


def _spawn(state: State) -> subprocess.Popen[bytes]:
    lock = state.take_alive_lock()
    try:
        with (state.logs / f"{_STARTUP_LOG}.log").open("ab") as log:
            return subprocess.Popen(
                # -P: the state folder, in which it runs, is no place to import from.
                [sys.executable, "-P", "-m", "labs.supervisor", "-c", str(state.config.relative_to(state.path))],
                cwd=state.path,
                env=programs.environment(state),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
    finally:
        os.close(lock)


def _watch(state: State, record: Record, process: subprocess.Popen[bytes], report: Callable[[int, int], None]) -> None:
    def gone() -> str | None:
        if process.poll() is None:
            return None
        return f"the lab's supervisor ended (status {process.returncode}):\n{log_tail(state, _STARTUP_LOG)}"

    names = [node.name for node in record.nodes]
    Watch(state, record, names, gone=gone, report=report).wait(_START + _START_EACH * len(names))
    # The lab outlives this command: subprocess need not warn that it runs when the object goes.
    process.returncode = 0


def down(state: State, *, wipe: bool = False) -> bool:
    """Stops the lab and makes sure that nothing of it runs; saved startup-configs stay unless ``wipe``.

    Returns whether anything ran. Raises LabError when a process cannot be ended.
    """
    with state.command_lock(wait=60.0):
        ran = state.alive() or bool(state.processes())
        _end(state, state.read_record())
        if wipe:
            state.wipe()
    return ran


def _end(state: State, record: Record | None) -> None:
    if state.alive() and record is not None:
        with contextlib.suppress(ControlError):
            Daemon(Path(record.sockets), timeout=5.0).shutdown()
            _poll(lambda: not state.alive(), _STOP)

    def nothing_left() -> bool:
        left = state.processes()
        _kill(left)
        # A supervisord that was interrupted between its fork and its exec has the lock, and not yet its mark.
        return not left and not state.alive()

    if not _poll(nothing_left, 5.0):
        raise LabError(f"processes of lab {state.name!r} cannot be ended: {state.processes() or 'its supervisor'}")
    state.forget_run(record)


def _poll(done: Callable[[], bool], timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


# -- one node -----------------------------------------------------------------------------------------------------


def power(state: State, record: Record, names: Sequence[str], *, off: bool, on: bool) -> list[str]:
    """Switches nodes off and/or on again, and waits until those that are on are ready. Returns those that changed."""
    daemon = Daemon(Path(record.sockets))
    changed: dict[str, None] = {}
    with state.command_lock(wait=60.0):
        if off:
            changed |= dict.fromkeys(name for name in names if daemon.stop(name))
        if on:
            changed |= dict.fromkeys(name for name in names if daemon.start(name))
            Watch(state, record, names).wait(_START)
    return list(changed)
