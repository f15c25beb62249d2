"""`wirelab capture` of a real lab, read by tshark: which must have nothing to complain about."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.live import ROOT, LiveLab, wait_for

pytestmark = pytest.mark.processes


class Capture:
    """A capture that runs, and has begun."""

    def __init__(self, lab: LiveLab, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "labs.command", "capture", *arguments, "-n", lab.name],
            cwd=ROOT,
            env=lab.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.said = ""
        assert self.process.stderr is not None
        while "Ctrl-C ends it" not in self.said:
            line = self.process.stderr.readline().decode()
            assert line, self.said
            self.said += line

    def end(self) -> tuple[int, bytes, str]:
        """As Ctrl-C does: status, standard output, standard error."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, self.said + err.decode()


def tshark(*words: str) -> list[list[str]]:
    """Rows of fields. Every warning but the one for root is an error."""
    run = subprocess.run(
        ["tshark", "-n", "-T", "fields", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert [line for line in run.stderr.splitlines() if "Running as user" not in line] == []
    assert run.returncode == 0
    return [line.split("\t") for line in run.stdout.splitlines()]


@pytest.fixture
def reader() -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: no independent reader of captures")


def test_the_same_ping_on_both_wires(lab: LiveLab, tmp_path: Path, reader: None) -> None:
    """In the clear on one wire and as ESP on the next, on one clock; the keys make ICMP of the ESP."""
    lab.up()
    file, keys = tmp_path / "both.pcapng", tmp_path / "lab.keys"
    capture = Capture(lab, "PC-A:Fa0", "R-A:Fa0/0", "-w", str(file), "--keys", str(keys))
    wait_for(lambda: lab.exec("PC-A", "ping 192.168.2.1 -n 4").count("TTL=126") == 4, "4 of 4", 60)
    for node in ("R-A", "SW-1"):  # so that they speak now, and not some time within a minute
        lab.exec(node, "configure terminal", "no cdp run", "cdp run")
    status, out, err = capture.end()
    assert (status, out) == (0, b"")

    rows = tshark("-r", str(file), "-e", "frame.interface_name", "-e", "_ws.col.Protocol")
    assert {row[0] for row in rows} == {"PC-A:FastEthernet0", "R-A:FastEthernet0/0"}
    on_lan = [row[1] for row in rows if row[0].startswith("PC-A")]
    on_wan = [row[1] for row in rows if row[0].startswith("R-A")]
    assert set(on_lan) == {"ARP", "CDP", "ICMP"}
    assert set(on_wan) == {"ARP", "CDP", "ISAKMP", "ESP"}
    doubted = "cdp && (_ws.expert || cdp.checksum.status != 1)"
    assert tshark("-r", str(file), "-Y", doubted, "-e", "frame.number") == []
    assert f"{len(rows)} frames of 2 wires in {file}" in err
    assert " lost: they came" not in err

    directions = tshark("-r", str(file), "-Y", "icmp", *["-e", "ip.src", "-e", "frame.packet_flags"])
    assert {(src, int(flags, 0) & 3) for src, flags in directions} == {("192.168.1.1", 2), ("192.168.2.1", 1)}
    times = [float(row[0]) for row in tshark("-r", str(file), "-e", "frame.time_epoch")]
    assert times == sorted(times)

    assert "keys of 1 ISAKMP SA and 2 ESP SAs" in err
    assert f"xargs -a {keys} tshark -r {file}" in err
    options = keys.read_text().replace("'", "").splitlines()
    decrypted = tshark(
        "-r", str(file), *[word for line in options for word in line.split(" ", 1)], "-Y", "frame.interface_id==1",
        *["-e", "_ws.col.Protocol", "-e", "isakmp.exchangetype", "-e", "isakmp.typepayload", "-e", "esp.icv_bad"],
    )  # fmt: skip
    assert [row[0] for row in decrypted].count("ICMP") == on_wan.count("ESP") >= 8
    assert all(row[2].startswith("8,1,") for row in [row for row in decrypted if row[1] == "32"][:2])

    if shutil.which("capinfos") is not None:
        told = subprocess.run(["capinfos", str(file)], capture_output=True, text=True, timeout=60, check=True).stdout
        assert told.count("Number of stat entries = 1") == 2
        assert "Description = straight cable to Sniffer1:Ethernet0" in told

    folder = lab.home / "wirelab" / lab.name / "keys"
    assert {path.name for path in folder.iterdir()} == {"R-A.keys", "R-B.keys"}
    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
    lab.wirelab("down")
    assert not folder.exists()


def test_live_into_a_pipe_and_its_ends(lab: LiveLab, tmp_path: Path) -> None:
    lab.up(stage="start")
    capture = Capture(lab, "PC-A")
    assert capture.process.stdout is not None
    head = capture.process.stdout.read(12)
    assert head[:4] == b"\x0a\x0d\x0d\x0a", "the head comes before any frame"
    lab.exec("PC-A", "ping 192.168.1.254 -n 1")
    seen = bytearray()
    while b"abcdefghijklmnopqrstuvw" not in seen:  # the capture goes on, and the frame is there
        seen += capture.process.stdout.read1(65536)  # type: ignore[attr-defined]
    assert capture.process.poll() is None

    # The reader goes, on a silent wire too: so does the capture.
    capture.process.stdout.close()
    assert capture.process.wait(30) == 0
    assert capture.process.stderr is not None
    capture.process.stderr.close()

    lab.exec("SW-1", "configure terminal", "no cdp run")  # so that the ping's are the only frames
    limited = Capture(lab, "PC-A", "--limit", "2", "-w", "-")
    lab.exec("PC-A", "ping 192.168.1.254 -n 4")
    out, err = limited.process.communicate(timeout=30)
    assert (limited.process.returncode, out.count(b"abcdefghijklmnopqrstuvw")) == (0, 2)
    assert b"2 frames of 1 wire, " in err

    timed = lab.wirelab("capture", "--duration", "0.2", "-w", str(tmp_path / "all.pcapng"))
    assert "capturing 7 wires" in timed.stderr
    assert lab.wirelab("capture", "--list").stdout.splitlines()[1].split() == [
        "PC-A:FastEthernet0--SW-1:FastEthernet0/2",
        "straight",
        "yes",
    ]

    lab.wirelab("stop", "Sniffer2")
    dead = lab.wirelab("capture", "SW-1:Fa0/24", "--duration", "0", "-w", str(tmp_path / "dead.pcapng"))
    assert "no carrier (peer-absent)" in dead.stderr
    for words, message in (
        (["R-A:Fa0/7"], "R-A has no port 'Fa0/7'"),
        (["SW-1:Fa0/7"], "no cable is plugged into SW-1:FastEthernet0/7"),
        (["R-A", "-w", str(tmp_path)], "cannot be written: Is a directory"),
        (["R-A", "-w", "/dev/full"], "No space left on device"),
    ):
        refused = lab.wirelab("capture", *words, check=False)
        assert (refused.returncode, message in refused.stderr) == (1, True), refused.stderr


def test_an_exam_keeps_its_keys(lab: LiveLab, tmp_path: Path) -> None:
    file = tmp_path / "exam.lab.yml"
    file.write_text("name: exam\nkeys: false\ntopology: {nodes: {R1: {kind: router}}}\n")
    lab.wirelab("up", str(file), "--base-port", "0")
    refused = lab.wirelab("capture", "--keys", str(tmp_path / "keys"), check=False)
    assert refused.returncode == 1
    assert "keeps its keys to itself" in refused.stderr
    assert not (tmp_path / "keys").exists()
