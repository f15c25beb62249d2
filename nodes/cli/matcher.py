"""Matching a line against the commands of a mode, and the lists behind ``?`` and Tab.

Words are resolved one after the other as IOS does: an exact keyword beats abbreviations, several keywords that a word
abbreviates are an ambiguity, a keyword beats a parameter, a typed parameter beats a free word. What does not fit is
answered with the place of the first character that fits nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from nodes.cli.commandset import CommandSet, Position, State
from nodes.cli.context import Args
from nodes.cli.params import Accept, Completing, Continuing, Param, is_verbatim, rank_of
from nodes.cli.table import Form, Polarity

_WORD = re.compile(r"\S+")


class Fault(Enum):
    INVALID = "invalid"
    AMBIGUOUS = "ambiguous"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a line is no command.

    ``offset``: for INVALID, of the first character of the line that fits nothing. ``word``: index of the word at
    fault (for INCOMPLETE, the number of words). ``words``: how many the line has. ``keyword``: for INCOMPLETE, the
    first keyword in full.
    """

    fault: Fault
    offset: int
    word: int
    words: int
    keyword: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    form: Form
    args: Args

    @property
    def polarity(self) -> Polarity:
        """``no`` and ``default`` share a form; the first word tells them apart."""
        return self.form.polarity if self.form.polarity is Polarity.PLAIN else Polarity(self.args.words[0])


@dataclass(slots=True)
class _Step:
    """One resolved token: the positions it may stand for, and for parameters the value by parameter."""

    reached: Sequence[Position]
    values: dict[int, Any] | None
    #: What was typed, where it stands for a parameter.
    typed: str = ""
    state: State | None = None

    def after(self, commands: CommandSet) -> State:
        if self.state is None:
            self.state = commands.state(self.reached)
        return self.state


class Words:
    """A line cut at blanks; remembers where each word stands."""

    __slots__ = ("line", "starts", "texts")

    def __init__(self, line: str, start: int = 0) -> None:
        self.line = line
        self.texts: list[str] = []
        self.starts: list[int] = []
        for match in _WORD.finditer(line, start):
            self.texts.append(match[0])
            self.starts.append(match.start())


def match(
    commands: CommandSet, root: State, line: str, start: int = 0, *, abbreviate: bool = True
) -> Matched | Failure:
    """Match ``line`` from character ``start`` on; there is at least one word."""
    return _Run(commands, Words(line, start), abbreviate).match(root)


class _Run:
    """One line against one root. Backtracks only where parameters accept different numbers of words."""

    def __init__(self, commands: CommandSet, words: Words, abbreviate: bool) -> None:
        self._commands = commands
        self._words = words
        self._abbreviate = abbreviate
        self._failure: Failure | None = None
        self._dead: set[tuple[int, int]] = set()
        #: Parameters for which the words were right but not enough: (parameter, help, its words so far).
        self.unfinished: list[tuple[Param, str, list[str]]] = []

    def match(self, root: State) -> Matched | Failure:
        steps: list[_Step] = []
        form = self._walk(root, 0, steps)
        if form is None:
            assert self._failure is not None
            return self._failure
        return Matched(form, _bind(form, steps))

    def states_before(self, root: State, count: int) -> list[State]:
        """The states that the first ``count`` words lead to; empty after a failure, which ``failure`` then tells."""
        found: list[State] = []
        self._collect(root, 0, count, found, set())
        return found

    @property
    def failure(self) -> Failure | None:
        return self._failure

    def _walk(self, state: State, index: int, steps: list[_Step]) -> Form | None:
        texts = self._words.texts
        while index < len(texts):
            branches = self._branches(state, index)
            if not branches:
                return None
            for count, step in branches[:-1]:
                after = step.after(self._commands)
                if (id(after), index + count) in self._dead:
                    continue
                mark = len(steps)
                steps.append(step)
                form = self._walk(after, index + count, steps)
                if form is not None:
                    return form
                # Never walked twice, so that no line takes exponential time.
                self._dead.add((id(after), index + count))
                del steps[mark:]
            count, step = branches[-1]
            steps.append(step)
            state = step.after(self._commands)
            index += count
        if state.end is None:
            self._fail(Fault.INCOMPLETE, len(self._words.line), len(texts), steps)
        return state.end

    def _collect(self, state: State, index: int, count: int, found: list[State], seen: set[tuple[int, int]]) -> None:
        if (id(state), index) in seen:
            return
        seen.add((id(state), index))
        if index == count:
            found.append(state)
            return
        for taken, step in self._branches(state, index):
            if index + taken <= count:
                self._collect(step.after(self._commands), index + taken, count, found, seen)

    def _branches(self, state: State, index: int) -> list[tuple[int, _Step]]:
        """The ways to read the word at ``index``: (words taken, step). Empty after noting the failure."""
        text = self._words.texts[index]
        key = text.lower()
        candidates = state.candidates(key) if self._abbreviate else ((key,) if key in state.keywords else ())
        if len(candidates) == 1:
            found = candidates[0]
            return [(1, _Step(state.keywords[found], None, state=state.after_keyword(found, self._commands)))]
        if candidates:
            self._fail(Fault.AMBIGUOUS, self._words.starts[index], index)
            return []
        return self._params(state, index, key)

    def _params(self, state: State, index: int, key: str) -> list[tuple[int, _Step]]:
        words, starts = self._words, self._words.starts
        furthest = -1
        incomplete = False
        rest = words.texts[index:]
        best = 1 << 30
        accepted: dict[int, _Step] = {}
        for param, positions in state.params:
            rank = rank_of(param)
            if rank > best:
                continue
            verbatim = is_verbatim(param)
            outcome = param.consume((words.line[starts[index] :],) if verbatim else rest)
            if not isinstance(outcome, Accept):
                if index + outcome.word >= len(starts):
                    incomplete = True
                    self.unfinished.append((param, positions[0].help, rest))
                else:
                    furthest = max(furthest, starts[index + outcome.word] + outcome.offset)
                continue
            if rank < best:
                best = rank
                accepted.clear()
            count = len(rest) if verbatim else outcome.count
            step = accepted.get(count)
            if step is None:
                typed = words.line[starts[index] :] if verbatim else " ".join(rest[:count])
                accepted[count] = _Step(list(positions), {id(param): outcome.value}, typed)
            else:
                step.reached = [*step.reached, *positions]
                assert step.values is not None
                step.values[id(param)] = outcome.value
        if accepted:
            # The reading that takes the most words first: "FastEthernet 0/0" before "FastEthernet" and something else.
            return sorted(accepted.items(), key=lambda item: -item[0])
        if incomplete:
            self._fail(Fault.INCOMPLETE, len(words.line), len(starts))
        else:
            self._fail(Fault.INVALID, max(furthest, starts[index] + _common(key, state)), index)
        return []

    def _fail(self, fault: Fault, offset: int, word: int, steps: Sequence[_Step] = ()) -> None:
        """Keep the failure that got furthest; of readings that end together, the first."""
        if self._failure is None or offset > self._failure.offset:
            keyword = steps[0].reached[0].keyword if steps else ""
            self._failure = Failure(fault, offset, word, len(self._words.texts), keyword)


def _common(word: str, state: State) -> int:
    """How many characters of ``word`` begin some keyword of the state: one of those between which it would stand."""
    keywords = state.sorted_keywords
    at = bisect_left(keywords, word)
    return max((_shared(word, keyword) for keyword in keywords[max(at - 1, 0) : at + 1]), default=0)


def _shared(one: str, other: str) -> int:
    """How many leading characters agree."""
    same = 0
    for have, want in zip(one, other, strict=False):
        if have != want:
            break
        same += 1
    return same


def _bind(form: Form, steps: Sequence[_Step]) -> Args:
    """Trace the form's own path through the steps, backwards from where it ends, and collect its arguments."""
    path: list[Position] = []
    after: Position | None = None
    for step in reversed(steps):
        for position in step.reached:
            if position.form is form and (position.ends if after is None else after in position.follow):
                after = position
                break
        assert after is not None
        path.append(after)
    path.reverse()
    values: dict[str, Any] = {}
    repeated: dict[str, list[Any]] = {}
    keywords: list[str] = []
    spelled: list[str] = []
    for position, step in zip(path, steps, strict=True):
        if position.param is None:
            spelled.append(position.keyword)
            keywords.append(position.keyword)
            group = position.group
            if group is not None:
                values[group] = f"{values[group]} {position.keyword}" if group in values else position.keyword
        else:
            assert step.values is not None
            value = step.values[id(position.param)]
            # A name that a parameter completes, like that of an interface, is spelled in full.
            spelled.append(value if isinstance(value, str) and not is_verbatim(position.param) else step.typed)
            values[position.name] = value
            repeated.setdefault(position.name, []).append(value)
    return Args(values, tuple(keywords), repeated, " ".join(spelled))


@dataclass(frozen=True, slots=True)
class Listing:
    """What ``?`` shows: (word, help) sorted as IOS sorts; ``complete`` when ``<cr>`` is possible.

    ``bare`` when a word was begun: then only the words are shown. ``pipe`` when output modifiers may follow.
    """

    entries: list[tuple[str, str]]
    bare: bool
    complete: bool
    pipe: bool


def listing(
    commands: CommandSet, root: State, line: str, start: int = 0, *, abbreviate: bool = True
) -> Listing | Failure:
    """What may stand at the end of ``line``: the next word after a blank, otherwise the rest of the last word."""
    words = Words(line, start)
    bare = bool(words.texts) and not line[-1:].isspace()
    count = len(words.texts) - bare
    run = _Run(commands, words, abbreviate)
    states = run.states_before(root, count)
    if not states and run.unfinished and not bare:
        return Listing(_following(run.unfinished), False, False, False)
    if not states and bare:
        # The word that was begun may belong to the one before it, as a number does to an interface type.
        head = _Run(commands, Words(line[: words.starts[-1]], start), abbreviate)
        head.states_before(root, count)
        entered = _following(head.unfinished, words.texts[-1])
        if entered:
            return Listing(entered, False, False, False)
    if not states:
        return run.failure or Failure(Fault.INVALID, len(line), count, len(words.texts))
    prefix = words.texts[-1] if bare else ""
    entries: dict[str, str] = {}
    for state in states:
        for key in state.sorted_keywords:
            visible = [position for position in state.keywords[key] if not position.form.command.hidden]
            if visible and key.startswith(prefix.lower()):
                entries.setdefault(visible[0].keyword, visible[0].help)
        for param, positions in state.params:
            visible = [position for position in positions if not position.form.command.hidden]
            if visible:
                for word, help in _param_entries(param, visible[0], prefix):
                    entries.setdefault(word, help)
    ends = [state.end for state in states if state.end is not None]
    pipe = any(end.command.pipe for end in ends)
    return Listing(sorted(entries.items()), bare, bool(ends), pipe)


def _following(unfinished: Sequence[tuple[Param, str, list[str]]], begun: str = "") -> list[tuple[str, str]]:
    entries: dict[str, str] = {}
    for param, help, words in unfinished:
        if isinstance(param, Continuing):
            following = param.following([*words, begun] if begun else words)
        else:
            following = () if begun else ((param.label, help),)
        for label, text in following:
            entries.setdefault(label, text)
    return sorted(entries.items())


def _param_entries(param: Param, position: Position, prefix: str) -> Sequence[tuple[str, str]]:
    if isinstance(param, Completing):
        words = param.completions(prefix)
        if words:
            return words
    if prefix:
        outcome = param.consume((prefix,))
        fits = isinstance(outcome, Accept) or outcome.word > 0 or outcome.offset == len(prefix)
        if not fits:
            return ()
        if isinstance(param, Continuing):
            return param.following((prefix,)) or ((param.label, position.help),)
    return ((param.label, position.help),)


def complete(commands: CommandSet, root: State, line: str, start: int = 0, *, abbreviate: bool = True) -> str | None:
    """The line with its last word completed and a blank after it, or None when there is no single completion."""
    words = Words(line, start)
    if not words.texts or line[-1:].isspace():
        return None
    last = words.texts[-1]
    states = _Run(commands, words, abbreviate).states_before(root, len(words.texts) - 1)
    found: dict[str, None] = {}
    for state in states:
        for key in state.candidates(last.lower()):
            visible = [position for position in state.keywords[key] if not position.form.command.hidden]
            if visible:
                found.setdefault(visible[0].keyword)
        if not found:
            for param, _ in state.params:
                if isinstance(param, Completing):
                    found |= {word: None for word, _ in param.completions(last)}
    if len(found) != 1:
        return None
    return f"{line[: words.starts[-1]]}{next(iter(found))} "


def delegated(
    commands: CommandSet, root: State, line: str, start: int = 0, *, abbreviate: bool = True
) -> tuple[str, int] | None:
    """(mode, offset) when the line begins with a word like ``do`` after which a command of that mode stands."""
    word = _WORD.search(line, start)
    if word is None:
        return None
    key = word[0].lower()
    candidates = root.candidates(key) if abbreviate else ((key,) if key in root.keywords else ())
    if len(candidates) != 1:
        return None
    mode = root.keywords[candidates[0]][0].form.command.delegate
    rest = _WORD.search(line, word.end())
    if mode is None:
        return None
    if rest is not None:
        return mode, rest.start()
    # "do " with nothing yet: for `?` the list is that of the other mode, for Enter the command is incomplete.
    return (mode, len(line)) if line[word.end() :] else None


def keywords(commands: CommandSet, root: State, line: str) -> tuple[str, ...] | None:
    """The words of ``line`` as keywords in full, in lower case; None when one of them is none, or not a single one."""
    found: list[str] = []
    state = root
    for word in line.split():
        candidates = state.candidates(word.lower())
        if len(candidates) != 1:
            return None
        found.append(candidates[0])
        state = state.after_keyword(candidates[0], commands)
    return tuple(found) or None
