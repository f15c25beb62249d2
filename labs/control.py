"""Talks to the supervisord of a lab that runs (XML-RPC over its socket) and asks its broker how the devices are."""

from __future__ import annotations

import http.client
import socket
import time
import xmlrpc.client
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from labs.errors import LabError
from labs.programs import BROKER, SOCKET
from labs.state import Record, State

if TYPE_CHECKING:
    from broker.client import Operator

#: Seconds between two looks at a lab that is starting.
_LOOK: Final = 0.02
#: Lines of a log that say why something failed.
_TAIL: Final = 12


class ControlError(LabError):
    """supervisord does not answer, or refuses."""


@dataclass(frozen=True)
class Program:
    """A program of supervisord: ``state`` in its words (RUNNING, STOPPED, EXITED…), ``since`` a time of the epoch."""

    name: str
    state: str
    pid: int
    since: int
    status: int


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.settimeout(self.timeout)
            sock.connect(str(self._path))
        except OSError:
            sock.close()
            raise
        self.sock = sock


class _Transport(xmlrpc.client.Transport):
    # supervisor has one too, and it imports half of supervisor for it: 80 ms of every command.
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__()
        self._path = path
        self._timeout = timeout

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        # The base class closes what it finds here.
        connection = _Connection(self._path, self._timeout)
        self._connection = (host, connection)
        return connection


class Daemon:
    """The supervisord of one lab. Every method raises ControlError when it does not answer."""

    def __init__(self, sockets: Path, timeout: float = 15.0) -> None:
        self._path = sockets / SOCKET
        self._timeout = timeout

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = _Transport(self._path, self._timeout)
        try:
            with xmlrpc.client.ServerProxy("http://localhost/RPC2", transport) as proxy:
                return getattr(proxy, f"supervisor.{method}")(*arguments)
        except xmlrpc.client.Fault as fault:
            raise ControlError(f"the supervisor refuses: {fault.faultString}") from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
            raise ControlError(f"the lab's supervisor does not answer: {error}") from None

    def programs(self) -> dict[str, Program]:
        """Every program by name."""
        return {
            info["name"]: Program(info["name"], info["statename"], info["pid"], info["start"], info["exitstatus"])
            for info in self._call("getAllProcessInfo")
        }

    def start(self, name: str) -> bool:
        """Starts a program; False when it runs already."""
        return self._unless("ALREADY_STARTED", "startProcess", name)

    def stop(self, name: str) -> bool:
        """Stops a program and waits for its end; False when it does not run."""
        return self._unless("NOT_RUNNING", "stopProcess", name)

    def _unless(self, fault: str, method: str, name: str) -> bool:
        try:
            self._call(method, name)
        except ControlError as error:
            if fault in str(error):
                return False
            raise
        return True

    def shutdown(self) -> None:
        """Stops every program and then supervisord itself; returns before that is done."""
        self._call("shutdown")


def ask_status(operator: Operator, timeout: float) -> dict[str, Any] | None:
    """The broker's view of the lab (its verb ``status``); None when it gives none."""
    from broker.protocol import Status

    response = operator.request(None, "status", timeout=timeout)
    return response.body if response.status is Status.OK and isinstance(response.body, dict) else None


class Watch:
    """Waits for the nodes of a lab to come up, and sees it when one of them does not.

    ``gone`` says why supervisord itself has ended, or None while it runs; ``report`` is told how many nodes are ready.
    """

    def __init__(
        self,
        state: State,
        record: Record,
        names: Iterable[str],
        *,
        gone: Callable[[], str | None] = lambda: None,
        report: Callable[[int, int], None] = lambda ready, all_: None,
    ) -> None:
        self._state = state
        self._record = record
        self._names = tuple(names)
        self._gone = gone
        self._report = report
        self._pids: dict[str, int] = {}
        self._daemon = Daemon(Path(record.sockets), timeout=5.0)
        self._operator: Operator | None = None

    def wait(self, timeout: float) -> None:
        """Returns when every node is ready and its console answers. Raises ControlError with the cause, or in time."""
        try:
            self._wait(timeout)
        finally:
            self._hang_up()

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        waiting = set(self._names)
        next_check = 0.0
        while waiting:
            now = time.monotonic()
            if now > deadline:
                raise ControlError(self._late(waiting, timeout))
            if now >= next_check:
                self._check_programs()
                next_check = now + 0.2
            waiting = self._not_ready(waiting)
            self._report(len(self._names) - len(waiting), len(self._names))
            if waiting:
                time.sleep(_LOOK)
        for name in self._names:
            self._connect(name, deadline)

    def _check_programs(self) -> None:
        why = self._gone()
        if why is not None:
            raise ControlError(why)
        if not (Path(self._record.sockets) / SOCKET).exists():
            return  # supervisord is about to make it
        try:
            programs = self._daemon.programs()
        except ControlError:
            return  # the same; or it has ended, which the next look at `gone` sees
        for name in (BROKER, *self._names):
            program = programs.get(name)
            if program is None:
                continue
            first = self._pids.setdefault(name, program.pid) or program.pid
            self._pids[name] = first
            if program.state in ("EXITED", "BACKOFF", "FATAL", "UNKNOWN") or (first and program.pid != first):
                words = f"{name} ended while it was starting"
                raise ControlError(f"{words}; the last lines of its log:\n{log_tail(self._state, name)}")

    def _not_ready(self, waiting: set[str]) -> set[str]:
        if not Path(self._record.endpoint.removeprefix("ipc://")).exists():
            return waiting
        from broker.client import BrokerGone, Operator

        status = None
        try:
            if self._operator is None:
                self._operator = Operator(self._record.endpoint, self._record.name, timeout=1.0)
            status = ask_status(self._operator, 1.0)
        except BrokerGone:
            self._hang_up()
        nodes = status.get("nodes", {}) if status is not None else {}
        return {name for name in waiting if not nodes.get(name, {}).get("ready")}

    def _hang_up(self) -> None:
        if self._operator is not None:
            self._operator.__exit__(None, None, None)
            self._operator = None

    def _connect(self, name: str, deadline: float) -> None:
        node = self._record.node(name)
        if node is None:
            return
        while True:
            try:
                socket.create_connection(node.console, timeout=2.0).close()
            except OSError as error:
                if time.monotonic() > deadline:
                    raise ControlError(
                        f"the console of {name} at {address(node.console)} does not answer: {error.strerror or error}; "
                        f"the last lines of its log:\n{log_tail(self._state, name)}"
                    ) from None
                time.sleep(_LOOK)
            else:
                return

    def _late(self, waiting: set[str], timeout: float) -> str:
        first = next(name for name in self._names if name in waiting)
        names = ", ".join(name for name in self._names if name in waiting)
        return (
            f"not ready after {timeout:.0f} s: {names}; the last lines of the log of {first}:\n"
            f"{log_tail(self._state, first)}"
        )


def log_tail(state: State, name: str, lines: int = _TAIL) -> str:
    """The last lines of a program's log, indented."""
    try:
        text = (state.logs / f"{name}.log").read_bytes()[-16384:].decode("utf-8", "replace")
    except OSError:
        text = ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (its log is empty)"


def address(console: tuple[str, int]) -> str:
    """``host port`` as telnet takes them."""
    return f"{console[0]} {console[1]}"
