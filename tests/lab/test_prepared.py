"""The reference lab as containers run it: a process each, started by nobody of ours, over TCP with keys.

What is missing here to a lab of containers is only their walls.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from broker import health
from broker.client import ClientKeys, Operator
from tests.lab.live import ROOT, Console, wait_for

pytestmark = pytest.mark.processes

NODES = ("R-A", "R-B", "SW-1", "SW-2", "PC-A", "SV-B", "Sniffer1", "Sniffer2")
BROKER = "broker"
REPLY = r"Reply from 192\.168\.2\.1: bytes=32 time\S+ TTL=126\n"


class PreparedLab:
    """Folders made by `wirelab prepare`, and the processes that were started with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.broker = f"127.0.0.1:{probe.getsockname()[1]}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._consoles: list[Console] = []
        words = ["prepare", "no4-ipsec", "-d", str(folder), "--broker", self.broker, "--listen", "127.0.0.1"]
        self._run("labs.command", *words, "--console", "console.sock")

    def _run(self, module: str, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", module, *words], cwd=ROOT, text=True, capture_output=True, timeout=60, check=False
        )
        assert not done.stderr, done.stderr
        return done

    def own(self, name: str) -> Path:
        """The folder of a process."""
        return self.folder / BROKER if name == BROKER else self.folder / "nodes" / name

    def start(self, *names: str) -> None:
        for name in names:
            words = [sys.executable, "-m", "broker" if name == BROKER else "nodes", "description.msgpack"]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            with (self.folder / f"{name}.log").open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    words, cwd=self.own(name), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )

    def signal(self, name: str, number: int) -> None:
        self._processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        self._processes[name].kill()
        self._processes[name].wait()

    def health(self, name: str) -> str:
        return health.ask(self.own(name) / "health.sock")

    def check(self, name: str) -> int:
        """As a container's engine asks, with the command line."""
        package = "broker" if name == BROKER else "nodes"
        return self._run(package, "--health", str(self.own(name) / "description.msgpack")).returncode

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text("utf-8", "replace")

    def console(self, name: str) -> Console:
        console = Console(self.own(name) / "console.sock")
        self._consoles.append(console)
        console.until(r"[\w.-]+[>#]|C:\\>")
        return console

    def show(self, name: str, command: str) -> Any:
        keys = ClientKeys.read(self.folder / "operator")
        with Operator(f"tcp://{self.broker}", "no4-ipsec", timeout=20.0, keys=keys) as operator:
            return operator.request(name, "show", {"command": command}, timeout=20.0).body

    def reason(self, name: str, port: str) -> Any:
        """Why a port of a device has carrier, or has none."""
        return self.show(name, f"show interfaces {port}")["interfaces"][0]["reason"]

    def status(self) -> dict[str, Any]:
        keys = ClientKeys.read(self.folder / "operator")
        with Operator(f"tcp://{self.broker}", "no4-ipsec", timeout=20.0, keys=keys) as operator:
            body: dict[str, Any] = operator.request(None, "status").body
            return body

    def close(self) -> None:
        for console in self._consoles:
            console.close()
        for process in self._processes.values():
            process.terminate()
            process.send_signal(signal.SIGCONT)
        for process in self._processes.values():
            assert process.wait(20) in (0, -signal.SIGTERM), process.args


@pytest.fixture
def prepared() -> Iterator[PreparedLab]:
    folder = Path(tempfile.mkdtemp(prefix="wl-", dir="/tmp"))
    try:
        lab = PreparedLab(folder)
        try:
            yield lab
        finally:
            lab.close()
    finally:
        shutil.rmtree(folder)


def flowing(host: Console) -> None:
    """Wait for a reply that comes from now on."""
    host.until(r"\n")
    host.until(REPLY)


def test_the_lab_over_tcp_with_keys(prepared: PreparedLab) -> None:
    prepared.start(*NODES[:4])  # devices wait for their broker
    wait_for(lambda: prepared.health("R-A") == "the broker does not serve it", "R-A without a broker")
    assert prepared.check("R-A") == 1
    prepared.start(BROKER, *NODES[4:])
    wait_for(lambda: all(prepared.health(name) == "ok" for name in (BROKER, *NODES)), "all are well")
    assert prepared.check("R-A") == prepared.check(BROKER) == 0
    host = prepared.console("PC-A")
    assert "TTL=126" in host.command("ping 192.168.2.1 -w 1000")
    assert "Lost = 0" in host.command("ping 192.168.2.1 -w 1000")
    assert [sa["state"] for sa in prepared.show("R-A", "show crypto isakmp sa")["sas"]] == ["QM_IDLE"]
    assert prepared.status()["drops"].keys() <= {"no-carrier-peer-absent", "no-carrier-shutdown"}
    # None of it opened a session or wrote a line for a question about health.
    assert prepared.log("R-A").count("\n") < 30

    host.send(b"ping -t -w 500 192.168.2.1\r\n")
    flowing(host)
    prepared.signal("R-B", signal.SIGSTOP)
    # 3 s are what the pings take; the rest is for a machine that is busy with other tests.
    wait_for(lambda: prepared.reason("SW-2", "fa0/1") == "peer-absent", "SW-2 loses its link to a stopped router", 8)
    prepared.signal("R-B", signal.SIGCONT)
    flowing(host)

    prepared.kill(BROKER)
    wait_for(lambda: prepared.health("SV-B") != "ok", "SV-B notices")
    prepared.start(BROKER)
    flowing(host)
    prepared.kill("R-A")
    prepared.start("R-A")
    flowing(host)
    assert all(node["ready"] for node in prepared.status()["nodes"].values())


def test_a_device_without_its_keys_says_so(prepared: PreparedLab) -> None:
    (prepared.own("PC-A") / "secret").unlink()
    prepared.start("PC-A")
    wait_for(lambda: "no keys for the broker" in prepared.log("PC-A"), "the line")
    assert "secret: No such file or directory" in prepared.log("PC-A")
