"""The targets under atheris: ``python tests/fuzz/engine.py TARGET [options of libFuzzer]``; see ``make fuzz``."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["nodes.cli", "nodes.commands", "nodes.wire.telnet"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    if sys.argv[1:] == ["--list"]:
        print(*TARGETS)
        return
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: engine.py {{{'|'.join(TARGETS)}}} [options of libFuzzer]")
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
