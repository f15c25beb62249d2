"""The text that ``?`` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from nodes.cli.matcher import Failure, Fault, Listing

#: The entry where output modifiers may follow.
PIPE_ENTRY: Final = ("|", "Output modifiers")

_UNRECOGNIZED: Final = "% Unrecognized command\n"


def help_text(found: Listing | Failure, *, title: str, typed: str, width: int) -> str:
    """The list for what was ``typed``; headed by ``title`` where nothing was. It ends in a blank line."""
    if isinstance(found, Failure):
        return f'% Ambiguous command:  "{typed}"\n' if found.fault is Fault.AMBIGUOUS else _UNRECOGNIZED
    if found.bare:
        if not found.entries:
            return _UNRECOGNIZED
        return "\n".join(_columns([word for word, _ in found.entries], width)) + "\n\n"
    entries = list(found.entries)
    if found.pipe:
        entries.append(PIPE_ENTRY)
    if found.complete:
        entries.append(("<cr>", ""))
    if not entries:
        return _UNRECOGNIZED
    pad = max(len(word) for word, _ in entries)
    lines = [f"  {word:<{pad}}  {help}".rstrip() for word, help in entries]
    if not typed.strip():
        lines.insert(0, title)
    return "\n".join(lines) + "\n\n"


def _columns(words: Sequence[str], width: int) -> list[str]:
    """Words with two blanks after each, as many to a line as fit."""
    lines: list[str] = []
    line = ""
    for word in words:
        if line and len(line) + len(word) + 2 > width:
            lines.append(line)
            line = ""
        line += f"{word}  "
    return [*lines, line]
