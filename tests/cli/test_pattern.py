"""The regular expressions of output modifiers, with Python's own matcher as the oracle."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.cli.filters import Filter
from nodes.cli.pattern import Pattern, PatternError

atoms = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", "\\.", "^", "$"])
expressions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda options: f"({'|'.join(options)})"),
        inner.filter(lambda text: "^" not in text and "$" not in text).map(lambda text: f"({text})*"),
        inner.filter(lambda text: "^" not in text and "$" not in text).map(lambda text: f"({text})?"),
    ),
    max_leaves=8,
)


def anchors_stand_at_the_ends(expression: str) -> bool:
    # Here the ends of a line are symbols, each there once: "^^" and "$$" can match for Python only.
    plain = expression.replace("[^", "[")
    return "^" not in plain[1:] and "$" not in plain[:-1]


@given(expressions.filter(anchors_stand_at_the_ends), st.text("abc.", max_size=12))
def test_agrees_with_python(expression: str, line: str) -> None:
    assert Pattern(expression).search(line) == bool(re.search(expression, line))


@pytest.mark.parametrize(
    ("expression", "line", "found"),
    [
        ("_100_", "via 100 200", True),
        ("_100_", "100", True),
        ("_100_", "via 1002", False),
        ("my_map", "route-map my_map permit", True),
        ("^$", "", True),
        ("^$", " ", False),
        ("[]a]x", "]x", True),
        ("0/[01]", "FastEthernet0/1", True),
    ],
)
def test_cases(expression: str, line: str, found: bool) -> None:
    assert Pattern(expression).search(line) is found


@pytest.mark.parametrize("expression", ["(", ")", "*", "+a", "[a", "[b-a]", "a\\", "(" * 100, "a" * 300])
def test_what_is_no_expression(expression: str) -> None:
    with pytest.raises(PatternError):
        Pattern(expression)


@pytest.mark.parametrize("expression", ["(a*)*b", "(a|a)*b", "(a+a+)+b", "(.*.*.*.*.*)*b"])
@pytest.mark.timeout(5)
def test_no_expression_takes_long(expression: str) -> None:
    assert not Pattern(expression).search("a" * 2000)


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_matches_or_is_refused(expression: str, line: str) -> None:
    with contextlib.suppress(PatternError):
        Pattern(expression).search(line)


LINES = ["interface A", " ip x", "  deeper", " shutdown", "!", "interface B", " ip y", "end"]


@pytest.mark.parametrize(
    ("kind", "expression", "kept"),
    [
        ("include", "ip", [" ip x", " ip y"]),
        ("exclude", "^ ", ["interface A", "!", "interface B", "end"]),
        ("begin", "B", ["interface B", " ip y", "end"]),
        ("section", "A", ["interface A", " ip x", "  deeper", " shutdown"]),
        ("section", "ip x", [" ip x", "  deeper"]),
        ("section", "interface", [*LINES[:4], *LINES[5:7]]),
        ("count", "interface", ["Number of lines which match regexp = 2"]),
        ("include", "nothing", []),
    ],
)
def test_modifiers(kind: str, expression: str, kept: list[str]) -> None:
    assert list(Filter(kind, Pattern(expression)).apply(LINES)) == kept
