"""A broker that is known by name: the name may come late, and lead elsewhere after a restart, as with containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from broker.client import BrokerGone, Operator
from tests.broker.live import DEADLINE, CurveLab
from tests.broker.test_curve import DEVICE

pytestmark = pytest.mark.root

NAME = "broker.test"


def wait(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs a mount namespace")
def test_the_name_comes_late_and_leads_elsewhere_later(
    stopped_curve_lab: CurveLab, tmp_path: Path, small_lab: dict[str, Any]
) -> None:
    lab = stopped_curve_lab
    assert lab.keys is not None
    hosts = tmp_path / "hosts"
    hosts.write_text("")

    def present() -> bool:
        try:
            with Operator(lab.endpoint, "test", timeout=1.0, keys=lab.keys_of("operator")) as operator:
                return bool(operator.request(None, "status").body["nodes"]["a"]["present"])
        except BrokerGone:
            return False

    script = f'mount --bind {hosts} /etc/hosts && exec "$@"'
    device = [sys.executable, "-c", DEVICE, f"tcp://{NAME}:{lab.port}", str(lab.keys / "nodes/a")]
    process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script, "sh", *device])
    try:
        lab.describe(small_lab, "127.0.0.2")
        lab.start()
        assert not lab.status()["nodes"]["a"]["present"]
        hosts.write_text(f"127.0.0.2 {NAME}\n")
        wait(present, "it finds the broker when the name is known")
        lab.kill()
        lab.describe(small_lab, "127.0.0.3")
        lab.start()
        hosts.write_text(f"127.0.0.3 {NAME}\n")
        wait(present, "it follows the name to another address")
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
