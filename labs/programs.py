"""The supervisord of one lab as a configuration file: the broker and every device are programs of their own.

supervisord runs in the lab's state folder and the file names everything relative to it: the file's format cuts values
at `` #`` and `` ;`` and gives ``%`` a meaning, and a home folder may have any of them in its path.
"""

from __future__ import annotations

import os
import resource
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from labs.state import STATE_VARIABLE, State

#: Section of our own: packages that are called in the forked child, and modules to load before the first fork.
SECTION: Final = "wirelab"
PACKAGES: Final = ("nodes", "broker")
SOCKET: Final = "supervisor.sock"
BROKER: Final = "broker"

#: Seconds between the request to stop and the kill. A device has nothing to save when it loses its power.
STOP_WAIT: Final = 3
#: Descriptors of supervisord for each process (stdin, stdout, a log file, one to spare) and for itself.
_DESCRIPTORS_EACH: Final = 4
_DESCRIPTORS_OWN: Final = 128
_LOG_OCTETS: Final = "1MB"
_LOG_BACKUPS: Final = 2


def configuration(state: State, sockets: Path, nodes: Sequence[str], preload: Sequence[str]) -> str:
    """supervisord.conf of a lab with these nodes; their descriptions lie in ``run/NAME.msgpack``."""
    socket = sockets / SOCKET
    parts = [
        f"""\
; Made by `wirelab up`, and made anew by the next one.
[unix_http_server]
file={socket.relative_to(state.path) if socket.is_relative_to(state.path) else socket}
chmod=0700

[supervisord]
identifier={state.name}
nodaemon=true
silent=true
nocleanup=true
umask=077
minfds={descriptors(len(nodes) + 1)}
minprocs=1
pidfile=run/supervisord.pid
childlogdir=logs
logfile=logs/supervisord.log
logfile_maxbytes={_LOG_OCTETS}
logfile_backups={_LOG_BACKUPS}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[{SECTION}]
packages={" ".join(PACKAGES)}
preload={" ".join(preload)}
""",
        _program(BROKER, BROKER, priority=1),
    ]
    parts += [_program(node, "nodes", priority=10) for node in nodes]
    return "\n".join(parts)


def descriptors(processes: int) -> int:
    """How many file descriptors a supervisord of so many processes is to have, within what this user may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(1024, _DESCRIPTORS_OWN + _DESCRIPTORS_EACH * processes)
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def _program(name: str, package: str, priority: int) -> str:
    python = shlex.quote(sys.executable).replace("%", "%%")
    return f"""\
[program:{name}]
command={python} -m {package} run/{name}.msgpack
priority={priority}
autorestart=true
startsecs=0
stopwaitsecs={STOP_WAIT}
killasgroup=true
redirect_stderr=true
stdout_logfile=logs/{name}.log
stdout_logfile_maxbytes={_LOG_OCTETS}
stdout_logfile_backups={_LOG_BACKUPS}
"""


def environment(state: State) -> dict[str, str]:
    """The environment of supervisord, with the mark by which its processes are found."""
    result = dict(os.environ)
    result[STATE_VARIABLE] = str(state.path)
    folder = Path(__file__).resolve().parent.parent
    if folder.name not in ("site-packages", "dist-packages"):
        # Run from a source tree: supervisord starts elsewhere and is to find the same packages.
        result["PYTHONPATH"] = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return result
