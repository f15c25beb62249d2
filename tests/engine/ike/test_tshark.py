"""tshark as an oracle: it decrypts our ISAKMP and ESP with the keys that we export."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from nodes.base.addr import format_ipv4
from nodes.esp.open import Opener
from nodes.esp.seal import Sealer
from nodes.wire import ipv4
from tests.engine.ike.world import POLICY, PROXIES_A, A, B, config_a, config_b, entry, lab

TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")

FIELDS = ("ip.src", "isakmp.exchangetype", "isakmp.id.data.ipv4_addr", "_ws.malformed", "esp.spi", "icmp.type")


def pcap(packets: list[bytes]) -> bytes:
    """IPv4 packets as a classic capture file of raw IP (link type 101)."""
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
    for number, packet in enumerate(packets):
        data += struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet
    return data


def udp(source: int, destination: int, data: bytes) -> bytes:
    return ipv4.Ipv4(source, destination, 17, struct.pack("!HHHH", 500, 500, 8 + len(data), 0) + data).build()


@pytest.mark.parametrize("pfs", [None, 2])
def test_tshark_reads_the_whole_conversation(tmp_path: Path, pfs: int | None) -> None:
    world, a, b = lab(
        7,
        config_a(policies=(POLICY,), entries=(entry(A, B, PROXIES_A, pfs_group=pfs),)),
        config_b(policies=(POLICY,), entries=(entry(B, A, PROXIES_A.mirrored, pfs_group=pfs),)),
    )
    world.ping(a, b)
    (exported,) = a.keys
    (pair,) = a.sad.pairs()
    assert pair.outbound is not None
    sa = pair.outbound
    echo = ipv4.Ipv4(a.host, b.host, 1, bytes.fromhex("0800f7ff00000000") + bytes(32)).build()
    sealed = [outer for _, outer in Sealer(sa, world.random.randbytes).seal([echo] * 3)]
    (ours,) = (item for item in b.inbound.values())
    assert [inner for _, inner in Opener(ours).open([outer[20:] for outer in sealed])] == [echo] * 3
    a.ike.clear_isakmp(world.now)
    a.settle()

    capture = tmp_path / "lab.pcap"
    packets = [udp(source, B if source == A else A, data) for _, source, data in world.wire]
    capture.write_bytes(pcap(packets + sealed))
    esp = (
        f'uat:esp_sa:"IPv4","{format_ipv4(sa.source)}","{format_ipv4(sa.destination)}","0x{sa.spi:08x}",'
        f'"AES-CBC [RFC3602]","0x{sa.cipher_key.hex()}","HMAC-SHA-1-96 [RFC2404]","0x{sa.integrity_key.hex()}",'
        '"32-bit","0"'
    )
    assert TSHARK is not None
    command = [TSHARK, "-r", str(capture), "-T", "fields", "-E", "separator=;", "-E", "occurrence=f"]
    for name in FIELDS:
        command += ["-e", name]
    command += ["-o", f"uat:ikev1_decryption_table:{exported.initiator_cookie.hex()},{exported.key.hex()}", "-o", esp]
    command += ["-o", "esp.enable_encryption_decode:TRUE", "-o", "esp.enable_authentication_check:TRUE"]
    environment = {**os.environ, "HOME": str(tmp_path), "WIRESHARK_CONFIG_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)
    rows = [line.split(";") for line in done.stdout.splitlines()]
    assert len(rows) == 6 + 3 + 1 + 3, done.stderr
    assert not any(row[3] for row in rows)
    # Messages 5 and 6: the identities, which can only be read when decryption works.
    assert [row[2] for row in rows[4:6]] == ["10.0.10.10", "10.0.10.20"]
    assert [row[1] for row in rows[:10]] == ["2"] * 6 + ["32"] * 3 + ["5"]
    assert {row[5] for row in rows[10:]} == {"8"}
