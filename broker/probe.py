"""Asks a process whether it is well (:mod:`broker.health`): prints what it says; exit status 0 when that is "ok".

::

    python -I -S probe.py SOCKET

An engine asks every container every few seconds, and most of the cost is Python's own start. So this needs no package,
not even the rest of the standard library: ``socket`` alone would take as long as everything else here.
"""

from __future__ import annotations

import sys
from _socket import AF_UNIX, socket

#: Seconds for an answer.
PATIENCE = 4.0
_LONGEST = 200


def ask(path: str, patience: float = PATIENCE) -> str:
    """The line of the process that listens at ``path``, or why there is none."""
    asking = socket(AF_UNIX)
    asking.settimeout(patience)
    try:
        asking.connect(path)
        return asking.recv(_LONGEST).decode("utf-8", "replace") or "no answer"
    except TimeoutError:
        return f"no answer within {patience:.0f} s"
    except OSError as error:
        return f"{path}: {error.strerror or error}"
    finally:
        asking.close()


if __name__ == "__main__":
    said = ask(sys.argv[1])
    sys.stdout.write(f"{said}\n")
    sys.exit(said != "ok")
