"""Network namespaces for tests: hosts of their own, each with a loopback, removed with everything that runs in them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest

_NUMBERS = count()


def why_not() -> str | None:
    """What keeps namespaces from being made here; None when nothing does."""
    if os.geteuid():
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "ip (iproute2) is not installed"
    probe = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return None if probe.returncode == 0 else "this kernel makes no network namespaces here"


class Namespace:
    """A network namespace."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.prefix = ("ip", "netns", "exec", name)

    def ip(self, *words: str) -> str:
        """``ip`` inside of the namespace."""
        return _run("ip", "-n", self.name, *words)

    def run(self, *words: str, check: bool = True, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        done = subprocess.run([*self.prefix, *words], capture_output=True, text=True, timeout=timeout, check=False)
        if check:
            assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def python(self, program: str, *arguments: str, timeout: float = 60) -> str:
        """What a Python program prints, run inside of the namespace."""
        return self.run(sys.executable, "-c", program, *arguments, timeout=timeout).stdout

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen([*self.prefix, *words], text=True, **options)

    def pids(self) -> list[int]:
        return [int(word) for word in _run("ip", "netns", "pids", self.name).split()]


@contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace of a name that nobody else has; at the end what runs in it is killed, and it is removed."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    name = f"wl{os.getpid()}x{next(_NUMBERS)}"
    _run("ip", "netns", "add", name)
    made = Namespace(name)
    try:
        made.ip("link", "set", "lo", "up")
        yield made
    finally:
        for pid in made.pids():
            os.kill(pid, signal.SIGKILL)
        _run("ip", "netns", "del", name)


def cable(one: Namespace, name: str, other: Namespace, far: str) -> None:
    """A veth pair, one end in each namespace, both up."""
    one.ip("link", "add", name, "type", "veth", "peer", "name", far, "netns", other.name)
    one.ip("link", "set", name, "up")
    other.ip("link", "set", far, "up")


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stderr}"
    return done.stdout
