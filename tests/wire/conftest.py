"""Fixtures of the wire formats' tests."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def scapy() -> Iterator[Callable[..., Any]]:
    """``scapy(do, **request)`` asks the child process of scapy_oracle.py; one process serves a module."""
    if importlib.util.find_spec("scapy") is None:
        pytest.skip("scapy is not installed: no independent reader and builder of frames")
    program = Path(__file__).with_name("scapy_oracle.py")
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        stdin, stdout, stderr = child.stdin, child.stdout, child.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None

        def ask(do: str, **request: Any) -> Any:
            stdin.write(json.dumps({"do": do, **request}) + "\n")
            stdin.flush()
            line = stdout.readline()
            if not line:
                pytest.fail(f"the scapy process ended: {stderr.read()}")
            return json.loads(line)

        yield ask
        stdin.close()
