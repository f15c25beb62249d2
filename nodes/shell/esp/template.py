"""The template: a process that does nothing but fork workers, and has nothing that would not survive a fork.

A device process has the threads of ZeroMQ and must not fork. So it forks a template before it makes a ZeroMQ context,
and that one sleeps until a worker is wanted; only then does it import what a worker needs. If the template was killed,
a new one is a fresh interpreter: slower to start, and as clean. Workers do not depend on the template that made them.

A worker is the template's grandchild: the process between the two ends at once, and the device process adopts the
worker (PR_SET_CHILD_SUBREAPER). So the worker dies with the device process and with nobody else, and the device process
knows whether it is dead or alive, for its process id cannot be used again before the device process has asked.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

from nodes.shell.esp import process

#: Where a template has its end of the control socket.
CONTROL: Final = 3
#: A request for a worker: its number and the size of its ring; ring, doorbell, finished and lifeline go with it.
_REQUEST = struct.Struct("=II")
_DESCRIPTORS: Final = 4


class Template:
    """The device's hold on its template. ``title`` is the start of the processes' titles: ``wirelab LAB: NODE``."""

    role: Final = "ESP template"

    def __init__(self, pid: int, control: socket.socket, title: str) -> None:
        self.pid = pid
        self._control = control
        self.title = title

    @classmethod
    def fork(cls, title: str) -> Template:
        """Fork one from this process, which must have no threads."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        owner = os.getpid()
        process.adopt_orphans()
        pid = os.fork()
        if pid == 0:
            _forked(theirs.fileno(), owner, title)
        theirs.close()
        return cls(pid, ours, title)

    @classmethod
    def spawn(cls, title: str) -> Template:
        """Start one as a fresh interpreter, from a process of any sort."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        process.adopt_orphans()
        arguments = [sys.executable, "-m", __name__, str(os.getpid()), title]
        # posix_spawn runs none of this process's code in the child. All descriptors of ours are close-on-exec.
        actions = [(os.POSIX_SPAWN_DUP2, theirs.fileno(), CONTROL)]
        try:
            pid = os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions)
        finally:
            theirs.close()
        return cls(pid, ours, title)

    def fileno(self) -> int:
        """Readable when the template has ended; it never says anything."""
        return self._control.fileno()

    def ask(self, number: int, size: int, descriptors: Sequence[int]) -> None:
        """Ask for worker ``number``. Raises OSError when the template has ended.

        The answer is the worker's greeting on its lifeline, or the end of file there when it comes to nothing.
        """
        socket.send_fds(self._control, [_REQUEST.pack(number, size)], descriptors)

    def close(self) -> None:
        """End the template; its workers go on."""
        self._control.close()
        end(self.pid)


def end(pid: int) -> None:
    """Kill a child, which may have ended already, and wait for its end."""
    # There is nothing to wait for in a process that was started with SIGCHLD ignored, which is inherited.
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _forked(control: int, owner: int, title: str) -> NoReturn:
    """The template's life, in a fork of the device process."""
    status = 1
    try:
        # Nothing that came with the fork may be finalised here: it would close numbers that are ours by then.
        gc.freeze()
        signal.set_wakeup_fd(-1)
        os.dup2(control, CONTROL)
        process.close_descriptors(CONTROL + 1)
        run(owner, title)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def run(owner: int, title: str) -> None:
    """Fork a worker for each request on the control socket, until its end. ``owner`` is the device process."""
    process.die_with(owner)
    process.name_process("esp-template", f"{title}: esp template")
    # An interrupt of the keyboard goes to all processes of a terminal; it is for the device.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=CONTROL)
    first = True
    while True:
        data, descriptors, _, _ = socket.recv_fds(control, _REQUEST.size, _DESCRIPTORS, socket.MSG_CMSG_CLOEXEC)
        if not data:
            return
        if first:
            # Imported once for all workers, and taken out of the garbage collector's sight, so that pages stay shared.
            from nodes.shell.esp import worker

            worker.warm_up()
            gc.collect()
            gc.freeze()
            first = False
        number, size = _REQUEST.unpack(data)
        _fork_worker(number, size, descriptors, control, owner, title)


def _fork_worker(
    number: int, size: int, descriptors: Sequence[int], control: socket.socket, owner: int, title: str
) -> None:
    """Fork a process that forks the worker and ends; the worker waits until its adoption is certain."""
    adopted, adopt = os.pipe()
    between = os.fork()
    if between == 0:
        status = 1
        try:
            if os.fork() == 0:
                control.close()
                os.close(adopt)
                _work(number, size, descriptors, adopted, owner, title)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(adopted)
    for descriptor in descriptors:
        os.close(descriptor)
    # A process hands its children on before its end can be waited for.
    os.waitpid(between, 0)
    os.close(adopt)


def _work(number: int, size: int, descriptors: Sequence[int], adopted: int, owner: int, title: str) -> None:
    from nodes.shell.esp import worker

    memory, doorbell, finished, lifeline = descriptors
    os.read(adopted, 1)
    os.close(adopted)
    process.die_with(owner)
    process.name_process(f"esp-worker-{number}", f"{title}: esp worker {number}")
    with socket.socket(fileno=lifeline) as life:
        with contextlib.suppress(BrokenPipeError):  # the owner wants no worker any more; serve() will see that
            life.send(worker.GREETING.pack(os.getpid()))
        ring = mmap.mmap(memory, size)
        os.close(memory)
        worker.serve(ring, doorbell, finished, life)


if __name__ == "__main__":
    run(int(sys.argv[1]), sys.argv[2])
