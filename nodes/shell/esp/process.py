"""What Linux lets a process say about itself: its name, with whom it dies, whose orphans it adopts."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from pathlib import Path
from typing import Final

# <linux/prctl.h>
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_NAME: Final = 15
_PR_SET_CHILD_SUBREAPER: Final = 36

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """From now on a descendant of this process whose parent ends becomes a child of this process."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """The kernel kills this process when its parent, process ``parent``, ends, however it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel knew
        os._exit(1)


def close_descriptors(first: int) -> None:
    """Close every descriptor from ``first`` on."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.closerange(first, soft if soft != resource.RLIM_INFINITY else 1 << 20)


def name_process(name: str, title: str) -> None:
    """What ``ps`` shows: ``name`` as the command's name (15 octets of it), ``title`` as its arguments."""
    _LIBC.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    with contextlib.suppress(OSError, ValueError, IndexError):
        # proc(5): fields 48 and 49 are where the arguments lie in the memory of the process. The second field is the
        # name in brackets and may hold blanks. Octets, because decoding imports a codec, which makes pages private.
        fields = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        start, end = int(fields[48 - 3]), int(fields[49 - 3])
        if 0 < start < end:
            ctypes.memmove(start, title.encode()[: end - start - 1].ljust(end - start, b"\0"), end - start)
