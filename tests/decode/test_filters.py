"""The filter language, and that its quick look at a frame agrees with the dissection."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodes.decode import filters
from nodes.decode.dissect import dissect
from nodes.decode.facts import facts
from nodes.decode.filters import FilterError
from nodes.decode.layers import NAMES
from nodes.wire.ethernet import push_tag

Frames = dict[str, bytes]

PINGS = {"echo-request", "echo-reply", "tagged-echo", "echo-wrong-checksum"}
FRAGMENTS = {"fragment-0", "fragment-1", "fragment-2"}
ERRORS = {"time-exceeded", "port-unreachable", "too-big", "redirect"}
ICMP = PINGS | FRAGMENTS | ERRORS
ARP = {"arp-request", "arp-reply", "gratuitous-arp"}
CDP = {"cdp", "cdp-router", "cdp-v1", "cdp-goodbye"}
LLC = CDP | {"bpdu", "snap"}
ISAKMP = {"main-mode-1", "informational", "quick-mode-1"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("icmp", ICMP),
        ("icmp arp", ICMP | ARP),
        ("icmp,arp", ICMP | ARP),
        ("ICMP , Arp", ICMP | ARP),
        ("icmp or arp", ICMP | ARP),
        ("icmp || arp", ICMP | ARP),
        ("isakmp esp", ISAKMP | {"esp"}),
        ("port 500", ISAKMP),
        ("udp and not isakmp", {"udp"}),
        ("udp&&!isakmp", {"udp"}),
        ("vlan", {"tagged-echo"}),
        ("llc", LLC),
        ("cdp", CDP),
        ("llc and not cdp", {"bpdu", "snap"}),
        ("tcp or port 53", {"tcp", "udp"}),
        ("host 10.0.10.20 and arp", {"arp-request", "arp-reply"}),
        ("src host 10.0.10.20", {"arp-reply", "informational"}),
        ("dst host 10.0.10.20 and not udp", {"arp-request", "esp"}),
        ("not (ip or arp)", LLC | {"ipv6"}),
        ("not ip arp", LLC | {"ipv6"}),
        ("data", {"udp", "tcp", "ospf", "bpdu", "snap", "ipv6"}),
        ("malformed", set()),
        ("port 33435", set()),
        ("tcp udp and host 192.168.1.1", {"tcp", "udp"}),
    ],
)
def test_matches(frames: Frames, text: str, names: set[str]) -> None:
    compiled = filters.compile(text)
    assert {name for name, frame in frames.items() if compiled.matches(frame)} == names


def test_malformed(frames: Frames) -> None:
    assert filters.compile("malformed").matches(frames["arp-request"][:30])


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("icmp  ARP", "icmp or arp"),
        ("eth,ipv4", "ethernet or ip"),
        ("not icmp arp", "not (icmp or arp)"),
        ("! ! icmp", "not not icmp"),
        ("(udp || tcp) && src host 10.0.0.1 or ((esp))", "(udp or tcp) and src host 10.0.0.1 or esp"),
        ("icmp and (arp and esp)", "icmp and (arp and esp)"),
        ("port 00500", "port 500"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert filters.compile(text).text == canonical


@pytest.mark.parametrize(
    ("text", "column", "expected"),
    [
        ("", 1, "a protocol"),
        ("   ", 4, "a protocol"),
        ("icpm", 1, "a protocol"),
        ("icmp and", 9, "a protocol"),
        ("icmp,", 6, "a protocol"),
        ("icmp, host 1.2.3.4", 7, "a protocol"),
        ("icmp host 1.2.3.4", 6, "'and', 'or' or the end"),
        ("host", 5, "an IPv4 address"),
        ("host 1.2.3.256", 6, "an IPv4 address"),
        ("src 1.2.3.4", 5, "'host'"),
        ("port", 5, "a port number"),
        ("port 65536", 6, "a port number"),
        ("port -1", 6, "a port number"),
        ("port ²", 6, "a port number"),
        ("(icmp", 6, "')'"),
        ("icmp)", 5, "the end"),
        ("icmp & arp", 6, "the end"),
    ],
)
def test_errors_name_the_place(text: str, column: int, expected: str) -> None:
    with pytest.raises(FilterError, match=f"column {column}: ") as caught:
        filters.compile(text)
    assert caught.value.column == column
    assert expected in caught.value.expected


@pytest.mark.parametrize("text", ["(" * 100_000, "not " * 100_000 + "icmp", "(icmp and not " * 40])
def test_deep_nesting_is_refused_rather_than_overflowing_the_stack(text: str) -> None:
    with pytest.raises(FilterError, match="levels"):
        filters.compile(text)


def test_long_lists_are_not_deep() -> None:
    compiled = filters.compile(" or ".join(["icmp and arp"] * 5000))
    assert filters.compile(compiled.text).text == compiled.text


@given(st.text(alphabet=" ()!,&|ipcmarhot12.", max_size=40) | st.text(max_size=40))
def test_arbitrary_text(text: str) -> None:
    try:
        compiled = filters.compile(text)
    except FilterError as error:
        column = error.column
    else:
        column = 1
        assert filters.compile(compiled.text).text == compiled.text
    assert 1 <= column <= len(text) + 1


PRIMARIES = st.sampled_from(
    ["icmp", "arp", "icmp arp", "udp, tcp", "port 500", "host 10.0.10.20", "src host 192.168.1.1", "data", "malformed"]
)
EXPRESSIONS = st.recursive(
    PRIMARIES,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" and ", " or ", "&&", "||"]), inner).map(lambda parts: f"({''.join(parts)})")
        | st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
        | inner.map(lambda text: f"not {text}")
    ),
    max_leaves=8,
)


@given(EXPRESSIONS, st.data())
def test_the_canonical_text_means_the_same(frames: Frames, text: str, data: st.DataObject) -> None:
    compiled = filters.compile(text)
    again = filters.compile(compiled.text)
    assert again.text == compiled.text
    frame = frames[data.draw(st.sampled_from(sorted(frames)))]
    assert again.matches(frame) == compiled.matches(frame)


@given(st.data())
def test_a_list_at_the_deepest_level_keeps_its_canonical_text(data: st.DataObject) -> None:
    text = "not " * data.draw(st.integers(25, 40)) + data.draw(PRIMARIES)
    try:
        compiled = filters.compile(text)
    except FilterError:
        return
    assert filters.compile(compiled.text).text == compiled.text


def agree(frame: bytes) -> None:
    """The quick look and the dissection name the same protocols of the outer packet."""
    dissected = {layer.key for layer in dissect(frame) if not layer.quoted}
    assert facts(frame).keys == dissected - {"data", "malformed"}


@given(st.binary(max_size=120))
def test_facts_of_arbitrary_bytes(data: bytes) -> None:
    agree(data)


@settings(max_examples=400)
@given(st.data())
def test_facts_of_damaged_frames(frames: Frames, data: st.DataObject) -> None:
    octets = bytearray(frames[data.draw(st.sampled_from(sorted(frames)))])
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(12, min(len(octets), 50) - 1))] = data.draw(
            st.sampled_from([0, 1, 4, 5, 6, 8, 17, 0x45, 0x81, 255]) | st.integers(0, 255)
        )
    frame = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    agree(frame)
    agree(push_tag(frame.ljust(14, b"\0"), 5))


def test_facts_with_every_octet_of_the_headers_damaged(frames: Frames) -> None:
    for frame in frames.values():
        for at in range(12, min(len(frame), 50)):
            for octet in (0, 1, 7, 8, 0x20, 0x45, 0xFF):
                agree(frame[:at] + bytes((octet,)) + frame[at + 1 :])


def test_facts_of_every_truncation(frames: Frames) -> None:
    for frame in frames.values():
        for length in range(min(len(frame), 120)):
            agree(frame[:length])


def test_every_protocol_key_is_a_filter() -> None:
    assert len(NAMES) >= 12
    for key in NAMES:
        assert filters.compile(key).text == key
