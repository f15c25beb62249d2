"""A console session: bytes and time in, bytes out. It does no I/O of its own.

receive(data, now)  what the client typed, telnet already taken out
advance(now)        the device did something, or a deadline passed
next_deadline()     when to call advance() at the latest
output()            what to send, drained
notify(line, now)   a log line to show in between
resize(c, r)        the client's window
stall(yes)          whether the client takes what it is sent
behind              whether what was typed waits for room for its output alone
hangup()            the client has gone
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from nodes.cli.commandset import CommandSet
from nodes.cli.context import Ask, Rejected, Wait
from nodes.cli.dialect import Dialect
from nodes.cli.editor import BELL, ERASING, LineEditor
from nodes.cli.filters import compiled
from nodes.cli.help import help_text
from nodes.cli.history import History
from nodes.cli.keys import BREAK, ENTER, INTERRUPT, KeyDecoder
from nodes.cli.login import Authority, Login
from nodes.cli.matcher import Failure
from nodes.cli.pager import FILTERING, MORE, SEARCHES, WIPE, Pager
from nodes.cli.run import Run
from nodes.cli.terminal import Line, Terminal

#: Characters that may wait while a command runs.
TYPE_AHEAD_LIMIT: Final = 64 * 1024
#: Characters of output that may wait for the client before what was typed next waits too.
OUTPUT_LIMIT: Final = 1 << 20
#: Log lines that may wait while the screen is at --More-- or at a question, or the client does not read.
_NOTICES_LIMIT: Final = 100

_END: Final = "\x1a"  # Ctrl-Z
_REDRAW: Final = ("\x0c", "\x12")  # Ctrl-L, Ctrl-R
_PREVIOUS: Final = "\x10"  # Ctrl-P, Up
_NEXT: Final = "\x0e"  # Ctrl-N, Down
_TAB: Final = "\t"


class Session(Terminal):
    """One user at one line of a device. The prompt is there from the start, or once the ``authority`` is content."""

    def __init__(
        self,
        commands: CommandSet,
        dialect: Dialect,
        device: Any,
        *,
        line: Line,
        privilege: int = 1,
        interactive: bool = True,
        authority: Authority | None = None,
    ) -> None:
        super().__init__(commands, dialect, device, line=line, privilege=privilege, interactive=interactive)
        self._output: list[str] = []
        #: Characters in it.
        self._unsent = 0
        self._stalled = False
        self._at_line_start = True
        #: Whether the prompt stands on the screen and the line behind it is being typed.
        self._at_prompt = False
        self._decoder = KeyDecoder()
        self._keys: deque[str] = deque()
        self._waiting_keys = 0
        self._editor = LineEditor(0, self.width)
        #: The editor of the answer to a question that the running command asks.
        self._answer: LineEditor | None = None
        self._histories = {"exec": History(), "config": History()}
        self._pager = Pager()
        #: What is searched for at --More--: the kind of search, and the editor of the expression.
        self._search: tuple[str, LineEditor] | None = None
        self._run: Run | None = None
        self._ends_configuration = False
        self._notices: deque[str] = deque(maxlen=_NOTICES_LIMIT)
        self._last_input = 0.0
        self._window = (self.width, self.length)
        #: The dialogue that comes before everything else, while it lasts.
        self._login: Login | None = None
        self._emit(dialect.welcome(self))
        if authority is None:
            self._admitted()
        else:
            self._login = login = Login(authority, self.width)
            self._paragraph(dialect.challenge(self))
            self._follow_login(login, login.start())

    # What the transport calls.

    def receive(self, data: bytes, now: float) -> None:
        """Take what the client typed. Everything that it sets off, up to a wait, happens before this returns."""
        self._heard(now)
        self._last_input = now
        for key in self._decoder.feed(data):
            if self.closed:
                return
            if key in (BREAK, INTERRUPT) and self._busy():
                self._interrupt(now)
            elif self._keys or self._unsent > OUTPUT_LIMIT or self._held():
                self._queue(key)
            else:
                self._key(key, now)
            self._work_off(now)

    def advance(self, now: float) -> None:
        """Let a waiting command look around, and end a session that was idle too long."""
        self._heard(now)
        if self._login is not None:
            self._follow_login(self._login, self._login.advance(now))
            self._work_off(now)
            return
        if self._busy() and not self.closed:
            assert self._run is not None
            self._guarded(self._run.resume, now)
            self._continue(now)
        if self._keys:
            self._work_off(now)
        if self.exec_timeout and not self._busy() and now - self._last_input >= self.exec_timeout:
            self.hangup()
        if self._end is not None and now >= self._end and not self.closed:
            self._emit(self.dialect.expired)
            self.hangup()

    def _heard(self, now: float) -> None:
        """The session knows the time from now on."""
        if self.began is None:
            self.began = self._last_input = now

    @property
    def _end(self) -> float | None:
        """When the session's time is up."""
        return self.began + self.absolute_timeout if self.absolute_timeout and self.began is not None else None

    def next_deadline(self) -> float | None:
        """Monotonic seconds at which :meth:`advance` is due, or None."""
        if self.closed:
            return None
        if self._login is not None:
            return self._login.next_deadline()
        mine = None
        if self._run is not None and self._busy():
            mine = getattr(self._run.waiting, "until", None)
        elif self.exec_timeout and self.began is not None:
            # At --More-- and at a question one is idle, too.
            mine = self._last_input + self.exec_timeout
        return min((at for at in (mine, self._end) if at is not None), default=None)

    def output(self) -> bytes:
        """What is to be sent to the client; forgotten here."""
        if not self._output:
            return b""
        text = "".join(self._output)
        self._output.clear()
        self._unsent = 0
        return text.replace("\n", "\r\n").encode("utf-8", "replace")

    def resize(self, columns: int, rows: int) -> None:
        """The client's window (NAWS, RFC 1073): 0 is unknown. What was set by hand stays."""
        width, length = columns or self._window[0], rows or self._window[1]
        if self.width == self._window[0]:
            self.width = width
        if self.length == self._window[1]:
            self.length = length
        self._window = (width, length)
        self._editor.resize(self.width)
        self._pager.resize(self.length, self.width)

    @property
    def behind(self) -> bool:
        """Whether something that was typed waits for nothing but room for its output."""
        return bool(self._keys) and not self.closed and not self._held()

    def stall(self, stalled: bool) -> None:
        """The client does not take what it is sent, or does again: so long log lines wait, as far as there is room."""
        self._stalled = stalled
        if not self._quiet():
            self._show_notices()

    def notify(self, line: str, now: float) -> None:
        """Show a log line on a line of its own, without disturbing what is typed."""
        if self.closed:
            return
        self._notices.append(line)
        if not self._quiet():
            self._show_notices()

    def idle(self, now: float) -> float:
        """Seconds since something was typed."""
        return 0.0 if self.began is None else max(now - self._last_input, 0.0)

    def hangup(self) -> None:
        """The client has gone: end the command under way and the session."""
        if self._run is not None:
            self._run.close()
            self._run = None
        self._keys.clear()
        self.close()

    # What commands see.

    @property
    def history(self) -> Sequence[str]:
        return self._history.lines(self.history_size) if self.keeps_history else ()

    @property
    def _history(self) -> History:
        return self._histories["config" if self.frames else "exec"]

    # The login.

    def _follow_login(self, login: Login, text: str) -> None:
        """Show what the dialogue says, and see whether it is over."""
        self._emit(text)
        if login.failed:
            self.close()
        elif login.privilege is not None:
            self._login = None
            self.user, self.privilege = login.user, login.privilege
            self._admitted()

    def _admitted(self) -> None:
        """The session proper begins."""
        self._paragraph(self.dialect.entrance(self))
        if not self._at_line_start:
            self._emit("\n")
        self._show_prompt()

    # Keys.

    def _busy(self) -> bool:
        """A command runs and waits for something other than a key."""
        return self._run is not None and not self._pager.blocked and isinstance(self._run.waiting, Wait)

    def _held(self) -> bool:
        """What is typed has to wait."""
        return self._login.pausing if self._login is not None else self._busy()

    def _quiet(self) -> bool:
        """Whether log lines have to wait."""
        return self._stalled or self._pager.blocked or self._answer is not None or self._asks_key()

    def _asks_key(self) -> bool:
        return self._run is not None and isinstance(self._run.waiting, Ask) and self._run.waiting.confirm

    def _queue(self, key: str) -> None:
        room = TYPE_AHEAD_LIMIT - self._waiting_keys
        if len(key) > room:
            self._emit(BELL)
            key = key[:room]
        if key:
            self._keys.append(key)
            self._waiting_keys += len(key)

    def _work_off(self, now: float) -> None:
        while self._keys and self._unsent <= OUTPUT_LIMIT and not self._held() and not self.closed:
            key = self._keys.popleft()
            self._waiting_keys -= len(key)
            self._key(key, now)

    def _key(self, key: str, now: float) -> None:
        if self._login is not None:
            self._follow_login(self._login, self._login.key(key, now))
        elif self._search is not None:
            self._search_key(*self._search, key, now)
        elif self._pager.blocked or self._asks_key():
            # Both take one character; what was typed after it comes next.
            if key >= " " and len(key) > 1:
                self._keys.appendleft(key[1:])
                self._waiting_keys += len(key) - 1
                key = key[0]
            if self._pager.blocked:
                self._page(key, now)
            else:
                self._confirm(key, now)
        elif self._answer is not None:
            self._answer_key(self._answer, key, now)
        else:
            self._edit(key, now)

    def _edit(self, key: str, now: float) -> None:
        editor = self._editor
        if key >= " ":
            self._type(key, now)
        elif key == ENTER:
            self._emit("\n")
            self._submit(editor.text, now)
        elif key == INTERRUPT:
            self._emit("^C\n")
            self._at_prompt = False
            self.end()
            self._history.rest()
            self._show_prompt()
        elif key == _END:
            self._emit("^Z\n")
            # A command that stands before Ctrl-Z is still carried out.
            self._ends_configuration = bool(self.frames)
            self._submit(editor.text if self.frames else "", now)
        elif key == _TAB:
            self._complete()
        elif key in _REDRAW:
            self._emit("\n")
            self._show_prompt(keep=True)
        elif not self.editing and key not in ERASING:
            self._emit(BELL)
        elif key in (_PREVIOUS, _NEXT):
            line = self._history.back(editor.text) if key == _PREVIOUS else self._history.forward()
            self._emit(BELL if line is None else editor.replace(line))
        else:
            self._emit(editor.key(key) or "")

    def _type(self, text: str, now: float) -> None:
        """Printable characters, among which ``?`` asks for help."""
        if not self.dialect.help_key:
            self._emit(self._editor.insert(text))
            return
        while text:
            if text[0] == "?" and not self._editor.quoting:
                self._help(now)
                text = text[1:]
                if self._pager.blocked:
                    break
                continue
            # A quoted ``?`` is text; then the next one asks again.
            end = text.find("?", 1)
            end = len(text) if end < 0 else end
            self._emit(self._editor.insert(text[:end]))
            text = text[end:]
        if text:
            self._keys.appendleft(text)
            self._waiting_keys += len(text)

    def _complete(self) -> None:
        if not self.dialect.help_key:
            self._emit(BELL)
            return
        editor = self._editor
        if editor.cursor == len(editor.text):
            completed = self.resolver.complete(editor.text)
            if completed is not None:
                editor.text = completed
                editor.cursor = len(completed)
        self._emit("\n")
        self._show_prompt(keep=True)

    # Commands.

    def _submit(self, line: str, now: float) -> None:
        """Enter was pressed."""
        self._at_prompt = False
        history = self._history
        prompt = self.dialect.prompt(self)
        self._editor.reset(0, self.width)
        self._pager.begin(self.length if self.dialect.paging else 0, self.width)
        stripped = line.strip()
        history.rest()
        if stripped and not stripped.startswith("!"):
            if self.history_size and self.keeps_history:
                history.add(stripped, self.history_size)
            self._execute(line, prompt, now)
        self._continue(now)

    def _execute(self, line: str, prompt: str, now: float) -> None:
        try:
            invocation = self.resolver.resolve(line)
        except Rejected as rejection:
            self._pager.write(rejection.text.removesuffix("\n") + "\n")
            return
        if isinstance(invocation, Failure):
            lines = self.dialect.failure(invocation, line, prompt, self)
            self._pager.write("".join(f"{text}\n" for text in lines))
            return
        self._run = self.start(invocation, line, now, self._print)
        self._guarded(self._run.start)

    def _print(self, text: str) -> None:
        self._pager.write(text.replace("\r\n", "\n"))

    def _guarded(self, step: Any, *args: Any) -> None:
        """Run one step of a command; if it breaks, the session is at its prompt before the fault goes on upwards."""
        try:
            step(*args)
        except Exception:
            self._run = None
            self._emit(self._pager.take())
            self._finish()
            raise

    def _continue(self, now: float) -> None:
        """Print what may be printed and let the command go on, until it waits or is done; then the prompt."""
        while True:
            self._emit(self._pager.take())
            if self._pager.blocked:
                return
            run = self._run
            if run is None or run.done:
                if self._pager.finish():
                    continue
                break
            if self.closed:
                run.close()
                break
            if isinstance(run.waiting, Ask):
                self._ask(run.waiting)
                return
            if run.waiting is not None:
                return
            self._guarded(run.resume, now)
        self._finish()

    def _finish(self) -> None:
        self._run = None
        if self._ends_configuration:
            self._ends_configuration = False
            self.end()
        self._at_prompt = False
        self._show_notices()
        if not self.closed:
            self._show_prompt(keep=True)

    def _interrupt(self, now: float) -> None:
        assert self._run is not None
        self._guarded(self._run.interrupt, now)
        self._continue(now)

    def _page(self, key: str, now: float) -> None:
        if key in SEARCHES:
            self._emit(WIPE + key)
            self._search = SEARCHES[key], LineEditor(len(key), self.width)
            return
        self._emit(self._pager.key(key))
        self._at_line_start = True
        if self._pager.gave_up and self._run is not None:
            self._guarded(self._run.interrupt, now)
        self._continue(now)

    def _search_key(self, kind: str, editor: LineEditor, key: str, now: float) -> None:
        """A key of the expression that is searched for at --More--."""
        if key not in (ENTER, INTERRUPT, BREAK):
            self._emit(editor.insert(key) if key >= " " else editor.key(key) or "")
            return
        self._search = None
        self._emit("\n")
        if key != ENTER or not editor.text:
            self._emit(MORE)
            return
        try:
            pattern = compiled(editor.text)
        except Rejected as rejection:
            self._emit(f"{rejection.text}\n{MORE}")
            return
        self._emit(FILTERING)
        self._pager.search(kind, pattern)
        self._continue(now)

    # Questions.

    def _ask(self, ask: Ask) -> None:
        self._emit(ask.prompt)
        if not ask.confirm:
            self._answer = LineEditor(len(ask.prompt), self.width, echo=ask.echo)

    def _answer_key(self, answer: LineEditor, key: str, now: float) -> None:
        assert self._run is not None
        ended = key == _END and isinstance(self._run.waiting, Ask) and self._run.waiting.control_z
        if key == ENTER or ended:
            self._emit("^Z\n" if ended else "\n")
            self._answer = None
            self._guarded(self._run.resume, now, answer.text + (_END if ended else ""))
            self._continue(now)
        elif key in (INTERRUPT, BREAK):
            self._emit("\n")
            self._answer = None
            self._guarded(self._run.interrupt, now)
            self._continue(now)
        else:
            self._emit(answer.insert(key) if key >= " " else answer.key(key) or "")

    def _confirm(self, key: str, now: float) -> None:
        assert self._run is not None
        self._emit("\n")
        if key in (INTERRUPT, BREAK):
            self._guarded(self._run.interrupt, now)
        else:
            self._guarded(self._run.resume, now, "" if key == ENTER else key)
        self._continue(now)

    # Help.

    def _help(self, now: float) -> None:
        typed = self._editor.text[: self._editor.cursor]
        found, mode = self.resolver.listing(typed)
        self._emit("?\n")
        self._at_prompt = False
        self._pager.begin(self.length, self.width)
        title = self.commands.modes[mode].title
        self._pager.write(help_text(found, title=title, typed=typed, width=self.width or self.WIDTH))
        self._continue(now)

    # The screen.

    def _show_notices(self) -> None:
        """Print the log lines that waited, each on a line of its own."""
        if not self._notices:
            return
        while self._notices:
            self._emit(("" if self._at_line_start else "\n") + self._notices.popleft() + "\n")
        if self.logging_synchronous and self._at_prompt:
            self._show_prompt(keep=True)

    def _emit(self, text: str) -> None:
        if text:
            self._output.append(text)
            self._unsent += len(text)
            self._at_line_start = text[-1] == "\n"

    def _paragraph(self, text: str) -> None:
        """Text that begins on a line of its own."""
        if text:
            self._emit(("" if self._at_line_start else "\n") + text)

    def _show_prompt(self, *, keep: bool = False) -> None:
        """A fresh prompt, and the line being typed behind it if it is to be kept."""
        prompt = self.dialect.prompt(self)
        self._emit(self.dialect.before_prompt() + prompt)
        self._at_prompt = True
        if keep:
            self._editor.redrawn(len(prompt), self.width)
            self._emit(self._editor.draw())
        else:
            self._editor.reset(len(prompt), self.width)
