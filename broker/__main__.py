"""``python -m broker FILE``: serve the wires that the description in FILE tells of."""

from __future__ import annotations

import sys

from broker.server import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
