"""What a child of the fork server does between fork and the program's main function: all that exec would have done."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import random
import resource
import signal
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15

# Loaded once, in the parent: a child only calls it.
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def close_descriptors() -> None:
    """Closes all but stdin, stdout and stderr.

    supervisor's file objects still hold the numbers. None of them is ever finalised here (which would close a number
    that is ours by then): its frames stay below ours on the stack until os._exit.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(3, soft if soft != resource.RLIM_INFINITY else 1 << 20)


def reset_signals(mask: Iterable[int]) -> None:
    """Gives every signal that supervisor handles its default back, then lets in those that arrived since the fork."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            # Python's own SIGINT handler is a callable too, and a fresh interpreter has it.
            default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, default)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def die_with(parent: int) -> None:
    """The kernel kills this process when ``parent`` ends, however it ends (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the kernel knew
            os._exit(1)


def name_process(name: str, title: str) -> None:
    """What ``ps`` shows: ``name`` as the command's name (15 octets of it), ``title`` as its arguments (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
        with contextlib.suppress(OSError, ValueError, IndexError):
            # proc(5): fields 48 and 49 are where the arguments of the process lie in its memory. The second field is
            # the name in brackets and may hold blanks.
            fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
            start, end = int(fields[48 - 3]), int(fields[49 - 3])
            if 0 < start < end:
                ctypes.memmove(start, title.encode()[: end - start - 1].ljust(end - start, b"\0"), end - start)


def run(package: str, args: Sequence[str], env: Mapping[str, str], *, name: str, title: str) -> NoReturn:
    """Calls ``package.__main__.main(args)`` as if ``python -m package args`` had been executed."""
    status = 1
    try:
        os.environ.clear()
        os.environ.update(env)
        sys.argv = [package, *args]
        sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)  # type: ignore[misc]
        for number, stream in ((1, "stdout"), (2, "stderr")):
            fresh = os.fdopen(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
            setattr(sys, stream, fresh)
            setattr(sys, f"__{stream}__", fresh)
        name_process(name, title)
        random.seed()
        gc.enable()
        status = exit_status(importlib.import_module(f"{package}.__main__").main(list(args)))
    except SystemExit as end:
        status = exit_status(end.code)
    except BaseException:
        traceback.print_exc()
    finally:
        for out in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                out.flush()
        # Not sys.exit: supervisor's frames and exit handlers are still there, and they are not this process's.
        os._exit(status)


def exit_status(code: object) -> int:
    """The status that Python gives a program which ends with ``sys.exit(code)``."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
