"""supervisord as a fork server: ``python -m labs.supervisor -c supervisord.conf``.

It is supervisor's own daemon, with its restarts, logs and XML-RPC, but for one thing: a program ``PYTHON -m PACKAGE
FILE`` of a package that the configuration names is not executed. The forked child calls
``PACKAGE.__main__.main([FILE])`` in the interpreter that supervisord has loaded already, which saves each device the
start of Python, its imports and the memory of both. To supervisorctl it is an ordinary program.

The configuration has a section of ours::

    [wirelab]
    packages=nodes broker        ; packages that are called instead of executed
    preload=asyncio zmq …        ; modules to import before the first fork

Nothing may make a ZeroMQ context here: its threads would not survive the fork.
"""

from __future__ import annotations

import configparser
import contextlib
import gc
import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from supervisor import poller
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import EventListenerPoolConfig, ServerOptions
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from labs import forked
from labs.programs import SECTION

#: Events that wait for a slow listener, if the configuration has one; supervisor's 10 are gone when a large lab starts.
EVENT_BUFFER: Final = 2048
#: A program that lived so long (seconds) is restarted at once; one that dies sooner waits for the loop's next second.
SETTLED: Final = 3.0
#: Seconds that the loop sleeps at most while something is about to change.
HURRY: Final = 0.02


class ForkServerOptions(ServerOptions):  # type: ignore[misc]
    """supervisor's access to the operating system, with a fork that can do without exec."""

    def __init__(self) -> None:
        super().__init__()
        self.poller = Poller(self)
        self.packages: frozenset[str] = frozenset()
        self.preload: tuple[str, ...] = ()
        self._parent = 0
        self._mask: set[int] = set()

    def read_config(self, fp: Any) -> Any:
        section = super().read_config(fp)
        parser = configparser.RawConfigParser(inline_comment_prefixes=(";",), strict=False)
        parser.read(fp)
        self.packages = frozenset(parser.get(SECTION, "packages", fallback="").split())
        self.preload = tuple(parser.get(SECTION, "preload", fallback="").split())
        for group in section.process_group_configs:
            if isinstance(group, EventListenerPoolConfig):
                group.buffer_size = max(group.buffer_size, EVENT_BUFFER)
        return section

    def cleanup_fds(self) -> None:
        """Keeps them all: on a reload supervisor would close the lock that says we live, too."""

    def fork(self) -> int:
        self._parent = os.getpid()
        # A signal between the fork and the reset of the handlers would run supervisor's handler in the child, and a
        # stop request would be lost. It waits until execve() below opens the mask again.
        self._mask = set(signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()))
        pid = None
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        if pid == 0:
            # Subprocess._prepare_child_fds closes 3..minfds one by one; execve() closes them in one call.
            self.minfds = 3
        return pid

    def execve(self, filename: str, argv: list[str], env: dict[str, str]) -> None:
        """In the child: becomes the program. Does not return, unless a real exec fails (OSError)."""
        forked.close_descriptors()
        forked.reset_signals(self._mask)
        forked.die_with(self._parent)
        if filename == sys.executable and len(argv) >= 3 and argv[1] == "-m" and argv[2] in self.packages:
            name = env["SUPERVISOR_PROCESS_NAME"]
            forked.run(argv[2], argv[3:], env, name=name, title=f"wirelab {self.identifier}: {name}")
        os.execve(filename, argv, env)


class Poller(poller.Poller):  # type: ignore[misc]
    """The poller of supervisor's loop, which sleeps a full second by default and looks at its programs in between."""

    hurry = True  # the first programs are to start at once

    def poll(self, timeout: float) -> Any:
        return super().poll(min(timeout, HURRY) if self.hurry else timeout)


class Wakeup:
    """Ends the loop's sleep when a signal arrives: a dispatcher of supervisor's socket map.

    Without it a child's death is noticed up to a second late when the end of its output was seen just before.
    """

    def __init__(self) -> None:
        self.fd, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 4096)

    def handle_error(self) -> None:
        raise


class ForkServer(Supervisor):  # type: ignore[misc]
    """supervisor's loop; it hurries when a program is about to start, and stops programs of one priority together."""

    def tick(self, now: float | None = None) -> None:
        super().tick(now)
        self.options.poller.hurry = any(
            self._soon(process) for group in self.process_groups.values() for process in group.processes.values()
        )

    def _soon(self, process: Any) -> bool:
        if process.state == ProcessStates.EXITED and process.config.autorestart:
            return bool(time.time() - process.laststart > SETTLED)
        return bool(process.state == ProcessStates.STARTING)

    def ordered_stop_groups_phase_1(self) -> None:
        # supervisor stops one group after the other: seconds for a large lab. The devices all go, then the broker.
        for group in self.stop_groups or ():
            if group.config.priority == self.stop_groups[-1].config.priority:
                group.stop_all()

    def ordered_stop_groups_phase_2(self) -> None:
        while self.stop_groups and not self.stop_groups[-1].get_unstopped_processes():
            self.stop_groups.pop()


def preload(modules: Sequence[str]) -> None:
    """Imports what the children need and takes it out of the garbage collector's sight, so that pages stay shared.

    An entry ``module:function`` is imported and called.
    """
    gc.disable()
    for entry in modules:
        name, _, function = entry.partition(":")
        module = importlib.import_module(name)
        if function:
            getattr(module, function)()
    gc.collect()
    gc.freeze()
    gc.enable()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a supervisord until it is told to stop. The arguments are supervisord's."""
    os.umask(0o077)
    wakeup = Wakeup()
    asyncore.socket_map[wakeup.fd] = wakeup
    first = True
    while True:
        options = ForkServerOptions()
        options.realize(list(sys.argv[1:] if argv is None else argv), doc=__doc__)
        options.first, options.test = first, False
        if first:
            preload(options.preload)
        with contextlib.suppress(asyncore.ExitNow):
            ForkServer(options).main()
        options.close_httpservers()
        options.close_logger()
        first = False
        if options.mood < SupervisorStates.RESTARTING:
            return 0


if __name__ == "__main__":
    sys.exit(main())
