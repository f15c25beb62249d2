"""ESP batches: against a plain per-packet reference, RFC 3602's packets, real captures, and hostile input."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.base.addr import parse_ipv4
from nodes.crypto.suites import CIPHERS, INTEGRITIES
from nodes.esp import jobs, layout
from nodes.esp.association import Association, DfBit, Direction, EspTransform, Mode, Proxies, Selector
from nodes.esp.open import Opener
from nodes.esp.outcomes import Outcome
from nodes.esp.replay import ReplayWindow
from nodes.esp.seal import SEQUENCE_MAX, Sealer
from nodes.wire import esp, icmp, ipv4, l4

VECTORS = Path(__file__).parent.parent / "vectors" / "ikev1"
TRANSFORMS = [
    EspTransform(cipher, integrity)
    for cipher, suite in CIPHERS.items()
    for integrity in INTEGRITIES
    if integrity == "none" or not suite.icv_length
]
SITE_A, SITE_B = parse_ipv4("192.168.1.1"), parse_ipv4("192.168.2.1")
GATE_A, GATE_B = parse_ipv4("10.0.10.10"), parse_ipv4("10.0.10.20")


def association(transform: EspTransform, direction: Direction, spi: int = 0x3C720C5D, window: int = 64) -> Association:
    cipher_key = bytes(range(1, transform.cipher_suite.key_length + 1))
    integrity_key = bytes(range(100, 100 + transform.integrity_suite.key_length))
    return Association(spi, direction, GATE_A, GATE_B, transform, cipher_key, integrity_key, window)


def packet(length: int, tos: int = 0, dont_fragment: bool = False, fill: int = 0) -> bytes:
    payload = bytes((fill + index) & 0xFF for index in range(length - 20))
    return ipv4.Ipv4(SITE_A, SITE_B, 17, payload, ttl=127, tos=tos, dont_fragment=dont_fragment).build()


def pair(transform: EspTransform, seed: int = 1) -> tuple[Sealer, Opener]:
    outbound = association(transform, Direction.OUTBOUND)
    return Sealer(outbound, random.Random(seed).randbytes), Opener(association(transform, Direction.INBOUND))


# A plain implementation, one packet at a time, with nothing in common but the cipher and hashlib ----------------------


def reference_seal(sa: Association, sequence: int, iv: bytes, inner: bytes, next_header: int = 4) -> bytes:
    """The ESP packet (SPI to ICV)."""
    suite = sa.transform.cipher_suite
    padding = -(len(inner) + 2) % suite.block
    return _sign(sa, sequence, iv, inner + bytes(range(1, padding + 1)) + bytes([padding, next_header]))


def _sign(sa: Association, sequence: int, iv: bytes, plain: bytes) -> bytes:
    suite = sa.transform.cipher_suite
    head = struct.pack("!II", sa.spi, sequence)
    if suite.icv_length:
        key, salt = sa.cipher_key[:-4], sa.cipher_key[-4:]
        return head + iv + AESGCM(key).encrypt(salt + iv, plain, head)
    body = suite.encryptor(sa.cipher_key, iv).update(plain) if iv else plain
    data = head + iv + body
    if not sa.integrity_key:
        return data
    digest = hmac.new(sa.integrity_key, data, sa.transform.integrity_suite.hash).digest()
    return data + digest[: sa.transform.integrity_suite.icv_length]


class ReferenceOpener:
    """The receiver of RFC 4303 §3.4, packet by packet, with a set for a window."""

    def __init__(self, sa: Association) -> None:
        self.sa = sa
        self.seen: set[int] = set()
        self.top = 0

    def open(self, data: bytes) -> tuple[Outcome, bytes]:
        suite, integrity = self.sa.transform.cipher_suite, self.sa.transform.integrity_suite
        icv_length = integrity.icv_length or suite.icv_length
        body = data[8 + suite.iv_length : len(data) - icv_length]
        short = len(data) < 8 + suite.iv_length + 2 + icv_length
        if short or len(body) % suite.block or data[:4] != self.sa.spi.to_bytes(4, "big"):
            return Outcome.MALFORMED, b""
        sequence = int.from_bytes(data[4:8], "big")
        if sequence == 0:
            return Outcome.SEQUENCE_ZERO, b""
        if icv_length:
            if sequence in self.seen or sequence <= self.top - self.sa.window:
                return Outcome.REPLAY, b""
            signed = data[:-icv_length]
            if suite.icv_length:
                key, nonce = self.sa.cipher_key[:-4], self.sa.cipher_key[-4:] + data[8:16]
                try:
                    body = AESGCM(key).decrypt(nonce, data[16:], data[:8])
                except InvalidTag:
                    return Outcome.BAD_ICV, b""
            elif hmac.new(self.sa.integrity_key, signed, integrity.hash).digest()[:icv_length] != data[-icv_length:]:
                return Outcome.BAD_ICV, b""
            self.seen.add(sequence)
            self.top = max(self.top, sequence)
        iv = b"" if suite.icv_length else data[8 : 8 + suite.iv_length]
        plain = suite.decryptor(self.sa.cipher_key, iv).update(body) if iv else body
        padding, next_header = plain[-2], plain[-1]
        inner = plain[: len(plain) - 2 - padding]
        if padding > len(plain) - 2 or plain[len(inner) : -2] != bytes(range(1, padding + 1)):
            return Outcome.BAD_PADDING, b""
        if next_header != 4:
            return (Outcome.DUMMY if next_header == 59 else Outcome.BAD_NEXT_HEADER), b""
        if len(inner) < 20 or inner[0] >> 4 != 4 or inner[0] & 15 < 5:
            return Outcome.BAD_INNER, b""
        total = int.from_bytes(inner[2:4], "big")
        if not (inner[0] & 15) * 4 <= total <= len(inner):
            return Outcome.BAD_INNER, b""
        return Outcome.OK, inner[:total]


# Sealing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda item: "-".join(item))
def test_each_sealed_packet_is_what_the_reference_makes(transform: EspTransform) -> None:
    sealer, opener = pair(transform)
    sa = association(transform, Direction.OUTBOUND)
    packets = [packet(length, fill=length) for length in (*range(20, 60), 84, 576, 1400)]
    ivs = set()
    sequence = 0
    for batch in (packets[:1], packets[1:30], packets[30:]):
        for inner, (outcome, outer) in zip(batch, sealer.seal(batch), strict=True):
            sequence += 1
            header = ipv4.peek(outer)
            assert outcome is Outcome.OK
            assert (header.src, header.dst, header.proto, header.ttl) == (GATE_A, GATE_B, 50, 255)
            assert header.total_length == len(outer) == layout.sealed_length(transform, len(inner))
            iv = outer[28 : 28 + transform.cipher_suite.iv_length]
            assert outer[20:] == reference_seal(sa, sequence, iv, inner)
            ivs.add(iv)
            assert opener.open([outer[20:]]) == [(Outcome.OK, inner)]
    assert len(ivs) == (len(packets) if transform.cipher != "null" else 1)


def test_the_outer_header_takes_tos_and_df() -> None:
    sealer, _ = pair(EspTransform("aes-128", "sha1"))
    inner = [packet(100, tos=0xB8, dont_fragment=True), packet(100, tos=0x01), packet(101), packet(100, tos=0x01)]
    headers = [ipv4.peek(outer) for _, outer in sealer.seal(inner)]
    assert [(item.tos, item.dont_fragment) for item in headers] == [(0xB8, True), (1, False), (0, False), (1, False)]
    # What may be fragmented has an identification of its own (RFC 6864 §4).
    assert [item.ident for item in headers] == [0, 2, 3, 4]


def test_checksums_of_outer_headers_with_every_identification() -> None:
    sealer, _ = pair(EspTransform("null", "none"))
    for start in range(0, 70000, 7001):
        sealer.sequence = start
        for _, outer in sealer.seal([packet(20)] * 50):
            ipv4.peek(outer)


def test_the_sequence_number_never_wraps() -> None:
    sealer, opener = pair(EspTransform("aes-128", "sha1"))
    sealer.sequence = SEQUENCE_MAX - 2
    sealed = sealer.seal([packet(40)] * 4)
    assert [outcome for outcome, _ in sealed] == [Outcome.OK] * 2 + [Outcome.SEQUENCE_OVERFLOW] * 2
    assert [outcome for outcome, _ in opener.open([outer[20:] for _, outer in sealed[:2]])] == [Outcome.OK] * 2
    assert sealer.seal([packet(40)]) == [(Outcome.SEQUENCE_OVERFLOW, b"")]


def test_what_would_be_longer_than_a_packet_can_be_is_not_sealed() -> None:
    sealer, _ = pair(EspTransform("aes-128", "sha1"))
    long = b"\x45\0" + bytes(65500)
    assert [outcome for outcome, _ in sealer.seal([packet(40), long, packet(40)])] == [
        Outcome.OK,
        Outcome.TOO_LONG,
        Outcome.OK,
    ]
    assert sealer.sequence == 2


def test_ivs_do_not_repeat_when_the_same_packet_is_sent_again() -> None:
    sealer, _ = pair(EspTransform("aes-256", "sha256"))
    sealed = [outer for _ in range(3) for _, outer in sealer.seal([packet(84)] * 20)]
    assert len({outer[28:44] for outer in sealed}) == 60
    assert len({outer[44:60] for outer in sealed}) == 60


def test_plaintext_mtu() -> None:
    # IOS shows 1438 for esp-aes esp-sha-hmac on a path of 1500 octets.
    assert layout.plaintext_mtu(EspTransform("aes-128", "sha1"), 1500) == 1438
    for transform in TRANSFORMS:
        for path in (576, 1400, 1500):
            fits = layout.plaintext_mtu(transform, path)
            assert layout.sealed_length(transform, fits) <= path < layout.sealed_length(transform, fits + 1)


# Opening -------------------------------------------------------------------------------------------------------------

actions = st.lists(
    st.tuples(
        st.sampled_from(["good", "good", "good", "replay", "corrupt", "truncate", "zero", "ahead", "spi", "rubbish",
                         "padding", "dummy", "next", "inner", "filler"]),
        st.integers(0, 200),
    ),
    max_size=40,
)  # fmt: skip


def _make(sa: Association, events: list[tuple[str, int]]) -> list[bytes]:
    """ESP packets for the events; a hostile peer that knows the keys makes those that authenticate but are wrong."""
    suite = sa.transform.cipher_suite
    made: list[bytes] = []
    sequence = 0
    for kind, number in events:
        sequence += 1
        iv = hashlib.sha256(b"%d" % sequence).digest()[: suite.iv_length]
        inner = packet(20 + number)
        good = reference_seal(sa, sequence, iv, inner)
        if kind == "replay" and made:
            good = made[number % len(made)]
        elif kind == "corrupt":
            at = 4 + number % (len(good) - 4)
            good = good[:at] + bytes([good[at] ^ 1 << number % 8]) + good[at + 1 :]
        elif kind == "truncate":
            good = good[: number % len(good)]
        elif kind == "zero":
            good = reference_seal(sa, 0, iv, inner)
        elif kind == "ahead":
            sequence += number
            good = reference_seal(sa, sequence, iv, inner)
        elif kind == "spi":
            good = b"\x12\x34\x56\x78" + good[4:]
        elif kind == "rubbish":
            good = hashlib.shake_256(good).digest(number)
        elif kind == "padding":
            size = suite.block * (1 + number % 3)
            plain = bytes(size - 2) + bytes([number, 4])
            good = _sign(sa, sequence, iv, plain)
        elif kind in ("dummy", "next"):
            good = reference_seal(sa, sequence, iv, inner, 59 if kind == "dummy" else 41)
        elif kind == "inner":
            good = reference_seal(sa, sequence, iv, inner[: number % 30] if number % 2 else b"\x60" + inner[1:])
        elif kind == "filler":
            good = reference_seal(sa, sequence, iv, inner + bytes(number))
        made.append(good)
    return made


@settings(max_examples=150, deadline=None)
@given(
    transform=st.sampled_from(
        [
            EspTransform("aes-128", "sha1"),
            EspTransform("aes-256", "sha256"),
            EspTransform("3des", "md5"),
            EspTransform("des", "sha512"),
            EspTransform("null", "sha1"),
            EspTransform("aes-192", "none"),
            EspTransform("aes-gcm-256", "none"),
        ]
    ),
    events=actions,
    cuts=st.lists(st.integers(1, 12), max_size=6),
)
def test_opening_agrees_with_the_reference(
    transform: EspTransform, events: list[tuple[str, int]], cuts: list[int]
) -> None:
    """The same outcomes and packets, however the stream is cut into batches."""
    sa = association(transform, Direction.INBOUND)
    made = _make(sa, events)
    reference = ReferenceOpener(sa)
    wanted = [reference.open(item) for item in made]
    opener = Opener(sa)
    got = []
    at = 0
    for cut in [*cuts, len(made)]:
        got += opener.open(made[at : at + cut])
        at += cut
    assert got == wanted
    if transform.integrity != "none":
        assert opener.window.highest == reference.top


def test_every_outcome_by_name() -> None:
    sa = association(EspTransform("aes-128", "sha1"), Direction.INBOUND)
    inner, iv = packet(84), bytes(16)
    good = reference_seal(sa, 5, iv, inner)
    cases = [
        (good, Outcome.OK),
        (good, Outcome.REPLAY),
        (reference_seal(sa, 6, iv, inner)[:-1] + b"\0", Outcome.BAD_ICV),
        (reference_seal(sa, 6, iv, inner)[:-16], Outcome.BAD_ICV),
        (reference_seal(sa, 6, iv, inner)[:-15], Outcome.MALFORMED),
        (b"", Outcome.MALFORMED),
        (reference_seal(sa, 0, iv, inner), Outcome.SEQUENCE_ZERO),
        (_sign(sa, 7, iv, bytes(14) + b"\x03\x04"), Outcome.BAD_PADDING),
        (_sign(sa, 8, iv, bytes(14) + b"\xff\x04"), Outcome.BAD_PADDING),
        (reference_seal(sa, 9, iv, inner, 59), Outcome.DUMMY),
        (reference_seal(sa, 10, iv, inner, 6), Outcome.BAD_NEXT_HEADER),
        (reference_seal(sa, 11, iv, inner[:-1]), Outcome.BAD_INNER),
        (reference_seal(sa, 4_000_000_000, iv, inner), Outcome.OK),
        (reference_seal(sa, 12, iv, inner), Outcome.REPLAY),
    ]
    opener = Opener(sa)
    for data, outcome in cases:
        assert opener.open([data])[0][0] is outcome
    assert [item[0] for item in Opener(sa).open([data for data, _ in cases])] == [outcome for _, outcome in cases]


def test_only_authenticated_packets_move_the_window() -> None:
    sa = association(EspTransform("aes-128", "sha1"), Direction.INBOUND)
    opener = Opener(sa)
    for sequence in (1, 2):
        assert opener.open([reference_seal(sa, sequence, bytes(16), packet(40))])[0][0] is Outcome.OK
    forged = struct.pack("!II", sa.spi, SEQUENCE_MAX) + bytes(16 + 32 + 12)
    assert opener.open([forged] * 100) == [(Outcome.BAD_ICV, b"")] * 100
    assert opener.window.highest == 2
    assert opener.open([reference_seal(sa, 3, bytes(16), packet(40))])[0][0] is Outcome.OK


@given(st.integers(0, 70), st.lists(st.integers(1, 300), max_size=200))
def test_the_window_agrees_with_a_set(size: int, numbers: list[int]) -> None:
    window = ReplayWindow(size)
    seen: set[int] = set()
    top = 0
    for number in numbers:
        new = not size or (number not in seen and number > top - size)
        assert window.is_new(number) == new
        assert window.accept([number]) == [new]
        seen.add(number)
        top = max(top, number)


def test_the_window_does_not_grow() -> None:
    window = ReplayWindow(64)
    numbers = [SEQUENCE_MAX, SEQUENCE_MAX - 64, SEQUENCE_MAX - 63, SEQUENCE_MAX - 63]
    assert window.accept(numbers) == [True, False, True, False]


# Published packets and captures --------------------------------------------------------------------------------------


#: RFC 3602 §4, case 5 (transport mode, a ping) and case 7 (tunnel mode, a ping), each from the SPI on.
RFC_3602_CASE_5 = bytes.fromhex(
    "0000432100000001e96e8c08ab465763fd098d45dd3ff893f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc8"
    "56a4699e523a55db080b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6"
)
RFC_3602_CASE_7 = bytes.fromhex(
    "0000876500000002f4e765244f6407adf13dc1380f673f37773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70"
    "f8e4ecaec78ac53aad7a0f022b859243c647752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a109e0ca1e4df"
    "e9d5a100b842f1c22f0d"
)


def test_rfc_3602_packets() -> None:
    aes = EspTransform("aes-128", "none")
    sa = Association(0x8765, Direction.INBOUND, 1, 2, aes, bytes.fromhex("0123456789abcdef" * 2), b"")
    ((outcome, inner),) = Opener(sa).open([RFC_3602_CASE_7])
    assert outcome is Outcome.OK
    header = ipv4.peek(inner)
    assert (header.src, header.dst) == (parse_ipv4("192.168.123.3"), parse_ipv4("192.168.123.200"))
    assert reference_seal(sa, 2, RFC_3602_CASE_7[8:24], inner) == RFC_3602_CASE_7

    # Case 5 is transport mode: what is inside is ICMP, and not for a tunnel.
    key = bytes.fromhex("90d382b410eeba7ad938c46cec1a82bf")
    ends = parse_ipv4("192.168.123.3"), parse_ipv4("192.168.123.100")
    sa = Association(0x4321, Direction.INBOUND, *ends, aes, key, b"")
    assert Opener(sa).open([RFC_3602_CASE_5]) == [(Outcome.BAD_NEXT_HEADER, b"")]
    outer = ipv4.Ipv4(*ends, 50, RFC_3602_CASE_5, ttl=64).build()
    ((outcome, inner),) = Opener(replace(sa, mode=Mode.TRANSPORT)).open([outer])
    assert outcome is Outcome.OK
    header = ipv4.peek(inner)
    assert (header.src, header.dst, header.proto, header.ttl) == (*ends, 1, 64)
    echo = icmp.parse(inner[20:])
    assert isinstance(echo, icmp.EchoRequest)
    assert echo.data.endswith(bytes(range(0x20, 0x38)))
    assert reference_seal(sa, 1, RFC_3602_CASE_5[8:24], inner[20:], 1) == RFC_3602_CASE_5


@pytest.mark.parametrize("name", ["lab", "pfs", "aes128", "delete"])
def test_esp_of_a_real_daemon(name: str) -> None:
    document = json.loads((VECTORS / f"{name}.json").read_text())
    openers = {}
    for row in document["esp"]:
        cipher_key, integrity_key = bytes.fromhex(row["enc_key"]), bytes.fromhex(row["auth_key"])
        transform = EspTransform(f"aes-{len(cipher_key) * 8}", row["auth"])
        ends = parse_ipv4(row["src"]), parse_ipv4(row["dst"])
        spi = int(row["spi"], 16)
        openers[spi] = Opener(Association(spi, Direction.INBOUND, *ends, transform, cipher_key, integrity_key))
    data = (VECTORS / f"{name}.pcap").read_bytes()
    at, opened = 24, 0
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        frame = data[at + 16 : at + 16 + length]
        at += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[23] != esp.PROTOCOL:
            continue
        outer = ipv4.parse(frame[14:])
        ((outcome, inner),) = openers[esp.peek(outer.payload).spi].open([outer.payload])
        assert outcome is Outcome.OK
        assert ipv4.peek(inner).proto == 1
        assert openers[esp.peek(outer.payload).spi].open([outer.payload]) == [(Outcome.REPLAY, b"")]
        opened += 1
    assert opened >= 6


# Transport between processes -----------------------------------------------------------------------------------------


@given(st.sampled_from(TRANSFORMS), st.lists(st.integers(20, 200), max_size=20), st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_jobs_and_results(transform: EspTransform, lengths: list[int], tag: int) -> None:
    sealer, opener = pair(transform)
    packets = [packet(length) for length in lengths]
    job = jobs.unpack(bytearray(jobs.pack_seal(7, tag, layout.seal_layout(transform), packets)))
    assert (job.kind, job.sa, job.tag, list(job.lengths)) == (jobs.JobKind.SEAL, 7, tag, lengths)
    result = jobs.unpack_result(jobs.pack_result(job, sealer.seal_in_place(job.arena, job.lengths)))
    assert (result.kind, result.sa, result.tag) == (jobs.JobKind.SEAL, 7, tag)
    assert all(outcome is Outcome.OK for outcome, _ in result.packets)
    outer = [item[20:] for _, item in result.packets]
    back = jobs.unpack(bytearray(jobs.pack_open(8, 1, outer)))
    opened = jobs.unpack_result(jobs.pack_result(back, opener.open_in_place(back.arena, back.lengths)))
    assert [inner for _, inner in opened.packets] == packets


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda item: "-".join(item))
@pytest.mark.parametrize("direction", Direction)
def test_an_association_travels(transform: EspTransform, direction: Direction) -> None:
    sa = replace(association(transform, direction, window=1024), mode=Mode.TRANSPORT, ports=(4500, 1), df=DfBit.SET)
    assert Association.unpack(sa.pack()) == sa
    job = jobs.unpack(bytearray(jobs.pack_install(3, sa)))
    assert (job.kind, job.sa, Association.unpack(bytes(job.arena))) == (jobs.JobKind.INSTALL, 3, sa)
    assert jobs.unpack(bytearray(jobs.pack_remove(3)))[:2] == (jobs.JobKind.REMOVE, 3)


def test_keys_do_not_show_in_logs() -> None:
    text = repr(association(EspTransform("aes-128", "sha1"), Direction.INBOUND))
    assert "key" not in text
    assert "transform" in text


def test_a_sealer_does_not_open() -> None:
    transform = EspTransform("aes-128", "sha1")
    with pytest.raises(ValueError, match="outbound"):
        Sealer(association(transform, Direction.INBOUND), bytes)
    with pytest.raises(ValueError, match="inbound"):
        Opener(association(transform, Direction.OUTBOUND))


def test_proxies() -> None:
    proxies = Proxies(Selector(SITE_A & ~0xFF, 0xFFFFFF00), Selector(SITE_B, protocol=6, port=80))
    assert str(proxies.local) == "192.168.1.0/255.255.255.0/0/0"
    assert proxies.mirrored.mirrored == proxies
    proxies = Proxies(proxies.local._replace(protocol=6), proxies.remote)
    assert proxies.matches(SITE_A, SITE_B, 6, 1234, 80)
    assert not proxies.matches(SITE_A, SITE_B, 6, 1234, 81)
    assert not proxies.matches(SITE_A, SITE_B, 17, 1234, 80)
    assert not proxies.matches(SITE_B, SITE_A, 6, 1234, 80)


# Transport mode, UDP headers, the DF bit -----------------------------------------------------------------------------

SHAPED = [EspTransform("aes-128", "sha1"), EspTransform("3des", "md5"), EspTransform("null", "sha256"),
          EspTransform("aes-gcm-256", "none"), EspTransform("aes-192", "none")]  # fmt: skip


def shaped(transform: EspTransform, mode: Mode, ports: tuple[int, int] | None) -> tuple[Sealer, Opener]:
    out, back = (
        replace(association(transform, way), mode=mode, ports=ports) for way in (Direction.OUTBOUND, Direction.INBOUND)
    )
    return Sealer(out, random.Random(1).randbytes), Opener(back)


@pytest.mark.parametrize("transform", SHAPED, ids=lambda item: "-".join(item))
@pytest.mark.parametrize("ports", [None, (4500, 31337)])
@pytest.mark.parametrize("mode", Mode)
def test_modes_and_udp(transform: EspTransform, mode: Mode, ports: tuple[int, int] | None) -> None:
    sealer, opener = shaped(transform, mode, ports)
    inner = []
    for length in (20, 28, 29, 47, 84, 1400, 1401):
        built = ipv4.Ipv4(GATE_A, GATE_B, 89, bytes(range(256)) * 6, ttl=77, tos=0xC0, ident=9, dont_fragment=True)
        whole = replace(built, payload=built.payload[: length - 20])
        inner.append(whole.build())
    sealed = sealer.seal(inner)
    assert [outcome for outcome, _ in sealed] == [Outcome.OK] * len(inner)
    arrived = []
    for plain, (_, outer) in zip(inner, sealed, strict=True):
        header = ipv4.peek(outer)
        assert (header.src, header.dst, header.tos, header.dont_fragment) == (GATE_A, GATE_B, 0xC0, True)
        assert header.ttl == (77 if mode is Mode.TRANSPORT else 255)
        assert len(outer) == layout.sealed_length(transform, len(plain), mode, udp=ports is not None)
        body = outer[20:]
        if ports is not None:
            datagram = l4.parse_udp(body, GATE_A, GATE_B)
            assert (datagram.src_port, datagram.dst_port) == ports
            body = datagram.payload
        else:
            assert header.proto == esp.PROTOCOL
        arrived.append(outer[:20] + body if mode is Mode.TRANSPORT else body)
    found = opener.open(arrived)
    assert [outcome for outcome, _ in found] == [Outcome.OK] * len(inner)
    for plain, (_, opened) in zip(inner, found, strict=True):
        ipv4.peek(opened)
        assert (opened[8:10], opened[20:]) == (plain[8:10], plain[20:])
    if transform.icv_length:
        spoiled = [item[:-1] + bytes([item[-1] ^ 1]) for item in arrived]
        assert {outcome for outcome, _ in opener.open(spoiled)} <= {Outcome.BAD_ICV, Outcome.REPLAY}
        assert opener.open([b"", arrived[0][:27]])[1][0] is Outcome.MALFORMED
    for path in (576, 1400, 1500):
        fits = layout.plaintext_mtu(transform, path, mode, udp=ports is not None)
        assert layout.sealed_length(transform, fits, mode, udp=ports is not None) <= path
        assert layout.sealed_length(transform, fits + 1, mode, udp=ports is not None) > path


def test_options_are_left_out_in_transport_mode() -> None:
    sealer, opener = shaped(EspTransform("aes-128", "sha1"), Mode.TRANSPORT, None)
    plain = ipv4.Ipv4(GATE_A, GATE_B, 1, b"data").build()
    ((_, outer),) = sealer.seal([b"\x46" + plain[1:20] + bytes(4) + plain[20:]])
    ((outcome, opened),) = opener.open([outer])
    assert (outcome, opened[20:], ipv4.peek(opened).proto) == (Outcome.OK, b"data", 1)


@pytest.mark.parametrize(
    ("policy", "bits"), [(DfBit.COPY, [True, False]), (DfBit.SET, [True] * 2), (DfBit.CLEAR, [False] * 2)]
)
def test_the_df_bit(policy: DfBit, bits: list[bool]) -> None:
    sa = replace(association(EspTransform("aes-128", "sha1"), Direction.OUTBOUND), df=policy)
    sealed = Sealer(sa, random.Random(1).randbytes).seal([packet(60, dont_fragment=True), packet(60)])
    assert [ipv4.peek(outer).dont_fragment for _, outer in sealed] == bits
