"""The fuzzer's targets: a little of each in every run, and as long as one likes with ``-m fuzz``.

``WIRELAB_FUZZ_SECONDS`` is how long each target runs then. ``make fuzz`` does the same with atheris, which sees which
octets lead to code that was not reached before.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nodes.kinds import KINDS
from tests.fuzz.lines import KEYS, LineMaker
from tests.fuzz.source import Source
from tests.fuzz.targets import TARGETS, console

#: Examples of each target in an ordinary run: they are small, and the clock is virtual.
EXAMPLES = {"telnet": 100, "editor": 60, "pager": 100}
FEW = 15


def test_every_kind_of_device_is_fuzzed() -> None:
    assert {f"session-{kind}" for kind in KINDS} <= set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_a_little(name: str) -> None:
    @settings(
        max_examples=EXAMPLES.get(name, FEW),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.binary(min_size=20, max_size=250))
    def run(data: bytes) -> None:
        TARGETS[name](data)

    run()


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@pytest.mark.parametrize("name", TARGETS)
def test_long(name: str) -> None:
    """Random octets, without an engine: what it finds, it prints as hexadecimal digits."""
    seed = random.SystemRandom().randrange(1 << 32)
    generator = random.Random(seed)
    end = time.monotonic() + float(os.environ.get("WIRELAB_FUZZ_SECONDS", "60"))
    while time.monotonic() < end:
        data = generator.randbytes(generator.choice((20, 60, 200, 600, 2000)))
        try:
            TARGETS[name](data)
        except Exception:
            print(f"{name}: {data.hex()}")
            raise


@pytest.mark.parametrize("kind", ["router", "switch"])
def test_the_lines_are_mostly_commands(kind: str) -> None:
    """A fuzzer whose lines are all refused would find nothing."""
    maker = LineMaker(console(kind).bench().console.commands)
    generator = random.Random(1)
    console_of = console(kind).bench().console
    taken = 0
    for _ in range(300):
        line = maker.line("config", Source(generator.randbytes(60)))
        session = console_of.session(console_of.line("con 0"))
        session.privilege = 15
        session.enter("config")
        said = b""
        session.output()
        session.receive(line.encode("ascii", "ignore") + b"\r", 100.0)
        said = session.output()
        taken += b"% " not in said
        session.hangup()
    assert taken > 100
    assert all(KEYS.values())
