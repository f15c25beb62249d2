"""``python -m nodes FILE``: run the device that a node description (msgpack) describes."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run one device until it is told to stop; the exit status. The fork server calls this in a child it has forked."""
    from nodes.shell.main import run

    return run(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
