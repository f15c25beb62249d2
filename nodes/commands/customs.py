"""What a configuration makes of the console itself: ``alias`` and ``privilege``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from nodes.cli.commandset import CommandSet
from nodes.cli.context import Args, Context, Rejected
from nodes.cli.levels import HIGHEST, LevelRule, declared_level
from nodes.cli.matcher import keywords
from nodes.cli.table import Mode, Table
from nodes.commands.modes import WORDS, modes_by_word
from nodes.commands.sections import Section
from nodes.device.config import EXEC_ALIASES, CommandLevel, IosConfig
from nodes.device.ios import IosDevice
from nodes.device.views import AliasesView, ModeAliasesView
from nodes.show import system

_NO_ALIASES: Final[Mapping[str, str]] = {}
_HELP: Final[dict[str, str]] = {word: text for word, (text, _) in WORDS.items()}


class Customs:
    """What the configuration of a device adds to the way its console talks."""

    def __init__(self, device: IosDevice, modes: Iterable[Mode]) -> None:
        self._device = device
        self._modes = modes_by_word(modes)
        self._words = {name: word for word, names in self._modes.items() for name in names}

    def aliases(self, mode: str) -> Mapping[str, str]:
        """Alias -> what it stands for."""
        return self._device.config.aliases.get(self._words.get(mode, ""), _NO_ALIASES)

    def privileges(self) -> tuple[LevelRule, ...]:
        return tuple(
            LevelRule(mode, words, entry.level, entry.all)
            for (word, words), entry in self._device.config.levels.items()
            for mode in self._modes.get(word, ())
        )


def table(modes: Iterable[Mode]) -> Table:
    """The commands, for a device that has these modes below the global one."""
    table, by_word = Table(), modes_by_word(modes)
    choice = "{" + "|".join(by_word) + "}$mode"

    @table.command(
        "config",
        f"alias {choice} <name:word> <text:line>",
        help=_HELP | {"alias": "Create command alias", "name": "Alias name", "text": "Alias text"},
        no=f"alias {choice} [<name:word> [<text:line>]]",
        prints=_print_aliases,
        section=Section.ALIAS,
    )
    def alias(ctx: Context, args: Args) -> None:
        aliases = ctx.device.config.aliases
        mode: str = args["mode"]
        if not ctx.negated:
            aliases.setdefault(mode, {})[args["name"]] = args["text"].rstrip()
            return
        if "name" in args:
            aliases.get(mode, {}).pop(args["name"], None)
        else:
            aliases.pop(mode, None)
        if not aliases.get(mode):
            aliases.pop(mode, None)

    @table.show(
        "exec",
        f"show aliases [{choice[1:-6]}]$mode",
        text=system.aliases,
        help=_HELP | {"aliases": "Display alias commands"},
    )
    def show_aliases(ctx: Context, args: Args) -> AliasesView:
        config: IosConfig = ctx.device.config
        wanted = args.get("mode")
        return AliasesView(
            tuple(
                ModeAliasesView(WORDS[word][0], tuple(config.aliases[word].items()))
                for word in WORDS
                if config.aliases.get(word) and wanted in (None, word)
            )
        )

    @table.command(
        "config",
        f"privilege {choice} [all] {{level <level:0-15>|reset}} <command:line>",
        help=_HELP
        | {
            "privilege": "Command privilege parameters",
            "all": "All suboption will be set to the same level",
            "level": "Set privilege level of command",
            "<level>": "Privilege level",
            "reset": "Reset privilege level of command",
            "command": "Initial keywords of the command to modify",
        },
        no=f"privilege {choice} [all] level <level:0-15> <command:line>",
        prints=_print_levels,
        section=Section.PRIVILEGE,
    )
    def privilege(ctx: Context, args: Args) -> None:
        """As on IOS, commands of which this one is a longer form go to the same level, unless they have their own."""
        levels = ctx.device.config.levels
        mode: str = args["mode"]
        words = _keywords(ctx.session.commands, by_word[mode], args["command"])
        if ctx.negated or args.has("reset"):
            levels.pop((mode, words), None)
            if any(other == mode and longer[: len(words)] == words for other, longer in levels):
                # It would come back with the longer ones when the configuration is read.
                commands = ctx.session.commands.of_mode(by_word[mode][0])
                levels[mode, words] = CommandLevel(declared_level(commands, words))
            return
        entry = CommandLevel(args["level"], args.has("all"))
        levels[mode, words] = entry
        for length in range(1, len(words)):
            levels.setdefault((mode, words[:length]), CommandLevel(entry.level))

    return table


def _keywords(commands: CommandSet, modes: Iterable[str], line: str) -> tuple[str, ...]:
    for mode in modes:
        found = keywords(commands, commands.root(mode, HIGHEST), line)
        if found is not None:
            return found
    raise Rejected(f'% "{line.strip()}" is not the beginning of a command of this mode')


def _print_aliases(config: IosConfig) -> Iterator[str]:
    for mode in WORDS:
        defaults = EXEC_ALIASES if mode == "exec" else _NO_ALIASES
        own = config.aliases.get(mode, _NO_ALIASES)
        yield from (f"no alias {mode} {name}" for name in defaults if name not in own)
        yield from (f"alias {mode} {name} {text}" for name, text in own.items() if defaults.get(name) != text)


def _print_levels(config: IosConfig) -> Iterator[str]:
    for (mode, words), entry in sorted(config.levels.items()):
        yield f"privilege {mode} {'all ' if entry.all else ''}level {entry.level} {' '.join(words)}"
