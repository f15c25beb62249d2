"""Key logs: round trip, what is refused, and tshark decrypting other people's captures with our options."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.addr import parse_ipv4
from nodes.crypto.suites import CIPHERS, INTEGRITIES
from nodes.decode import keylog
from nodes.decode.keylog import EspKey, IsakmpKey, KeyLogError, options, parse_line

VECTORS = Path(__file__).parent.parent / "vectors" / "ikev1"
#: name -> (names of the ciphers of phases 1 and 2, ICMP packets inside ESP)
DECRYPTABLE = {"lab": ("aes-256", "aes-128"), "pfs": ("aes-256", "aes-128"), "aes128": ("aes-128", "aes-256")}

octets = st.binary(min_size=1, max_size=32)
address = st.integers(0, 2**32 - 1)
keys = st.one_of(
    st.builds(IsakmpKey, st.binary(min_size=8, max_size=8), octets, st.sampled_from(sorted(keylog.CIPHERS))),
    st.builds(
        EspKey,
        address,
        address,
        address,
        st.sampled_from(sorted(keylog.CIPHERS)),
        st.binary(max_size=32),
        st.sampled_from(sorted(keylog.INTEGRITIES)),
        st.binary(max_size=32),
    ),
)


@given(keys)
def test_round_trip(key: keylog.Key) -> None:
    assert parse_line(key.line()) == key
    assert "'" not in key.option(), "it must stand between quotes"


@given(st.text(max_size=100))
def test_whatever_the_text(text: str) -> None:
    try:
        key = parse_line(text)
    except KeyLogError:
        return
    assert key.option()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("", "ISAKMP with 3 words or ESP with 7 words"),
        ("ISAKMP 0011223344556677 00", "ISAKMP with 3 words"),
        ("ISAKMP 00112233445566 00 des", "cookie of 8 octets"),
        ("ISAKMP 0011223344556677 0g des", "hex"),
        ("ISAKMP 0011223344556677 00 rot13", "one of null, des, 3des"),
        ("ESP 1.2.3.4 5.6.7 0x1 null - sha1 00", "5.6.7"),
        ("ESP 1.2.3.4 5.6.7.8 1 null - sha1 00", "an SPI"),
        ("ESP 1.2.3.4 5.6.7.8 0x1 null - crc 00", "one of none, md5"),
    ],
)
def test_refused(line: str, text: str) -> None:
    with pytest.raises(KeyLogError, match=text):
        parse_line(line)


def test_every_suite_has_a_name_there() -> None:
    assert set(keylog.CIPHERS) == set(CIPHERS)
    assert set(keylog.INTEGRITIES) == set(INTEGRITIES)


def test_options() -> None:
    isakmp = IsakmpKey(bytes(8), b"\x01\x02", "des")
    esp = EspKey(parse_ipv4("10.0.0.1"), parse_ipv4("10.0.0.2"), 0xABC, "null", b"", "sha1", b"\x03")
    assert esp.line() == "ESP 10.0.0.1 10.0.0.2 0x00000abc null - sha1 03"
    assert options([isakmp, esp, isakmp]) == [
        "esp.enable_encryption_decode:TRUE",
        "esp.enable_authentication_check:TRUE",
        "uat:ikev1_decryption_table:0000000000000000,0102",
        'uat:esp_sa:"IPv4","10.0.0.1","10.0.0.2","0x00000abc","NULL","","HMAC-SHA-1-96 [RFC2404]","0x03"',
    ]


def logged(vectors: dict[str, Any], ike: str, esp: str) -> list[str]:
    """The key log that a router would have written for these captures."""
    lines = [f"ISAKMP {sa['icookie']} {sa['Ka']} {ike}" for sa in vectors["vectors"]["ike"]]
    lines += [
        f"ESP {sa['src']} {sa['dst']} 0x{sa['spi']} {esp} {sa['enc_key']} {sa['auth']} {sa['auth_key']}"
        for sa in vectors["esp"]
    ]
    return lines


@pytest.mark.parametrize("name", DECRYPTABLE)
def test_tshark_decrypts_with_our_options(name: str) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: nobody else to use the keys")
    lines = logged(json.loads((VECTORS / f"{name}.json").read_text()), *DECRYPTABLE[name])
    assert len(lines) >= 3
    command = ["tshark", "-n", "-r", str(VECTORS / f"{name}.pcap"), "-T", "fields", "-E", "occurrence=a"]
    for option in options(map(parse_line, lines)):
        command += ["-o", option]
    for field in ("_ws.col.Protocol", "isakmp.exchangetype", "isakmp.typepayload", "esp.icv_good", "icmp.type"):
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert [line for line in run.stderr.splitlines() if "Running as user" not in line] == []
    rows = [line.split("\t") for line in run.stdout.splitlines()]
    pings = [row[4] for row in rows if row[0] == "ICMP"]
    assert pings.count("8") == pings.count("0") >= 3
    assert not any(row[0] == "ESP" for row in rows), "every ESP packet is decrypted"
    # Hash, SA and nonce of quick mode are behind the encryption.
    assert all(row[2].startswith("8,1,") for row in [row for row in rows if row[1] == "32"][:2])
