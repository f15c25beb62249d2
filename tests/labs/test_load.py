"""Lab files: what is read from a good one, and that a bad one answers with every mistake and its place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs import document
from labs.document import MistakesError
from labs.lab import End, Lab, Link, Startup
from labs.load import load

GOLDEN = Path(__file__).parent / "golden"
SMALL = """\
name: small
topology:
  nodes:
    R-A: {kind: router}
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "x.lab.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(MistakesError) as caught:
        load(write(folder, text), "x.lab.yml")
    return [str(mistake) for mistake in caught.value.mistakes]


def test_every_mistake_at_once_with_its_place() -> None:
    with pytest.raises(MistakesError) as caught:
        load(GOLDEN / "mistakes.lab.yml", "mistakes.lab.yml")
    assert str(caught.value).splitlines() == (GOLDEN / "mistakes.txt").read_text("utf-8").splitlines()


def test_defaults_then_kinds_then_the_node_itself(tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text("hostname A\n", "utf-8")
    lab = load(
        write(
            tmp_path,
            """\
name: merged
description: one line
stages: [{name: start}, {name: end, description: all of it}]
topology:
  defaults: {kind: router, group: all, labels: {x: "1", y: on}, startup-config: a.cfg}
  kinds:
    router: {version: "12.4(15)T1", labels: {y: 2}}
    switch: {startup-config: {start: a.cfg}}
  nodes:
    R-A: {type: 1841, version: "15.1(4)M12a", labels: {z: 12:30}, console: 5001, position: [1, 2.5]}
    R-B: {console: "10.0.0.1:5001", startup-config: "hostname B\\nend\\n"}
    SW-1: {kind: switch, group: one, console: "[::1]:7"}
    PC-A: {kind: pc}
  links:
    - endpoints: ["R-A:fa0/0", "R-B:FastEthernet 0/0"]
      cable: crossover
    - endpoints: ["SW-1:Fa0/24", "PC-A:f0"]
""",
        )
    )
    a, b, switch, pc = lab.nodes
    assert [node.kind for node in lab.nodes] == ["router", "router", "switch", "pc"]
    assert (a.type, a.version, a.group, a.console, a.position) == (
        "1841",
        "15.1(4)M12a",
        "all",
        ("127.0.0.1", 5001),
        (1.0, 2.5),
    )
    assert a.labels == {"x": "1", "y": "2", "z": "12:30"}, "on and 12:30 are texts in YAML 1.2"
    assert pc.labels == {"x": "1", "y": "on"}
    assert (b.version, b.console) == ("12.4(15)T1", ("10.0.0.1", 5001))
    assert (switch.group, switch.console) == ("one", ("::1", 7))
    assert a.startup == dict.fromkeys(("start", "end"), Startup("a.cfg", "hostname A\n"))
    assert b.startup["end"].text == "hostname B\nend\n"
    assert set(switch.startup) == {"start"}
    assert (lab.default_stage, [stage.name for stage in lab.stages]) == ("end", ["start", "end"])
    assert lab.links == (
        Link(End("R-A", "FastEthernet0/0"), End("R-B", "FastEthernet0/0"), "crossover"),
        Link(End("SW-1", "FastEthernet0/24"), End("PC-A", "FastEthernet0"), "straight"),
    )
    assert [number for number, _, _, _ in lab.ports()] == list(range(1, 2 + 2 + 24 + 1 + 1))


def test_a_wrong_cable_is_no_mistake(tmp_path: Path) -> None:
    text = SMALL + '    R-B: {kind: router}\n  links: [{endpoints: ["R-A:Fa0/0", "R-B:Fa0/0"], cable: straight}]\n'
    assert load(write(tmp_path, text)).links[0].cable == "straight"


def test_a_lab_without_stages_has_one(tmp_path: Path) -> None:
    lab = load(write(tmp_path, SMALL))
    assert (lab.default_stage, len(lab.stages)) == ("default", 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: a lab file expected, and this one is empty"]),
        ("# nothing\n", ["1:1: a lab file expected, and this one is empty"]),
        ("- a\n- b\n", ["1:1: a mapping expected, found a list"]),
        ("just words\n", ["1:1: a mapping expected, found the text 'just words'"]),
        ("name: x\n", ["1:1: the key 'topology' is missing here"]),
        ("name: x\ntopology: {nodes: {}}\n", ["2:19: at least one node expected"]),
        ("name: x\ntopology: {nodes: {A: }}\n", ["2:20: the key 'kind' is missing here; kinds: router, switch, pc, "]),
        ("name: x\n  topology: [\n", ["2:11: YAML: mapping values are not allowed here"]),
        ("name: x\ntopology: [a, b\n", ["3:1: YAML: while parsing a flow sequence, expected ',' or ']'"]),
        ("name: x\n--- \nname: y\n", ["2:1: YAML: expected a single document in the stream, but found another"]),
        (b"name: x\n\xff\xfe\n", ["2:1: UTF-8 text expected, and this octet is none"]),
        (b"name: x\ntext: \x00\n", ["2:7: text expected, and this character is none"]),
        (b"\x7fELF\x02\x01\x01\x00\x00", ["1:1: text expected, and this character is none"]),
        (SMALL + "    <<: {x: y}\n", ["5:5: merge keys (<<) are not part of YAML 1.2"]),
        (SMALL + "    R-C: !python/object:os.system {kind: pc}\n", ["5:10: the tag !python/object:os.system is not"]),
        (SMALL + "    ? [a]\n    : {}\n", ["5:7: a text expected as the key"]),
        (SMALL + "description: &a [*a]\n", ["5:14: a text expected", "5:14: a value that contains an alias of itself"]),
        (SMALL + "    -x: {kind: pc}\n", ["5:5: a node's name is made of letters, digits, - and _"]),
        (SMALL + f"    {'x' * 64}: {{kind: pc}}\n", ["5:5: a node's name is made of letters, digits, - and _"]),
        (
            SMALL + "    R-B: {kind: router, startup-config: .}\n",
            ["5:41: the startup-config '.' cannot be read: Is a directory"],
        ),
        (
            "name: x\nstages: [{name: s}]\ntopology: {kinds: {pc: {version: '1'}}, nodes: {P: {kind: pc}}}\n",
            ["3:34: unknown version of pc '1': this kind has none"],
        ),
        (
            "name: x\ntopology: {defaults: {kind: rooter}, nodes: {P: , Q: }}\n",
            ["2:29: unknown kind 'rooter'; did you mean 'router'?"],
        ),
        (
            SMALL + "    R-B: {kind: pc, console: 0.0.0.0:5000}\n    R-C: {kind: pc, console: 127.0.0.2:5000}\n",
            ["6:30: a port of its own expected; 5000 is the console of 'R-B' already"],
        ),
    ],
)
def test_a_mistake_names_its_place_and_what_was_expected(
    tmp_path: Path, text: str | bytes, expected: list[str]
) -> None:
    found = mistakes(tmp_path, text)
    assert len(found) == len(expected), found
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(f"x.lab.yml:{start}"), found


def test_what_is_no_file_at_all(tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match=r"^dir:1:1: a lab file expected, and this is a directory$"):
        load(tmp_path, "dir")
    with pytest.raises(MistakesError, match=r"^gone:1:1: cannot be read: No such file or directory$"):
        load(tmp_path / "gone", "gone")
    path = write(tmp_path, b"#" * (document.MAX_OCTETS + 1))
    with pytest.raises(MistakesError, match="at most 1048576 octets"):
        load(path)
    if os.geteuid() != 0:
        path.chmod(0)
        with pytest.raises(MistakesError, match="cannot be read: Permission denied"):
            load(path)


def test_aliases_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "at most 100000 values" in mistakes(tmp_path, "\n".join(lines))[0]


@given(octets=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_rubbish_is_answered_with_mistakes_and_nothing_else(
    octets: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "rubbish.lab.yml"
    path.write_bytes(octets)
    with pytest.raises(MistakesError) as caught:
        load(path)
    assert caught.value.mistakes
    assert all(mistake.line >= 1 and mistake.column >= 1 for mistake in caught.value.mistakes)


@given(data=st.data())
def test_a_good_file_with_one_part_spoilt_is_answered_too(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = (GOLDEN / "mistakes.lab.yml").read_text("utf-8")
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    path = tmp_path_factory.getbasetemp() / "spoilt.lab.yml"
    path.write_text(text[:start] + data.draw(st.text("{}[]&*!|>-: \n\t'\"#x7", max_size=6)) + text[end:], "utf-8")
    try:
        found: Lab | MistakesError = load(path)
    except MistakesError as error:
        found = error
    assert isinstance(found, Lab) or found.mistakes
