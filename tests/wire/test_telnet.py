"""The Telnet parser: what clients really send, however it is cut, and what they should not send."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.base.errors import WireError
from nodes.wire import telnet
from nodes.wire.telnet import (
    BINARY,
    DO,
    DONT,
    ECHO,
    NAWS,
    SGA,
    TTYPE,
    WILL,
    WONT,
    Command,
    Data,
    Event,
    Malformed,
    Negotiate,
    Options,
    Parser,
    Subnegotiation,
)

# Octets that matter to the parser come often; the rest stands for itself.
STREAMS = st.lists(st.sampled_from([240, 241, 246, 250, 251, 253, 255, 255, 1, 31, 65, 13, 10, 0]), max_size=60).map(
    bytes
)
OPTIONS = st.integers(0, 255)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Data, st.binary(min_size=1, max_size=20)),
    st.builds(Negotiate, st.sampled_from([WILL, WONT, DO, DONT]), OPTIONS),
    st.builds(Subnegotiation, OPTIONS, st.binary(max_size=40)),
    st.builds(Command, st.integers(241, 249)),
)


def merged(events: list[Event]) -> list[Event]:
    """The events with neighbouring Data made one."""
    result: list[Event] = []
    for event in events:
        last = result[-1] if result else None
        if isinstance(event, Data) and isinstance(last, Data):
            result[-1] = Data(last.data + event.data)
        else:
            result.append(event)
    return result


def build(event: Event) -> bytes:
    match event:
        case Data(data):
            return telnet.escape(data)
        case Negotiate(command, option):
            return telnet.negotiate(command, option)
        case Subnegotiation(option, data):
            return telnet.subnegotiation(option, data)
        case Command(code):
            return bytes((telnet.IAC, code))
        case Malformed():
            return bytes((telnet.IAC, telnet.SB, telnet.IAC, telnet.SE))


@given(st.lists(EVENTS, max_size=12))
def test_round_trip(events: list[Event]) -> None:
    assert Parser().feed(b"".join(map(build, events))) == merged(events)


@given(STREAMS | st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=6))
def test_cuts_change_nothing_but_data(stream: bytes, cuts: list[int]) -> None:
    whole = Parser().feed(stream)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    parser = Parser()
    pieces = [event for a, b in itertools.pairwise(edges) for event in parser.feed(stream[a:b])]
    parser = Parser()
    octets = [event for octet in stream for event in parser.feed(bytes((octet,)))]
    assert merged(pieces) == whole
    assert merged(octets) == whole


def test_debian_telnet() -> None:
    """Its answer to WILL ECHO, WILL SGA, DO TTYPE, DO NAWS, with the window size at once."""
    stream = bytes.fromhex("fffd01 fffd03 fffb18 fffb1f fffa1f00500018fff0") + b"show\r\0"
    assert Parser().feed(stream) == [
        Negotiate(DO, ECHO),
        Negotiate(DO, SGA),
        Negotiate(WILL, TTYPE),
        Negotiate(WILL, NAWS),
        Subnegotiation(NAWS, b"\x00\x50\x00\x18"),
        Data(b"show\r\0"),
    ]


def test_netmiko_refuses_all() -> None:
    stream = bytes.fromhex("fffe01 fffe03 fffc18 fffc1f") + b"\r\n"
    assert Parser().feed(stream) == [
        Negotiate(DONT, ECHO),
        Negotiate(DONT, SGA),
        Negotiate(WONT, TTYPE),
        Negotiate(WONT, NAWS),
        Data(b"\r\n"),
    ]


def test_napalm_is_alive_sends_an_escaped_255() -> None:
    assert Parser().feed(b"\xff\xff\xf1") == [Data(b"\xff\xf1")]


def test_a_command_in_the_middle_of_a_word_split_between_segments() -> None:
    parser = Parser()
    assert parser.feed(b"sh\xff") == [Data(b"sh")]
    assert parser.feed(b"\xf1ow") == [Command(telnet.NOP), Data(b"ow")]


def test_an_endless_subnegotiation_is_dropped_and_held_in_bounded_memory() -> None:
    parser = Parser()
    assert parser.feed(b"\xff\xfa\x18") == []
    for _ in range(100):
        assert parser.feed(b"x" * 1000) == []
    assert len(parser._sub) <= telnet.SUBNEGOTIATION_MAX + 1
    assert parser.feed(b"\xff\xf0show") == [Malformed(), Data(b"show")]


@pytest.mark.parametrize(
    ("length", "kept"), [(telnet.SUBNEGOTIATION_MAX - 1, True), (telnet.SUBNEGOTIATION_MAX, False)]
)
def test_the_limit_counts_the_option(length: int, kept: bool) -> None:
    events = Parser().feed(telnet.subnegotiation(TTYPE, b"\xff" * length))
    assert events == ([Subnegotiation(TTYPE, b"\xff" * length)] if kept else [Malformed()])


def test_a_subnegotiation_without_its_end_is_broken_off_by_the_next_command() -> None:
    assert Parser().feed(b"\xff\xfa\x1f\x00\x50\xff\xfd\x01show") == [
        Malformed(),
        Negotiate(DO, ECHO),
        Data(b"show"),
    ]
    assert Parser().feed(b"\xff\xfa\x1f\xff\xfa\x18\x00vt\xff\xf0") == [Malformed(), Subnegotiation(TTYPE, b"\x00vt")]


def test_an_empty_subnegotiation_is_malformed() -> None:
    assert Parser().feed(b"\xff\xfa\xff\xf0x") == [Malformed(), Data(b"x")]


def test_builders() -> None:
    assert telnet.negotiate(WILL, ECHO).hex() == "fffb01"
    assert telnet.subnegotiation(TTYPE, b"\x01").hex() == "fffa1801fff0"
    assert telnet.subnegotiation(NAWS, b"\x00\xff\x00\x18").hex() == "fffa1f00ffff0018fff0"


def test_naws() -> None:
    assert telnet.parse_naws(bytes.fromhex("00840000")) == (132, 0)
    for length in (0, 1, 2, 3, 5):
        with pytest.raises(WireError):
            telnet.parse_naws(bytes(length))


def test_terminal_types() -> None:
    assert telnet.parse_ttype(b"\0XTERM-256COLOR") == "XTERM-256COLOR"
    for data in (b"", b"\0", b"\1XTERM", b"\0" + b"x" * 41, b"\0a b", b"\0\xff"):
        with pytest.raises(WireError):
            telnet.parse_ttype(data)


# Options.


def console() -> Options:
    return Options((ECHO, SGA), (TTYPE, NAWS), (SGA, BINARY))


def test_a_change_is_answered_once_and_what_is_in_force_not_at_all() -> None:
    options = console()
    assert options.opening().hex() == "fffb01fffb03fffd18fffd1f"
    for command, option in ((DO, ECHO), (DO, SGA), (WILL, TTYPE), (WONT, NAWS)):
        assert options.answer(Negotiate(command, option)) == b""
    assert options.here(ECHO)
    assert options.there(TTYPE)
    assert not options.there(NAWS)
    for command, option, answer in (
        (DO, BINARY, "fffb00"),
        (WILL, BINARY, "fffd00"),
        (DO, BINARY, ""),
        (DONT, BINARY, "fffc00"),
        (DONT, BINARY, ""),
        (WILL, NAWS, "fffd1f"),
        (WONT, TTYPE, "fffe18"),
        (DONT, ECHO, "fffc01"),
        (WILL, SGA, "fffd03"),
        # What we do not know is refused as often as it is asked for: a timing mark is answered so (RFC 860).
        (DO, 6, "fffc06"),
        (DO, 6, "fffc06"),
        (WILL, 39, "fffe27"),
        (WONT, 39, ""),
        (DONT, 39, ""),
        (WILL, ECHO, "fffe01"),
    ):
        assert options.answer(Negotiate(command, option)).hex() == answer, (command, option)


def test_a_client_that_refuses_everything_hears_no_more() -> None:
    options = console()
    for command, option in ((DONT, ECHO), (DONT, SGA), (WONT, TTYPE), (WONT, NAWS)):
        assert options.answer(Negotiate(command, option)) == b""


KNOWN = (BINARY, ECHO, SGA, TTYPE, NAWS, 39)
SETS = st.tuples(*(st.frozensets(st.sampled_from(KNOWN)) for _ in range(3)))


@given(SETS, SETS, st.data())
def test_two_ends_always_come_to_an_agreement(
    first: tuple[frozenset[int], ...], second: tuple[frozenset[int], ...], data: st.DataObject
) -> None:
    """Whatever they offer, ask for and grant, and in whichever order it arrives; each is told what the other does."""
    one, other = Options(*first), Options(*second)
    ways = {one: Parser().feed(one.opening()), other: Parser().feed(other.opening())}
    for _ in range(100):
        ready = [end for end in (one, other) if ways[end]]
        if not ready:
            break
        sender = data.draw(st.sampled_from(ready))
        receiver = other if sender is one else one
        event = ways[sender].pop(0)
        assert isinstance(event, Negotiate)
        ways[receiver] += Parser().feed(receiver.answer(event))
    else:
        pytest.fail("they talk in a loop")
    for option in KNOWN:
        assert one.here(option) == other.there(option)
        assert one.there(option) == other.here(option)
