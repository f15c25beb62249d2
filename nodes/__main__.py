"""``python -m nodes FILE``: run the device that a node description describes. ``--health FILE``: is it well?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """Run one device until it is told to stop; the exit status. The fork server calls this in a child it has forked."""
    match argv:
        case ["--health", file]:  # without all that a device needs: it is asked often
            from broker.health import check

            return check(Path(file))
    from nodes.shell.main import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
