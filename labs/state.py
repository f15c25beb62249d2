"""Where a lab that runs keeps its things, and the locks that keep two commands from colliding.

::

    $XDG_STATE_HOME/wirelab/NAME/      0700, ours
        lab.json                       the record: lab file, stage, nodes and their consoles
        command.lock                   held by the command that starts or stops the lab
        alive.lock                     held by supervisord as long as it lives, however it ends
        run/                           descriptions, supervisord.conf and, when their paths fit, the sockets
        logs/NODE.log                  what each process wrote
        nvram/NODE.cfg                 the startup-config that the device saved
        nvram/NODE.flash/              the files in the device's flash memory
        keys/NODE.keys                 the keys of the tunnels that the device made, for captures; gone after `down`

A socket's path has 107 octets at most (``sun_path``); when ``run`` is too deep for that, the sockets live in a private
folder under ``$XDG_RUNTIME_DIR`` or ``/tmp``, whose name is derived from the state folder's.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from labs.errors import LabError

#: Octets of a socket's path at most, and the longest name in the folder: supervisor binds "NAME.PID" and renames it.
MAX_SOCKET: Final = 100
_LONGEST_NAME: Final = "supervisor.sock.4194304"

#: In the environment of supervisord and so (a forked child keeps it) in that of every process of the lab.
STATE_VARIABLE: Final = "WIRELAB_STATE"

_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.,:@+=-]+")


class StateError(LabError):
    """The state of a lab cannot be used; the text says why and what to do."""


@dataclass
class NodeRecord:
    """A node of a running lab as the command needs it."""

    name: str
    kind: str
    type: str
    console: tuple[str, int]


@dataclass
class Record:
    """``lab.json``: what was started. Survives ``down``, so that saved startup-configs keep their stage."""

    name: str
    file: str
    stage: str
    endpoint: str
    started: float
    sockets: str = ""
    nodes: list[NodeRecord] = field(default_factory=list)
    tries: list[str] = field(default_factory=list)
    keys: bool = True

    def node(self, name: str) -> NodeRecord | None:
        """The node of that name; any case will do when that leaves one."""
        exact = [node for node in self.nodes if node.name == name]
        near = exact or [node for node in self.nodes if node.name.lower() == name.lower()]
        return near[0] if len(near) == 1 else None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The record in ``text``; raises ValueError, KeyError or TypeError when it is none."""
        body: dict[str, Any] = json.loads(text)
        nodes = [
            NodeRecord(node["name"], node["kind"], node["type"], (str(node["console"][0]), int(node["console"][1])))
            for node in body.pop("nodes")
        ]
        return cls(nodes=nodes, **body)


def state_home() -> Path:
    """The folder of all labs of this user."""
    base = os.environ.get("XDG_STATE_HOME", "")
    # The base directory specification: a relative path is to be ignored.
    root = Path(base) if base.startswith("/") else Path.home() / ".local/state"
    return root / "wirelab"


class State:
    """The folder of one lab. Making the object touches nothing; :meth:`create` does."""

    def __init__(self, name: str, home: Path | None = None) -> None:
        self.name = name
        # supervisord works with paths relative to here, and the kernel resolves links before it counts octets.
        self.path = ((home or state_home()) / name).resolve()
        self.run = self.path / "run"
        self.logs = self.path / "logs"
        self.nvram = self.path / "nvram"
        self.keys = self.path / "keys"
        self.config = self.run / "supervisord.conf"

    # -- folders --------------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Makes the folders, or checks that they are ours alone. Raises StateError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self.path, self.run, self.logs, self.nvram, self.keys):
                private_folder(folder)
        except OSError as error:
            raise StateError(f"the state folder {self.path} cannot be made: {error.strerror or error}") from None

    def sockets(self) -> Path:
        """The folder for this lab's sockets, made when it is not ``run``. Raises StateError."""
        if _fits(self.run):
            return self.run
        name = f"wirelab-{os.geteuid()}-{hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]}"
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        for base in (Path(runtime), Path("/tmp")):
            folder = base / name
            # The folder's path stands in supervisord.conf as it is, hence no blanks, % or # in it.
            if folder.is_absolute() and base.is_dir() and _fits(folder) and _PLAIN_PATH.fullmatch(str(folder)):
                try:
                    private_folder(folder)
                except OSError:
                    continue
                return folder
        raise StateError(f"no folder for the sockets of lab {self.name!r}: /tmp cannot be written")

    def saved(self) -> list[str]:
        """The nodes with a saved startup-config."""
        return sorted(file.stem for file in self.nvram.glob("*.cfg"))

    def forget_run(self, record: Record | None) -> None:
        """Removes what only a running lab needs: descriptions, sockets, keys."""
        shutil.rmtree(self.run, ignore_errors=True)
        shutil.rmtree(self.keys, ignore_errors=True)
        if record is not None and Path(record.sockets) != self.run and Path(record.sockets).name.startswith("wirelab-"):
            shutil.rmtree(record.sockets, ignore_errors=True)

    def wipe_saved(self) -> None:
        """Forgets the startup-configs that the devices saved."""
        shutil.rmtree(self.nvram, ignore_errors=True)

    def wipe(self) -> None:
        """Removes everything that is left of the lab."""
        shutil.rmtree(self.path, ignore_errors=True)

    # -- the record -----------------------------------------------------------------------------------------------

    def read_record(self) -> Record | None:
        """The record of the last start; None when there is none that can be read."""
        try:
            return Record.parse((self.path / "lab.json").read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None

    def write_record(self, record: Record) -> None:
        """Replaces the record in one step."""
        draft = self.path / "lab.json.new"
        draft.write_text(json.dumps(asdict(record), indent=1) + "\n", "utf-8")
        draft.replace(self.path / "lab.json")

    # -- locks ----------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def command_lock(self, wait: float) -> Iterator[None]:
        """Makes the folders and sees to it that only one command at a time starts or stops this lab.

        Waits ``wait`` seconds for the other one. Raises StateError.
        """
        deadline = time.monotonic() + wait
        while True:
            self.create()
            descriptor = self._open_lock("command.lock")
            # The other command may have wiped the folder, and with it the file whose lock we got.
            if _try_lock(descriptor, fcntl.LOCK_EX) and _still(descriptor, self.path / "command.lock"):
                break
            os.close(descriptor)
            if time.monotonic() > deadline:
                raise StateError(f"another wirelab command is still busy with lab {self.name!r}; try again later")
            time.sleep(0.05)
        try:
            yield
        finally:
            os.close(descriptor)

    def alive(self) -> bool:
        """Whether the lab's supervisord lives: it holds the lock, and the kernel lets go of it whatever ends it."""
        try:
            descriptor = os.open(self.path / "alive.lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            return not _try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def take_alive_lock(self) -> int:
        """The descriptor that supervisord is to inherit. Raises StateError when another supervisord lives."""
        descriptor = self._open_lock("alive.lock")
        # A `ps` elsewhere looks at the lock for an instant by taking it.
        deadline = time.monotonic() + 1
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise StateError(f"lab {self.name!r} runs already")
            time.sleep(0.01)
        return descriptor

    def _open_lock(self, name: str) -> int:
        try:
            return os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StateError(f"{self.path / name}: {error.strerror or error}") from None

    # -- processes ------------------------------------------------------------------------------------------------

    def processes(self) -> list[int]:
        """Every process of this lab that the kernel still has, by the mark in its environment (Linux; else empty)."""
        mark = b"\0" + os.fsencode(f"{STATE_VARIABLE}={self.path}") + b"\0"
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in b"\0" + (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                    found.append(int(entry.name))
            except OSError:
                continue  # gone, or another user's
        return found


def running() -> list[State]:
    """The labs of this user that run, by name."""
    home = state_home()
    names = sorted(entry.name for entry in home.iterdir() if entry.is_dir()) if home.is_dir() else []
    return [state for state in map(State, names) if state.alive()]


def private_folder(folder: Path) -> None:
    """Makes ``folder`` (0700), or makes sure that it is a folder of ours that nobody else can enter."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise StateError(f"{folder} is not a folder; move it away")
    if found.st_uid != os.geteuid():
        raise StateError(f"{folder} belongs to another user (uid {found.st_uid}); it will not be used")
    if stat.S_IMODE(found.st_mode) & 0o077:
        folder.chmod(0o700)


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / _LONGEST_NAME)) <= MAX_SOCKET


def _still(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
