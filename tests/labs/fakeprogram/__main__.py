"""``python -m fakeprogram WHAT …``: reports on the process it finds itself in, or ends in a given way."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

IMPORTED_BY = os.getpid()


def probe() -> dict[str, object]:
    death = ctypes.c_int()
    ctypes.CDLL(None).prctl(2, ctypes.byref(death), 0, 0, 0)  # PR_GET_PDEATHSIG
    wakeup = signal.set_wakeup_fd(-1)
    return {
        "imported_by": IMPORTED_BY,
        "pid": os.getpid(),
        "parent": os.getppid(),
        "argv": sys.argv,
        "descriptors": sorted(int(path.name) for path in Path("/proc/self/fd").iterdir()),
        "handled": [int(n) for n in signal.valid_signals() if callable(signal.getsignal(n))],
        "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        "wakeup": wakeup,
        "death": death.value,
        "random": random.random(),
        "frozen": gc.get_freeze_count(),
        "collects": gc.isenabled(),
        "name": Path("/proc/self/comm").read_text("utf-8").strip(),
        "title": Path("/proc/self/cmdline").read_bytes().rstrip(b"\0").decode(),
        "process_name": os.environ.get("SUPERVISOR_PROCESS_NAME"),
        "buffered": [sys.stdout.line_buffering, sys.stderr.line_buffering],
    }


def main(argv: list[str] | None = None) -> int:
    what, *rest = sys.argv[1:] if argv is None else argv
    match what:
        case "probe":
            print(json.dumps(probe()))
        case "status":
            return int(rest[0])
        case "exit":
            sys.exit(" ".join(rest))
        case "raise":
            raise ValueError(" ".join(rest))
        case "talk":
            print("spoken, with no newline", end="")
            return 0
    time.sleep(600)
    return 0
