"""Monitor sessions: which of them cannot be made, and what the rest ask of the wires."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest

from nodes.base.limits import SPAN_LIMITS, SpanLimits
from nodes.engine.span.programs import WHOLE, Case, Copying, Edit, PortVlans, Vlans, copyings
from nodes.engine.span.sessions import Destination, Direction, Editor, Encapsulation, Kind, Session, Sessions, SpanError

NATIVE = Destination()
MANY = SpanLimits(sessions=66, sources=2, destinations=64)
RX, TX, BOTH = Direction.RX, Direction.TX, Direction.BOTH


def editor(sessions: Sessions | None = None, limits: SpanLimits = SPAN_LIMITS) -> Editor:
    return Editor({} if sessions is None else sessions, limits, ",".join)


# What may be configured --------------------------------------------------------------------------------------------


def test_the_lab() -> None:
    spans = editor()
    spans.add_ports(1, ["2"])
    spans.add_destinations(1, ["24"], NATIVE)
    assert spans.sessions == {1: Session(ports={"2": BOTH}, destinations={"24": NATIVE})}
    assert spans.sessions[1].kind is Kind.LOCAL
    assert spans.sessions[1].taken == {"24"}


def test_directions_add_up_and_come_off() -> None:
    spans = editor()
    spans.add_ports(1, ["2", "3"], RX)
    spans.add_ports(1, ["3", "4"], TX)
    assert spans.sessions[1].ports == {"2": RX, "3": BOTH, "4": TX}
    spans.remove_ports(1, ["2", "3", "4", "5"], RX)
    assert spans.sessions[1].ports == {"3": TX, "4": TX}
    spans.remove_ports(1, ["3", "4"])
    assert spans.sessions == {}
    spans.add_vlans(2, [10, 20])
    spans.remove_vlans(2, [10], TX)
    assert spans.sessions[2].vlans == {10: RX, 20: BOTH}
    spans.remove_vlans(2, range(10, 21))
    assert spans.sessions == {}


def test_settings_of_a_destination_are_those_given_last() -> None:
    spans = editor()
    tagged = Destination(Encapsulation.DOT1Q, 5, True)
    spans.add_destinations(1, ["24"], tagged)
    spans.add_destinations(1, ["24"], NATIVE)
    assert spans.sessions[1].destinations == {"24": NATIVE}
    spans.remove_destinations(1, ["23", "24"])
    assert spans.sessions == {}


def test_filters_add_up() -> None:
    spans = editor()
    spans.add_filter(1, [1, 2])
    spans.add_filter(1, [3])
    spans.remove_filter(1, [2, 7])
    assert spans.sessions[1].filter == {1, 3}
    spans.remove_filter(1)
    assert spans.sessions == {}


def test_a_reflector_port_goes_with_its_vlan() -> None:
    spans = editor()
    spans.set_to_remote(1, 901, "20")
    assert (spans.sessions[1].kind, spans.sessions[1].taken) == (Kind.REMOTE_SOURCE, {"20"})
    spans.remove_to_remote(1, 902)
    assert spans.sessions[1].to_remote == 901
    spans.remove_to_remote(1, 901)
    assert spans.sessions == {}


BUSY: Sessions = {
    1: Session(ports={"2": BOTH}, destinations={"24": NATIVE}),
    2: Session(from_remote=901, destinations={"23": NATIVE}),
}
REMOTE: Sessions = {1: Session(vlans={10: BOTH}, to_remote=901, reflector="20"), 2: Session(filter=frozenset({5}))}


@pytest.mark.parametrize(
    ("sessions", "attempt", "text"),
    [
        (BUSY, lambda e: e.add_destinations(1, ["2"], NATIVE), "Interface(s) 2 already configured as monitor sources"),
        (BUSY, lambda e: e.add_destinations(2, ["2"], NATIVE), "Interface(s) 2 already configured as monitor sources"),
        (BUSY, lambda e: e.add_ports(1, ["3", "24"]), "Interface(s) 24 already configured as monitor destinations"),
        (BUSY, lambda e: e.add_ports(1, ["23", "24"]), "Interface(s) 23,24 already configured as monitor destinations"),
        (
            BUSY,
            lambda e: e.add_destinations(2, ["24"], NATIVE),
            "Interface(s) 24 already configured as monitor destinations in other monitor sessions",
        ),
        (BUSY, lambda e: e.add_destinations(1, ["22"], NATIVE), "Only one Dst port is supported"),
        (BUSY, lambda e: e.add_vlans(1, [10]), "Cannot mix source interfaces and source VLANs in SPAN session 1"),
        (BUSY, lambda e: e.add_ports(2, ["3"]), "Cannot add source interface to SPAN session 2 as it is a RSPAN"),
        (BUSY, lambda e: e.add_vlans(2, [3]), "Cannot add source VLAN to SPAN session 2 as it is a RSPAN Destination"),
        (BUSY, lambda e: e.add_filter(2, [3]), "Cannot add a VLAN filter to SPAN session 2 as it is a RSPAN"),
        (BUSY, lambda e: e.set_to_remote(2, 902), "Cannot add a destination RSPAN VLAN to SPAN session 2 as it is a"),
        (BUSY, lambda e: e.set_to_remote(1, 902), "SPAN session 1 has destination interfaces already"),
        (BUSY, lambda e: e.set_from_remote(1, 902), "Cannot add a source RSPAN VLAN to SPAN session 1 as it is not a"),
        (REMOTE, lambda e: e.add_ports(1, ["2"]), "Cannot mix source interfaces and source VLANs in SPAN session 1"),
        (REMOTE, lambda e: e.add_filter(1, [3]), "Cannot have both source VLANs and a VLAN filter in SPAN session 1"),
        (REMOTE, lambda e: e.add_vlans(2, [3]), "Cannot have both source VLANs and a VLAN filter in SPAN session 2"),
        (REMOTE, lambda e: e.add_ports(2, ["20"]), "Interface(s) 20 already configured as monitor reflector ports"),
        (REMOTE, lambda e: e.add_destinations(1, ["3"], NATIVE), "SPAN session 1 has a destination RSPAN VLAN already"),
        (
            {1: Session(to_remote=901, reflector="20")},
            lambda e: e.set_from_remote(2, 901),
            "VLAN 901 is the destination RSPAN VLAN of another SPAN session",
        ),
        (
            {2: Session(from_remote=901)},
            lambda e: e.set_to_remote(1, 901),
            "VLAN 901 is the source RSPAN VLAN of another SPAN session",
        ),
        (REMOTE, lambda e: e.set_to_remote(2, 902, "20"), "Interface(s) 20 already configured as monitor reflector"),
        (BUSY, lambda e: e.set_to_remote(3, 902, "24"), "Interface(s) 24 already configured as monitor destinations"),
        (BUSY, lambda e: e.set_to_remote(3, 902, "2"), "Interface(s) 2 already configured as monitor sources"),
        (
            {1: Session(ports={"2": RX}), 2: Session(to_remote=901)},
            lambda e: e.add_vlans(3, [10]),
            "Platform can support a maximum of 2 source sessions",
        ),
    ],
)
def test_what_cannot_be(sessions: Sessions, attempt: Callable[[Editor], None], text: str) -> None:
    with pytest.raises(SpanError) as caught:
        attempt(editor(deepcopy(sessions)))
    assert str(caught.value).startswith(text)


def test_other_types_can_do_more() -> None:
    spans = editor({}, MANY)
    spans.add_destinations(1, ["22", "23", "24"], NATIVE)
    for number in range(2, 20):
        spans.set_from_remote(number, 900 + number)
    spans.add_ports(20, ["1"])
    spans.add_ports(21, ["1"])
    with pytest.raises(SpanError, match="maximum of 2 source sessions"):
        spans.add_ports(22, ["1"])


# What the wires are asked ------------------------------------------------------------------------------------------

PORTS = {
    "1": PortVlans(10, frozenset({10})),
    "2": PortVlans(20, frozenset({20})),
    "3": PortVlans(1, None, trunk=True),
    "4": PortVlans(10, frozenset({10, 20, 901}), trunk=True),
    "24": PortVlans(1, frozenset({1})),
}
NONE = Vlans(frozenset({1, 10, 20}), {})
RSPAN = Vlans(frozenset({1, 10, 20, 901}), {901: {"3": True, "4": True}})
CUT = Edit(12, 4, b"")
PLAIN = Edit(0, 0, b"")
ANY_TAG = (12, b"\xff\xff", ((0x8100, 0x8100),))


def tags(*runs: tuple[int, int]) -> tuple[int, bytes, tuple[tuple[int, int], ...]]:
    return 12, b"\xff\xff\x0f\xff", tuple((0x81000000 | low, 0x81000000 | high) for low, high in runs)


def only(session: Session, vlans: Vlans = NONE) -> Copying:
    (found,) = copyings({1: session}, PORTS, vlans)
    return found


def test_without_a_source_or_a_destination_there_is_nothing_to_do() -> None:
    assert copyings({1: Session(ports={"1": RX}), 2: Session(destinations={"24": NATIVE})}, PORTS, NONE) == []


def test_native_copies_have_no_tag() -> None:
    copying = only(Session(ports={"3": BOTH, "1": RX}, destinations={"24": NATIVE}))
    program = (Case(*ANY_TAG, CUT), Case(0, b"", (), PLAIN))
    assert copying == Copying(1, (("1", RX, program), ("3", BOTH, program)), "24")


def test_replicated_copies_are_what_they_were() -> None:
    copying = only(Session(ports={"3": BOTH}, destinations={"24": Destination(Encapsulation.REPLICATE)}))
    assert copying.sources == (("3", BOTH, WHOLE),)


def test_dot1q_copies_have_the_tag_of_their_vlan() -> None:
    copying = only(Session(ports={"1": TX}, destinations={"24": Destination(Encapsulation.DOT1Q)}))
    tag = bytes.fromhex("8100000a")
    expected = (Case(*tags((0, 0)), Edit(12, 4, tag)), Case(*ANY_TAG, PLAIN), Case(0, b"", (), Edit(12, 0, tag)))
    assert copying.sources == (("1", TX, expected),)


def test_a_filter_is_for_trunks() -> None:
    session = Session(ports={"1": RX, "3": RX}, filter=frozenset({10, 11, 20}), destinations={"24": NATIVE})
    (access, trunk) = only(session).sources
    assert access[2] == (Case(*ANY_TAG, CUT), Case(0, b"", (), PLAIN))
    assert trunk[2] == (Case(*tags((10, 11), (20, 20)), CUT), Case(*ANY_TAG, None))
    session.filter = frozenset({1})
    assert only(session).sources[1][2] == (
        Case(*tags((1, 1)), CUT),
        Case(*tags((0, 0)), CUT),
        Case(*ANY_TAG, None),
        Case(0, b"", (), PLAIN),
    )


def test_source_vlans_are_looked_for_on_the_ports_that_carry_them() -> None:
    session = Session(vlans={10: BOTH, 20: RX, 30: BOTH}, destinations={"24": NATIVE})
    found = [(name, direction) for name, direction, _ in only(session).sources]
    assert found == [("1", BOTH), ("2", RX), ("3", RX), ("3", TX), ("4", RX), ("4", TX)]
    # VLAN 30 does not exist here, and a monitoring port is no source.
    assert only(session).sources[2][2] == (Case(*tags((10, 10), (20, 20)), CUT), Case(*ANY_TAG, None))
    assert copyings({1: Session(vlans={1: RX}, destinations={"24": NATIVE, "3": NATIVE})}, PORTS, NONE) == []


def test_each_destination_gets_its_own_form() -> None:
    session = Session(ports={"3": RX}, destinations={"24": NATIVE, "2": Destination(Encapsulation.REPLICATE)})
    assert [
        (copying.destination, copying.sources[0][2] == WHOLE) for copying in copyings({7: session}, PORTS, NONE)
    ] == [
        ("24", False),
        ("2", True),
    ]


def test_into_an_rspan_vlan_by_all_its_trunks_and_never_from_it() -> None:
    session = Session(ports={"1": BOTH, "3": BOTH}, to_remote=901)
    found = copyings({1: session}, PORTS, RSPAN)
    assert [copying.destination for copying in found] == ["3", "4"]
    tag = bytes.fromhex("81000385")
    neighbours, wanted, priority, other, plain = found[0].sources[1][2]
    assert (neighbours.at, neighbours.edit) == (0, None)
    assert wanted == Case(*tags((1, 900), (902, 4095)), Edit(12, 4, tag))
    assert (priority.edit, other.edit, plain.edit) == (Edit(12, 4, tag), None, Edit(12, 0, tag))
    assert copyings({1: session}, PORTS, NONE) == [], "901 is no RSPAN VLAN here"


def test_out_of_an_rspan_vlan_what_comes_in_by_its_trunks() -> None:
    session = Session(from_remote=901, destinations={"24": NATIVE})
    program = (Case(*tags((901, 901)), CUT), Case(*ANY_TAG, None))
    assert only(session, RSPAN).sources == (("3", RX, program), ("4", RX, program))
    session.destinations = {"24": Destination(Encapsulation.REPLICATE)}
    assert only(session, RSPAN).sources[0][2] == program, "there is nothing left to replicate"
    session.destinations = {"24": Destination(Encapsulation.DOT1Q)}
    assert only(session, RSPAN).sources[0][2] == (Case(*tags((901, 901)), PLAIN), Case(*ANY_TAG, None))
    assert copyings({1: session}, PORTS, NONE) == []


def test_where_the_rspan_vlan_is_native_it_has_no_tag() -> None:
    ports = PORTS | {"4": PortVlans(901, None, trunk=True)}
    vlans = Vlans(frozenset({1, 10, 901}), {901: {"4": False}})
    (into,) = copyings({1: Session(ports={"1": RX}, to_remote=901)}, ports, vlans)
    assert [case.edit for case in into.sources[0][2][1:]] == [CUT, CUT, None, PLAIN]
    (out,) = copyings({1: Session(from_remote=901, destinations={"24": NATIVE})}, ports, vlans)
    assert [case.edit for case in out.sources[0][2]] == [CUT, CUT, None, PLAIN]
