"""ISAKMP and ESP that other people's daemons sent (tests/vectors/ikev1), as read here and by tshark."""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.decode import payloads
from nodes.decode.dissect import dissect, summary
from nodes.decode.filters import compile as compile_filter
from nodes.decode.layers import Field, Layer
from nodes.wire import l4
from nodes.wire.doi import (
    EspTransform,
    Exchange,
    IkeAttribute,
    IkeAuthentication,
    IkeCipher,
    IkeHash,
    IpsecAttribute,
    Notify,
    PayloadType,
    Protocol,
)
from nodes.wire.ethernet import ETH_IPV4, Frame
from nodes.wire.ipv4 import Ipv4
from nodes.wire.isakmp import (
    ZERO_COOKIE,
    Deletion,
    Header,
    Notification,
    Payload,
    build,
    id_fqdn,
    id_ipv4,
    id_ipv4_subnet,
)
from nodes.wire.isakmp_sa import Proposal, SecurityAssociation, Transform, basic, variable

VECTORS = Path(__file__).parent.parent / "vectors" / "ikev1"
CAPTURES = sorted(path.name for path in VECTORS.glob("*.pcap"))

#: What is asked of tshark, as in version 4.
WANTED = (
    "_ws.col.Protocol",
    "_ws.col.Info",
    "isakmp.exchangetype",
    "isakmp.messageid",
    "isakmp.typepayload",
    "isakmp.payloadlength",
    "isakmp.prop.number",
    "isakmp.ike.attr.life_type",
    "isakmp.ike.attr.life_duration",
    "isakmp.ike.attr.encryption_algorithm",
    "isakmp.ike.attr.hash_algorithm",
    "isakmp.ike.attr.group_description",
    "isakmp.ike.attr.authentication_method",
    "isakmp.ike.attr.key_length",
    "isakmp.notify.msgtype",
    "isakmp.vid_bytes",
    "esp.spi",
    "esp.sequence",
)


def pcap(path: Path) -> Iterator[bytes]:
    """The frames of a classic pcap file."""
    data = path.read_bytes()
    at = 24
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        yield data[at + 16 : at + 16 + length]
        at += 16 + length


def message(*items: Payload, exchange: int = Exchange.IDENTITY_PROTECTION) -> bytes:
    """A frame with an ISAKMP message in the clear."""
    return frame(build(Header(b"initiatr", ZERO_COOKIE, 0, exchange, 0, 0, 0), items))


def frame(datagram: bytes) -> bytes:
    udp = l4.Udp(500, 500, datagram).build(1, 2)
    return Frame(bytes(6), bytes(6), ETH_IPV4, Ipv4(1, 2, l4.UDP, udp).build()).build()


def isakmp(frame: bytes) -> Layer:
    (layer,) = [layer for layer in dissect(frame) if layer.key == "isakmp"]
    return layer


def lines(frame: bytes) -> list[str]:
    """What stands behind the header, indented by depth."""
    fields = isakmp(frame).fields[8:]
    return [f"{'  ' * field.depth}{field.name}: {field.value}" for field in fields]


def numbers(fields: tuple[Field, ...], *names: str) -> str:
    """The values of these fields as tshark prints them: numbers with commas."""
    values = [field.value for field in fields if field.name in names]
    return ",".join(match[1] if (match := re.search(r"\((\d+)\)$", value)) else value for value in values)


def test_there_are_vectors() -> None:
    assert CAPTURES == ["aes128.pcap", "delete.pcap", "lab.pcap", "p1mismatch.pcap", "pfs.pcap"]


@pytest.mark.parametrize("name", CAPTURES)
def test_tshark_reads_the_same(name: str) -> None:
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: no independent reader of ISAKMP")
    command = ["tshark", "-n", "-r", str(VECTORS / name), "-T", "fields", "-E", "occurrence=a", "-E", "separator=/t"]
    for field in WANTED:
        command += ["-e", field]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    rows = [dict(zip(WANTED, line.split("\t"), strict=True)) for line in run.stdout.splitlines()]
    frames = list(pcap(VECTORS / name))
    assert len(rows) == len(frames)
    for row, octets in zip(rows, frames, strict=True):
        line = summary(octets)
        assert line.protocol == row["_ws.col.Protocol"]
        if line.protocol == "ESP":
            esp = dissect(octets)[-1].fields
            assert esp[0].value.split()[0] == row["esp.spi"]
            assert esp[1].value == row["esp.sequence"]
            continue
        if line.protocol != "ISAKMP":
            continue
        assert line.info.partition(",")[0] == row["_ws.col.Info"]
        fields = isakmp(octets).fields
        ours = {
            "isakmp.exchangetype": numbers(fields, "Exchange type"),
            "isakmp.messageid": numbers(fields, "Message ID"),
            "isakmp.ike.attr.life_type": numbers(fields, "Life Type"),
            "isakmp.ike.attr.life_duration": numbers(fields, "Life Duration"),
            "isakmp.ike.attr.encryption_algorithm": numbers(fields, "Encryption Algorithm"),
            "isakmp.ike.attr.hash_algorithm": numbers(fields, "Hash Algorithm"),
            "isakmp.ike.attr.group_description": numbers(fields, "Group Description"),
            "isakmp.ike.attr.authentication_method": numbers(fields, "Authentication Method"),
            "isakmp.ike.attr.key_length": numbers(fields, "Key Length"),
            "isakmp.vid_bytes": ",".join(field.value for field in fields if field.name == "ID"),
            "isakmp.notify.msgtype": numbers(
                tuple(field for field in fields if field.name == "Type" and field.depth == 1), "Type"
            ),
        }
        assert ours == {field: value for field, value in row.items() if field in ours}
        if "encrypted" not in line.info:
            # tshark counts proposals and transforms among them; ours are shown by their content.
            outer = [field.value.split()[0] for field in fields if field.depth == 0][8:]
            theirs = row["isakmp.payloadlength"].split(",")
            assert [value for value in theirs if value in outer] == outer


def test_main_mode_of_the_reference_lab() -> None:
    first = list(pcap(VECTORS / "lab.pcap"))[2]
    assert lines(first) == [
        "Security association: 60 octets",
        "  Domain of interpretation: IPSEC (1)",
        "  Situation: SIT_IDENTITY_ONLY (1)",
        "  Proposal 1: PROTO_ISAKMP (1)",
        "    Transform 1: KEY_IKE (1)",
        "      Encryption Algorithm: AES-CBC (7)",
        "      Key Length: 256",
        "      Hash Algorithm: SHA (2)",
        "      Group Description: alternate 1024-bit MODP group (2)",
        "      Authentication Method: pre-shared key (1)",
        "      Life Type: seconds (1)",
        "      Life Duration: 86400",
        "Vendor ID: 12 octets",
        "  Vendor: XAUTH",
        "  ID: 09002689dfd6b712",
        "Vendor ID: 20 octets",
        "  Vendor: RFC 3706 (dead peer detection)",
        "  ID: afcad71368a1f1c96b8696fc77570100",
        "Vendor ID: 24 octets",
        "  Vendor: FRAGMENTATION",
        "  ID: 4048b7d56ebce88525e7de7f00d6c2d380000000",
        "Vendor ID: 20 octets",
        "  Vendor: RFC 3947 (NAT traversal)",
        "  ID: 4a131c81070358455c5728f20e95452f",
        "Vendor ID: 20 octets",
        "  Vendor: draft-ietf-ipsec-nat-t-ike-02 (with a line feed)",
        "  ID: 90cb80913ebb696e086381b5ec427b1f",
    ]


def test_the_encrypted_body_is_shown_as_such() -> None:
    fifth = list(pcap(VECTORS / "lab.pcap"))[6]
    assert summary(fifth).info == "Identity Protection (Main Mode), encrypted"
    assert lines(fifth)[0] == "Encrypted payloads: 80 octets"
    assert all(line.startswith("  ") for line in lines(fifth)[1:])


def test_a_refused_proposal_says_so_in_the_list() -> None:
    last = list(pcap(VECTORS / "p1mismatch.pcap"))[-1]
    assert summary(last).info == "Informational, NO-PROPOSAL-CHOSEN"


def test_a_proposal_of_phase_2() -> None:
    attributes = (
        basic(IpsecAttribute.LIFE_TYPE, 1),
        basic(IpsecAttribute.LIFE_DURATION, 3600),
        basic(IpsecAttribute.LIFE_TYPE, 2),
        variable(IpsecAttribute.LIFE_DURATION, 4608000),
        basic(IpsecAttribute.ENCAPSULATION, 1),
        basic(IpsecAttribute.AUTHENTICATION, 2),
        basic(IpsecAttribute.GROUP, 14),
        basic(9000, 5),
    )
    sa = SecurityAssociation(
        (Proposal(1, Protocol.ESP, b"\x01\x02\x03\x04", (Transform(1, EspTransform.TRIPLE_DES, attributes),)),)
    )
    assert lines(message(Payload(PayloadType.SA, sa.build()), exchange=Exchange.QUICK_MODE))[3:] == [
        "  Proposal 1: PROTO_IPSEC_ESP (3)",
        "    SPI: 0x01020304",
        "    Transform 1: ESP_3DES (3)",
        "      SA Life Type: seconds (1)",
        "      SA Life Duration: 3600",
        "      SA Life Type: kilobytes (2)",
        "      SA Life Duration: 4608000",
        "      Encapsulation Mode: Tunnel (1)",
        "      Authentication Algorithm: HMAC-SHA (2)",
        "      Group Description: 2048-bit MODP group (14)",
        "      Attribute 9000: 5",
    ]


def test_the_other_payloads() -> None:
    items = (
        Payload(PayloadType.ID, id_ipv4(0x0A000A0A, 17, 500).build()),
        Payload(PayloadType.ID, id_ipv4_subnet(0xC0A80100, 0xFFFFFF00).build()),
        Payload(PayloadType.ID, id_fqdn("r-a.example").build()),
        Payload(PayloadType.HASH, b"\xaa" * 20),
        Payload(PayloadType.NOTIFY, Notification(3, Notify.RESPONDER_LIFETIME, b"\1\2\3\4", b"data").build()),
        Payload(PayloadType.DELETE, Deletion(3, (b"\1\2\3\4", b"\5\6\7\x08")).build()),
        Payload(PayloadType.VENDOR, b"who is this"),
        Payload(200, b"private"),
    )
    octets = message(*items, exchange=Exchange.INFORMATIONAL)
    assert summary(octets).info == "Informational, RESPONDER-LIFETIME, delete"
    shown = lines(octets)
    for expected in (
        "  Identity: 10.0.10.10",
        "  Port: 500",
        "  Identity: 192.168.1.0/255.255.255.0",
        "  Type: ID_FQDN (2)",
        "  Identity: r-a.example",
        "Hash: 24 octets",
        "  Type: RESPONDER-LIFETIME (24576)",
        "  SPI: 0x01020304",
        "  SPI: 0x05060708",
        "  Vendor: unknown",
        "Payload 200: 11 octets",
    ):
        assert expected in shown


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ((Payload(PayloadType.SA, b"\0\0\0\1"),), "security association: an SA payload of 4 octets"),
        ((Payload(PayloadType.ID, b"\1\0\0\0\1"),), "identification: an ID of type 1"),
        ((Payload(PayloadType.DELETE, b""), Payload(PayloadType.VENDOR, b"x")), "delete: a delete payload of 0"),
    ],
)
def test_a_payload_that_cannot_be_read_is_named_and_the_others_are_shown(
    items: tuple[Payload, ...], reason: str
) -> None:
    octets = message(*items)
    assert dissect(octets)[-1].key == "malformed"
    assert reason in dissect(octets)[-1].summary
    assert sum(field.depth == 0 for field in isakmp(octets).fields) == 8 + len(items)


def test_a_chain_that_runs_over_the_end() -> None:
    octets = build(Header(b"initiatr", ZERO_COOKIE, 0, 2, 0, 0, 0), [Payload(PayloadType.KE, bytes(20))])
    cut = frame(octets[:24] + (len(octets) - 3).to_bytes(4, "big") + octets[28:-3])
    assert dissect(cut)[-1].summary == "key exchange: a payload of 24 octets, and 21 are there"


def test_every_number_that_has_a_name_is_shown_with_it() -> None:
    assert set(payloads.NAMES) == set(PayloadType)
    assert set(payloads._IKE_ATTRIBUTES) == set(IkeAttribute)
    assert set(payloads._IPSEC_ATTRIBUTES) == set(IpsecAttribute)
    for attribute, names in (
        (IkeAttribute.ENCRYPTION, IkeCipher),
        (IkeAttribute.HASH, IkeHash),
        (IkeAttribute.AUTHENTICATION, IkeAuthentication),
    ):
        assert set(payloads._IKE_ATTRIBUTES[attribute][1]) == set(names)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("RFC 3947", "RFC 3947 (NAT traversal)"),
        ("FRAGMENTATION", "FRAGMENTATION"),
        ("strongSwan", "strongSwan"),
        ("draft-ietf-ipsec-nat-t-ike-00", "draft-ietf-ipsec-nat-t-ike-00"),
        ("draft-ietf-ipsec-nat-t-ike-02", "draft-ietf-ipsec-nat-t-ike-02"),
        ("draft-ietf-ipsec-nat-t-ike-02\n", "draft-ietf-ipsec-nat-t-ike-02 (with a line feed)"),
        ("draft-ietf-ipsec-nat-t-ike-03", "draft-ietf-ipsec-nat-t-ike-03"),
    ],
)
def test_vendor_ids_are_hashes_of_their_texts(text: str, name: str) -> None:
    digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
    assert f"  Vendor: {name}" in lines(message(Payload(PayloadType.VENDOR, digest)))


@given(st.integers(0, 255), st.binary(max_size=200))
def test_whatever_the_octets_they_become_fields(first: int, data: bytes) -> None:
    found = payloads.payload_fields(first, data)
    assert all(field.name.isprintable() and field.value.isprintable() for field in found.fields)
    assert found.broken or first == 0 or data


@given(st.sampled_from(PayloadType), st.binary(max_size=120))
def test_whatever_a_payload_holds(kind: PayloadType, body: bytes) -> None:
    octets = message(Payload(kind, body))
    layers = dissect(octets)
    assert layers[-1].key in ("isakmp", "malformed")
    assert summary(octets).info.isprintable()


def test_filters_by_protocol() -> None:
    frames = list(pcap(VECTORS / "lab.pcap"))
    for text in ("arp", "isakmp", "esp", "icmp"):
        chosen = [octets for octets in frames if compile_filter(text).matches(octets)]
        assert len(chosen) == {"arp": 2, "isakmp": 9, "esp": 12, "icmp": 0}[text]
        assert all(summary(octets).protocol == text.upper() for octets in chosen)
