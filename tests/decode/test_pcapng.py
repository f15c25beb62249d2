"""pcapng files: block by block here, and as a whole by tshark, which also judges the frames and their dissection."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.decode import pcapng
from nodes.decode.dissect import summary
from nodes.decode.pcapng import Direction

Frames = dict[str, bytes]
START = 1_700_000_000_123_456_789
#: What stderr may hold: tshark warns root whatever the file.
_ROOT = "Running as user"


def blocks(data: bytes) -> list[tuple[int, bytes]]:
    """(type, body) of each block of a file; the form of every block is checked on the way."""
    found = []
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0
        assert length >= 12
        assert struct.unpack_from("<I", data, at + length - 4) == (length,)
        found.append((kind, data[at + 8 : at + length - 4]))
        at += length
    assert at == len(data)
    return found


def options(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    at = 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            assert (length, at + 4) == (0, len(data))
            break
        found.append((code, data[at + 4 : at + 4 + length]))
        at += 4 + length + -length % 4
    return found


def test_section_header() -> None:
    [(kind, body)] = blocks(pcapng.section_header("app"))
    assert kind == 0x0A0D0D0A
    assert body[:16].hex() == "4d3c2b1a01000000ffffffffffffffff"
    assert options(body[16:]) == [(4, b"app")]


def test_interface() -> None:
    [(kind, body)] = blocks(pcapng.interface_description("Eth0", "to R-A"))
    assert (kind, body[:8].hex()) == (1, "0100000000000000")
    assert options(body[8:]) == [(2, b"Eth0"), (3, b"to R-A"), (9, b"\x09")]


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=100),
    st.sampled_from(Direction),
    st.lists(st.text(max_size=20), max_size=3),
)
def test_packet(interface: int, time: int, frame: bytes, direction: Direction, comments: list[str]) -> None:
    [(kind, body)] = blocks(pcapng.enhanced_packet(interface, time, frame, direction, comments, 5000))
    number, high, low, captured, original = struct.unpack_from("<5I", body)
    assert (kind, number, high << 32 | low, captured, original) == (6, interface, time, len(frame), 5000)
    assert body[20 : 20 + captured] == frame
    rest = options(body[20 + captured + -captured % 4 :])
    assert [value.decode() for code, value in rest if code == 1] == comments
    assert [value for code, value in rest if code == 2] == (
        [direction.to_bytes(4, "little")] if direction is not Direction.UNKNOWN else []
    )


def test_long_comment_is_cut_between_characters() -> None:
    [(_, body)] = blocks(pcapng.enhanced_packet(0, 0, b"", comments=["é" * 40000]))
    [(_, comment)] = options(body[20:])
    assert len(comment) == 65534
    assert comment.decode() == "é" * 32767


def test_statistics() -> None:
    [(kind, body)] = blocks(pcapng.interface_statistics(1, 5 << 32 | 6, 2**40, 3))
    assert (kind, struct.unpack_from("<III", body)) == (5, (1, 5, 6))
    assert options(body[12:]) == [(4, struct.pack("<Q", 2**40)), (5, struct.pack("<Q", 3))]


@pytest.fixture(scope="module")
def capture(frames: Frames, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pcapng") / "lab.pcapng"
    parts = [
        pcapng.section_header(),
        pcapng.interface_description("Sniffer1:Eth0", "to R-A"),
        pcapng.interface_description("Sniffer1:Eth1"),
    ]
    for number, frame in enumerate(frames.values()):
        direction = Direction.INBOUND if number % 2 else Direction.OUTBOUND
        comments = ["first", "dropped: no route"] if number == 0 else []
        parts.append(pcapng.enhanced_packet(number % 2, START + number, frame, direction, comments))
    parts += [pcapng.interface_statistics(0, START + 99, 30, 4), pcapng.interface_statistics(1, START + 99, 7, 0)]
    path.write_bytes(b"".join(parts))
    return path


@pytest.fixture(scope="module")
def packets(capture: Path) -> list[dict[str, Any]]:
    """Every packet's layers as tshark sees them; it must have nothing to complain about."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: no independent reader of capture files")
    wanted = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE"]
    run = subprocess.run(
        ["tshark", "-n", "-r", str(capture), "-T", "json", "-o", "ip.defragment:FALSE", *wanted],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert [line for line in run.stderr.splitlines() if not line.startswith(_ROOT)] == []
    assert run.returncode == 0
    return [packet["_source"]["layers"] for packet in json.loads(run.stdout)]


def test_tshark_reads_the_file(packets: list[dict[str, Any]], frames: Frames) -> None:
    assert len(packets) == len(frames)
    for number, (layers, frame) in enumerate(zip(packets, frames.values(), strict=True)):
        info = layers["frame"]
        assert info["frame.time_epoch"] == f"1700000000.{123_456_789 + number}"
        assert info["frame.interface_id_tree"]["frame.interface_name"] == f"Sniffer1:Eth{number % 2}"
        assert int(info["frame.packet_flags"], 0) == (1 if number % 2 else 2)
        assert info["frame.len"] == str(len(frame))
    assert "dropped: no route" in json.dumps(packets[0])


def test_tshark_reads_the_statistics(packets: list[dict[str, Any]], capture: Path) -> None:
    if shutil.which("capinfos") is None:
        pytest.skip("capinfos is not installed: nobody else to read interface statistics")
    run = subprocess.run(["capinfos", str(capture)], capture_output=True, text=True, timeout=60, check=True)
    assert "Name = Sniffer1:Eth0" in run.stdout
    assert "Description = to R-A" in run.stdout
    assert "Time resolution = 0x09" in run.stdout
    assert "Number of stat entries = 1" in run.stdout


def test_tshark_and_the_dissection_agree(packets: list[dict[str, Any]], frames: Frames) -> None:
    names = {"arp": "ARP", "icmp": "ICMP", "udp": "UDP", "tcp": "TCP", "isakmp": "ISAKMP", "esp": "ESP"}
    names["cdp"] = "CDP"
    for layers, (name, frame) in zip(packets, frames.items(), strict=True):
        protocols = layers["frame"]["frame.protocols"].split(":")
        line = summary(frame)
        if "ip" in protocols:
            assert (line.source, line.destination) == (layers["ip"]["ip.src"], layers["ip"]["ip.dst"]), name
            assert layers["ip"]["ip.checksum.status"] == "1", name
        if line.protocol in names.values() and name not in ("fragment-1", "fragment-2"):
            outer = protocols[: protocols.index("icmp") + 1] if "icmp" in protocols else protocols
            assert names[[key for key in outer if key in names][-1]] == line.protocol, name
        for layer in ("udp", "tcp", "icmp", "cdp"):
            status = layers.get(layer, {}).get(f"{layer}.checksum.status")
            if status is not None and not name.startswith("fragment"):
                assert (status == "0") == ("[wrong checksum]" in line.info), name
        assert "_ws.malformed" not in protocols, name


def test_tshark_reads_cdp_without_a_word_of_warning(packets: list[dict[str, Any]], frames: Frames) -> None:
    """The checksum of an odd length and of a last octet above 127 among them."""
    found = {name: layers["cdp"] for layers, name in zip(packets, frames, strict=True) if "cdp" in layers}
    assert set(found) == {"cdp", "cdp-router", "cdp-v1", "cdp-goodbye"}
    assert len(frames["cdp-router"]) % 2
    assert frames["cdp-router"][-1] > 127
    for name, cdp in found.items():
        assert cdp["cdp.checksum.status"] == "1", name
        assert "_ws.expert" not in json.dumps(cdp), name
    assert found["cdp-goodbye"]["cdp.ttl"] == "0"
    switch = json.dumps(found["cdp"])
    for text in ("SW-1", "FastEthernet0/1", "cisco WS-C2950-24", "192.168.1.254"):
        assert text in switch
