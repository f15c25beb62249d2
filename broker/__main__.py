"""``python -m broker FILE``: serve the wires that the description in FILE tells of. ``--health FILE``: is it well?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def main(argv: Sequence[str]) -> int:
    """The exit status. The fork server calls this in a child it has forked."""
    match argv:
        case ["--health", file]:
            from broker.health import check

            return check(Path(file))
    from broker.server import main as serve

    return serve(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
