"""The running-config, printed by the same declarations that read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nodes.cli.commandset import CommandSet
from nodes.cli.table import Command

_END_OF_BLOCK = "!"


def render(
    commands: CommandSet, mode: str, scope: Any, permits: Callable[[str, Command], bool] | None = None
) -> list[str]:
    """The lines that the commands of ``mode`` print for ``scope``; only of commands that somebody is permitted.

    Commands print in the order of their section, then of their declaration. In configuration mode a lone ``!``
    follows each block and each section's run of lines. The children of a block are indented by one blank.
    """
    printing = [
        command
        for command in commands.of_mode(mode)
        if command.prints is not None and (permits is None or permits(mode, command))
    ]
    printing.sort(key=lambda command: command.section)
    lines: list[str] = []
    separated = mode == "config"
    section: int | None = None
    for command in printing:
        if separated and command.section != section:
            _close(lines)
        section = command.section
        assert command.prints is not None
        for item in command.prints(scope):
            if isinstance(item, str):
                lines.append(item)
                continue
            lines.append(item.header)
            lines += [f" {line}" for line in render(commands, item.mode, item.scope, permits)]
            if separated and item.closed:
                _close(lines)
    if separated:
        _close(lines)
    return lines


def _close(lines: list[str]) -> None:
    if lines and lines[-1] != _END_OF_BLOCK:
        lines.append(_END_OF_BLOCK)
