"""A lab of real processes for tests: the wirelab command as a user runs it, and a telnet client that is a socket."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parent.parent.parent
IAC_OPTION = re.compile(rb"\xff[\xfb-\xfe].", re.DOTALL)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """Poll until ``condition`` gives something true, and return it; an AssertionError names what never came."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.02)


class Console:
    """A telnet connection on which nothing is ever negotiated: the prompt must come all the same."""

    def __init__(self, address: tuple[str, int] | Path) -> None:
        """A TCP address, or the path of a Unix socket."""
        if isinstance(address, Path):
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(10)
            self._socket.connect(str(address))
        else:
            self._socket = socket.create_connection(address, timeout=10)
        self._buffer = b""

    def close(self) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def until(self, pattern: str, seconds: float = 30.0) -> str:
        """Read until ``pattern`` matches at the end of what came; that text, without telnet commands and CR."""
        deadline = time.monotonic() + seconds
        compiled = re.compile(rf"(?:{pattern})\Z")
        while True:
            text = IAC_OPTION.sub(b"", self._buffer).decode("ascii", "replace").replace("\r", "")
            if compiled.search(text):
                self._buffer = b""
                return text
            remaining = deadline - time.monotonic()
            assert remaining > 0, f"no {pattern!r} after {seconds} s in {text[-500:]!r}"
            self._socket.settimeout(remaining)
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            assert data, f"the console closed the connection; before that: {text[-500:]!r}"
            self._buffer += data

    def closed_by_peer(self, seconds: float = 30.0) -> bool:
        self._socket.settimeout(seconds)
        try:
            while self._socket.recv(65536):
                pass
        except ConnectionError:
            pass
        return True

    def command(self, line: str, prompt: str = r"\n?[\w.-]+(\([\w-]+\))?[>#]|C:\\>", seconds: float = 60.0) -> str:
        """Type a line, wait for the next prompt; what was printed in between, without the echo."""
        self.send(line.encode() + b"\r\n")
        text = self.until(prompt, seconds)
        return text.partition("\n")[2]


class LiveLab:
    """One lab under its own state folder. Use as a context manager: it leaves nothing behind."""

    def __init__(self, home: Path, name: str) -> None:
        self.name = name
        self.home = home
        self._consoles: list[Console] = []
        self.prefix: tuple[str, ...] = ()
        self.environment = {**os.environ, "XDG_STATE_HOME": str(home), "PYTHONWARNINGS": "default"}
        self.environment.pop("WIRELAB_LAB", None)
        self.environment["DOCKER_HOST"] = "unix:///none"  # labs of compose on this machine are not ours

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for console in self._consoles:
            console.close()
        self.wirelab("down", "--wipe", check=False)

    def wirelab(self, *arguments: str, check: bool = True, lab: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command; with ``check`` its status must be 0."""
        words = [*self.prefix, sys.executable, "-m", "labs.command", *arguments]
        if lab:
            words += ["-n", self.name]
        done = subprocess.run(
            words, cwd=ROOT, env=self.environment, text=True, capture_output=True, timeout=120, check=False
        )
        if check:
            assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def up(self, *arguments: str, stage: str = "solution") -> str:
        return self.wirelab("up", "no4-ipsec", "--stage", stage, "--base-port", "0", *arguments).stdout

    def ps(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.wirelab("ps", "--json").stdout)
        return body

    def node(self, name: str) -> dict[str, Any]:
        node: dict[str, Any] = next(node for node in self.ps()["nodes"] if node["name"] == name)
        return node

    def console(self, name: str) -> Console:
        """A connection whose first prompt has been read."""
        host, port = self.node(name)["console"]
        console = Console((host, port))
        self._consoles.append(console)
        console.until(r"[\w.-]+[>#]|C:\\>")
        return console

    def exec(self, name: str, *commands: str) -> str:
        return self.wirelab("exec", name, *commands).stdout

    def show(self, name: str, command: str) -> Any:
        return json.loads(self.wirelab("show", name, command, "--json").stdout)

    def processes(self) -> dict[int, str]:
        """pid -> title of everything that runs for this lab: what has its state folder in the environment."""
        found = {}
        mark = f"WIRELAB_STATE={self.home / 'wirelab' / self.name}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if mark in (entry / "environ").read_bytes().split(b"\0"):
                        title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                        found[int(entry.name)] = title.strip()
                except OSError:
                    continue
        return found

    def pid(self, name: str) -> int:
        """The process of a node, of ``broker``, or of ``supervisord``."""
        ends = "labs.supervisor" if name == "supervisord" else f": {name}"
        return next(pid for pid, title in self.processes().items() if ends in title)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
