"""Every value of tests/vectors/ikev1 (strongSwan 6.0.1, recomputed independently) by our own functions."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nodes.crypto import ikev1
from nodes.crypto.groups import GROUPS
from nodes.crypto.suites import CIPHERS, INTEGRITIES
from nodes.wire import isakmp
from nodes.wire.doi import PayloadType

VECTORS = Path(__file__).parent.parent / "vectors" / "ikev1"
NAMES = ("lab", "pfs", "aes128", "delete")
HASHES = {"sha1": "sha1"}


def load(name: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return result


def octets(vector: dict[str, Any], *keys: str) -> list[bytes]:
    return [bytes.fromhex(vector[key] or "") for key in keys]


def phase1(name: str) -> Iterator[dict[str, Any]]:
    found = load(name)["vectors"]["ike"]
    assert found
    yield from found


def datagrams(name: str) -> Iterator[bytes]:
    """The UDP payloads of a vector's pcap (little-endian classic format, Ethernet)."""
    data = (VECTORS / f"{name}.pcap").read_bytes()
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[12:14] == b"\x08\x00" and frame[23] == 17:
            udp = 14 + (frame[14] & 15) * 4
            yield frame[udp + 8 : udp + int.from_bytes(frame[udp + 4 : udp + 6], "big")]


def cipher_of(vector: dict[str, Any]) -> str:
    return f"{vector['cipher']}-{vector['key_len'] * 8}"


@pytest.mark.parametrize("name", NAMES)
def test_phase_1(name: str) -> None:
    document = load(name)
    for vector in phase1(name):
        prf = HASHES[vector["hash"]]
        cky_i, cky_r, g_xi, g_xr, g_xy = octets(vector, "icookie", "rcookie", "g_xi", "g_xr", "g_xy")
        ni_b, nr_b, sai_b = octets(vector, "Ni_b", "Nr_b", "SAi_b")
        group = GROUPS[vector["group"]]
        assert len(g_xi) == len(g_xr) == len(g_xy) == group.bits // 8

        skeyid = ikev1.skeyid_pre_shared(prf, document["psk"].encode(), ni_b, nr_b)
        assert skeyid.hex() == vector["SKEYID"]
        keys = ikev1.skeyids(prf, skeyid, g_xy, cky_i, cky_r)
        assert [key.hex() for key in keys] == [vector["SKEYID_d"], vector["SKEYID_a"], vector["SKEYID_e"]]
        key = ikev1.cipher_key(prf, keys.e, vector["key_len"])
        assert key.hex() == vector["Ka"]
        suite = CIPHERS[cipher_of(vector)]
        iv = ikev1.phase1_iv(prf, g_xi, g_xr, suite.iv_length)
        assert iv.hex() == vector["IV0"]

        idii_b, idir_b = octets(vector, "ID_I", "ID_R")
        hash_i = ikev1.hash_i(prf, skeyid, g_xi, g_xr, cky_i, cky_r, sai_b, idii_b)
        hash_r = ikev1.hash_r(prf, skeyid, g_xi, g_xr, cky_i, cky_r, sai_b, idir_b)
        assert [hash_i.hex(), hash_r.hex()] == [vector["HASH_I"], vector["HASH_R"]]

        # Messages 5 and 6: one CBC chain through both, our encryption gives the daemon's octets and back.
        for side, digest in (("HASH_I", hash_i), ("HASH_R", hash_r)):
            plain, cipher = octets(vector, f"plain_{side}", f"cipher_{side}")
            assert suite.encryptor(key, iv).update(plain) == cipher
            assert suite.decryptor(key, iv).update(cipher) == plain
            payloads = isakmp.split(PayloadType.ID, plain)
            assert payloads[1] == (PayloadType.HASH, digest)
            assert isakmp.join(payloads) == plain[: len(isakmp.join(payloads))]
            iv = cipher[-suite.block :]


@pytest.mark.parametrize("name", NAMES)
def test_phase_2(name: str) -> None:
    document = load(name)
    owners = {vector["icookie"]: vector for vector in phase1(name)}
    quick = document["vectors"]["quick"]
    assert quick
    for vector in quick:
        owner = owners[vector["icookie"]]
        prf = HASHES[owner["hash"]]
        d, a, key = octets(owner, "SKEYID_d", "SKEYID_a", "Ka")
        suite = CIPHERS[cipher_of(owner)]
        last = bytes.fromhex(owner["cipher_HASH_R"])[-suite.block :]
        mid = int(vector["mid"], 16)
        iv = ikev1.phase2_iv(prf, last, mid, suite.iv_length)
        assert iv.hex() == vector["IV"]

        ni_b, nr_b, g_qm_xy = octets(vector, "Ni_b", "Nr_b", "g_qm_xy")
        rests = []
        for plain in map(bytes.fromhex, vector["plain"]):
            payloads = isakmp.split(PayloadType.HASH, plain)
            rests.append(isakmp.join(payloads[1:]))
        assert ikev1.hash_1(prf, a, mid, rests[0]).hex() == vector["HASH1"]
        assert ikev1.hash_2(prf, a, mid, ni_b, rests[1]).hex() == vector["HASH2"]
        assert ikev1.hash_3(prf, a, mid, ni_b, nr_b).hex() == vector["HASH3"]

        wire = [item for item in datagrams(name) if item[20:24].hex() == vector["mid"]]
        assert len(wire) == 3
        for plain, datagram in zip(map(bytes.fromhex, vector["plain"]), wire, strict=True):
            assert suite.encryptor(key, iv).update(plain) == datagram[isakmp.HEADER_LENGTH :]
            iv = datagram[-suite.block :]

        length = vector["key_len"] + INTEGRITIES[vector["auth"]].key_length
        for spi, wanted in (("spi_r", "KEYMAT_i_to_r"), ("spi_i", "KEYMAT_r_to_i")):
            material = ikev1.keymat(prf, d, 3, bytes.fromhex(vector[spi]), ni_b, nr_b, length, g_qm_xy)
            assert material.hex() == vector[wanted]


def test_informational() -> None:
    document = load("delete")
    owner = document["vectors"]["ike"][0]
    a, key = octets(owner, "SKEYID_a", "Ka")
    suite = CIPHERS[cipher_of(owner)]
    last = bytes.fromhex(owner["cipher_HASH_R"])[-suite.block :]
    assert len(document["vectors"]["info"]) == 2
    for vector in document["vectors"]["info"]:
        mid = int(vector["mid"], 16)
        iv = ikev1.phase2_iv("sha1", last, mid, suite.iv_length)
        assert iv.hex() == vector["IV"]
        plain, cipher = octets(vector, "plain", "cipher")
        assert suite.encryptor(key, iv).update(plain) == cipher
        kind = isakmp.split(PayloadType.HASH, plain)[1].type
        assert kind == PayloadType.DELETE
        digest, deletion = isakmp.split(PayloadType.HASH, plain)
        assert digest.body == ikev1.hash_1("sha1", a, mid, isakmp.join([deletion]))
