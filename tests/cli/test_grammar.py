"""Declarations: the notation, what a CommandSet refuses, and what a matched line means."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.cli import Accept, Args, CommandSet, Context, GrammarError, Match, Mode, Reject, Table
from nodes.cli.grammar import Choice, Keyword, Node, Sequence, Slot, parse, signature
from nodes.cli.matcher import Failure, Fault, Matched, listing, match
from tests.cli.toy import COMMANDS, Address

HELP = dict.fromkeys(
    ("a", "b", "c", "d", "e", "f", "g", "m", "n", "x", "y", "in", "out", "repeat", "size", "route", "route-map"), "Help"
)


def commands_of(*grammars: str, **options: Any) -> CommandSet:
    table = Table()
    for grammar in grammars:

        @table.command("config", grammar, help=HELP, **options)
        def handler(ctx: Context, args: Args) -> None: ...

    return CommandSet([table], params={"address": Address()})


def find(commands: CommandSet, line: str, mode: str = "config", *, abbreviate: bool = True) -> Matched | Failure:
    return match(commands, commands.root(mode, 15), line, abbreviate=abbreviate)


def args_of(commands: CommandSet, line: str) -> Args:
    found = find(commands, line)
    assert isinstance(found, Matched), found
    return found.args


def test_notation() -> None:
    assert parse("a <n:1-9,20-30> {b|c d}$way [e]*") == Sequence(
        (
            Keyword("a"),
            Choice((Slot("n", "1-9", (1, 9)), Slot("n", "20-30", (20, 30)))),
            Choice((Keyword("b"), Sequence((Keyword("c"), Keyword("d")))), group="way"),
            Choice((Keyword("e"),), optional=True, repeated=True),
        )
    )


@pytest.mark.parametrize(
    "text", ["", "a {", "a {b", "a }", "a [b}", "a {}", "a <n>", "a <n:9-1>", "a <n:1x>", "a {b|}", "{a}*", "[a]+"]
)
def test_bad_notation_is_refused_where_it_is_written(text: str) -> None:
    with pytest.raises(GrammarError):
        Table().command("config", text)(lambda ctx, args: None)


@pytest.mark.parametrize(
    ("grammar", "fault"),
    [
        ("a <n:nonsense>", "no parameter type 'nonsense'"),
        ("a undocumented", "no help for 'undocumented'"),
        ("a <z:word>", "no help for '<z>'"),
        ("[a]", "matches an empty line"),
    ],
)
def test_a_faulty_set_names_its_fault(grammar: str, fault: str) -> None:
    with pytest.raises(GrammarError, match=fault):
        commands_of(grammar)


def test_all_faults_at_once() -> None:
    with pytest.raises(GrammarError) as caught:
        commands_of("a unknown", "b unheard")
    assert str(caught.value).count("no help") == 2


def test_duplicates_and_unknown_modes_are_refused() -> None:
    with pytest.raises(GrammarError, match="same grammar"):
        commands_of("a {b|c} <n:word>", "a {c|b} <m:word>")
    table = Table()
    table.command("elsewhere", "a", help=HELP)(lambda ctx, args: None)
    with pytest.raises(GrammarError, match="no mode 'elsewhere'"):
        CommandSet([table])
    with pytest.raises(GrammarError, match="unknown parent"):
        CommandSet([], modes=[Mode("x", "(x)", "nowhere", "X commands:")])


def test_arguments() -> None:
    commands = commands_of("a <n:1-9> {b|c d}$way [e <m:word>] [{f|g}$last]")
    args = args_of(commands, "A 5 C d e hello g")
    assert args["n"] == 5
    assert args["way"] == "c d"
    assert args["m"] == "hello"
    assert args["last"] == "g"
    assert args.words == ("a", "c", "d", "e", "g")
    assert args.has("e")
    assert "m" in args
    assert not args.has("b")
    assert args.get("missing", 7) == 7
    assert args_of(commands, "a 5 b").get("last") is None


def test_repetition_takes_any_order() -> None:
    commands = commands_of("a [repeat <n:1-99>|size <m:1-99>|b]*")
    args = args_of(commands, "a size 5 b repeat 7 size 9")
    assert (args["n"], args["m"]) == (7, 9)
    assert args.all("m") == [5, 9]
    assert args.all("n") == [7]
    assert args.all("absent") == []
    assert args_of(commands, "a").words == ("a",)


def test_one_name_in_two_branches() -> None:
    commands = commands_of("a {in <n:1-9>|out <n:address>} x")
    assert args_of(commands, "a in 4 x")["n"] == 4
    assert args_of(commands, "a out 1.2.3.4 x")["n"] == "1.2.3.4"


def test_overlapping_parameters_of_several_commands() -> None:
    commands = commands_of("a <n:1-99> b", "a <m:1-199> c", "a <x:word> d")
    assert args_of(commands, "a 5 b")["n"] == 5
    assert args_of(commands, "a 5 c")["m"] == 5
    assert args_of(commands, "a foo d")["x"] == "foo"
    found = find(commands, "a 5 d")
    # A typed parameter beats a free word, and there is no way back from that.
    assert isinstance(found, Failure)
    assert found.offset == 4


def test_a_line_parameter_keeps_its_blanks() -> None:
    assert args_of(commands_of("a <n:line>"), "a  two  blanks | here ")["n"] == "two  blanks | here "


@pytest.mark.parametrize(
    ("line", "fault", "offset"),
    [
        ("show versoin", Fault.INVALID, 9),
        ("shwo", Fault.INVALID, 2),
        ("show ip route 10.0.0.999", Fault.INVALID, 21),
        ("show version extra", Fault.INVALID, 13),
        ("sh v x", Fault.INVALID, 5),
        ("  show  nothing", Fault.INVALID, 8),
        ("t", Fault.INCOMPLETE, 1),
        ("show ip", Fault.INCOMPLETE, 7),
        ("c", Fault.AMBIGUOUS, 0),
        ("show lines 100000", Fault.INVALID, 11),
        ("show lines 12x", Fault.INVALID, 13),
    ],
)
def test_where_a_line_goes_wrong(line: str, fault: Fault, offset: int) -> None:
    found = find(COMMANDS, line, "exec")
    assert isinstance(found, Failure)
    assert (found.fault, found.offset) == (fault, offset)


def test_a_parameter_of_two_words_may_be_incomplete() -> None:
    found = find(COMMANDS, "interface fa")
    assert isinstance(found, Failure)
    assert found.fault is Fault.INCOMPLETE
    assert args_of(COMMANDS, "interface fast 0/1")["port"] == "FastEthernet0/1"
    assert args_of(COMMANDS, "int fa0/1")["port"] == "FastEthernet0/1"


def test_an_exact_keyword_beats_its_longer_kin() -> None:
    commands = commands_of("a route", "a route-map <n:word>")
    assert args_of(commands, "a route").words == ("a", "route")
    found = find(commands, "a rout")
    assert isinstance(found, Failure)
    assert found.fault is Fault.AMBIGUOUS


def test_without_abbreviations() -> None:
    assert isinstance(find(COMMANDS, "SHOW version", "exec", abbreviate=False), Matched)
    assert isinstance(find(COMMANDS, "sh version", "exec", abbreviate=False), Failure)


def test_privilege_hides_commands() -> None:
    root = COMMANDS.root("exec", 1)
    assert isinstance(match(COMMANDS, root, "reload"), Failure)
    assert isinstance(match(COMMANDS, COMMANDS.root("exec", 15), "reload"), Matched)
    found = listing(COMMANDS, root, "")
    assert not isinstance(found, Failure)
    assert "reload" not in dict(found.entries)
    assert "configure" not in dict(found.entries)
    assert "show" in dict(found.entries)


def test_no_line_takes_exponential_time() -> None:
    class Greedy:
        label = "X"

        def __init__(self, count: int) -> None:
            self.count = count

        def consume(self, words: Collection[str]) -> Match:
            return Accept(None, self.count) if len(words) >= self.count else Reject()

    table = Table()
    table.command("config", "a [<n:one>|<m:two>]* b", help=HELP)(lambda ctx, args: None)
    commands = CommandSet([table], params={"one": Greedy(1), "two": Greedy(2)})
    assert isinstance(find(commands, "a" + " x" * 120), Failure)
    assert isinstance(listing(commands, commands.root("config", 15), "a" + " x" * 120 + " "), object)


# Random grammars: a line made from a grammar matches it, in full and abbreviated, and `?` offers each of its words.

words = st.sampled_from(["alpha", "beta", "gamma", "delta"])
leaves = st.one_of(
    words.map(Keyword),
    st.just(Slot("n", "1-99", (1, 99))),
    st.just(Slot("w", "word")),
)


def extend(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.lists(children, min_size=1, max_size=3).map(lambda items: Sequence(tuple(items))),
        st.builds(
            lambda options, optional: Choice(tuple(options), optional),
            st.lists(children, min_size=1, max_size=3),
            st.booleans(),
        ),
    )


trees = st.recursive(leaves, extend, max_leaves=8)


def notation(node: Node) -> str:
    if isinstance(node, Keyword):
        return node.text
    if isinstance(node, Slot):
        return f"<{node.name}:{node.type}>"
    if isinstance(node, Sequence):
        return " ".join(notation(item) for item in node.items)
    inner = "|".join(notation(option) for option in node.options)
    return f"[{inner}]" if node.optional else f"{{{inner}}}"


@st.composite
def sentences(draw: st.DrawFn, node: Node) -> list[str]:
    if isinstance(node, Keyword):
        return [node.text]
    if isinstance(node, Slot):
        # A free word that no keyword begins with, or the keyword would rightly win.
        return [str(draw(st.integers(1, 99))) if node.bounds else "zzz"]
    if isinstance(node, Sequence):
        return [word for item in node.items for word in draw(sentences(item))]
    if node.optional and draw(st.booleans()):
        return []
    return draw(sentences(draw(st.sampled_from(node.options))))


@st.composite
def grammars_and_lines(draw: st.DrawFn) -> tuple[Node, list[str]]:
    tree = Sequence((Keyword("start"), draw(trees)))
    return tree, draw(sentences(tree))


@given(grammars_and_lines())
def test_a_sentence_of_a_grammar_matches_it(case: tuple[Node, list[str]]) -> None:
    tree, line = case
    text = notation(tree)
    assert signature(parse(text)).replace(" ", "") == signature(tree).replace(" ", "")
    table = Table()
    help = dict.fromkeys(["start", "alpha", "beta", "gamma", "delta", "n", "w"], "help")
    table.command("config", text, help=help)(lambda ctx, args: None)
    commands = CommandSet([table])
    found = find(commands, " ".join(line))
    # A number that stands for a free word is taken as a number, and the line may end there.
    typed_beats_free = isinstance(found, Failure)
    if isinstance(found, Matched):
        assert [word for word in line if word.isalpha() and word != "zzz"] == list(found.args.words)
    for count in range(len(line)):
        offered = listing(commands, commands.root("config", 15), "".join(f"{word} " for word in line[:count]))
        if isinstance(offered, Failure):
            assert typed_beats_free
            continue
        assert offered.entries
        assert all(help for _, help in offered.entries)


@given(st.text(max_size=60), st.sampled_from(["exec", "config", "config-if"]))
def test_any_text_has_an_answer(line: str, mode: str) -> None:
    if line.split():
        found = find(COMMANDS, line, mode)
        if isinstance(found, Failure):
            assert 0 <= found.offset <= len(line)
    listing(COMMANDS, COMMANDS.root(mode, 15), line)
