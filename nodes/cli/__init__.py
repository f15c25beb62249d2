"""The console: grammar, command tables, modes, sessions and the line editor. It knows no networking.

table      declaring commands; the modes
grammar    the notation of a declaration
params     parameter types; the networking ones come from the command tables
commandset the commands of a device kind, compiled
matcher    a line -> a command and its arguments, or the place of the mistake; `?` and Tab
context    what a handler gets and may return
run        one command under way
terminal   the stack of modes and the settings of a line
render     the running-config
filters    `| include` and its kin
dialect    IOS and Windows
builtin    the commands that every console has
batch      commands without a keyboard: exec, configuration files, views
keys       bytes -> keys
editor     the line being typed
history    the lines typed before
pager      --More--
login      who is there? before a session
session    all of it, driven by bytes and time
"""

from nodes.cli.batch import Batch, Refusal, load_config, view
from nodes.cli.commandset import CommandSet
from nodes.cli.context import WAIT, Args, Ask, Break, Context, Job, Rejected, Result, Wait, to_plain
from nodes.cli.dialect import Dialect, IosDialect, WindowsDialect
from nodes.cli.grammar import GrammarError
from nodes.cli.login import Authority, Login
from nodes.cli.params import Accept, Match, Param, ParamRegistry, Reject
from nodes.cli.render import render
from nodes.cli.session import Session
from nodes.cli.table import CONFIG, CONFIG_MODES, EXEC, Block, Mode, Table
from nodes.cli.terminal import Line, Terminal

__all__ = [
    "CONFIG",
    "CONFIG_MODES",
    "EXEC",
    "WAIT",
    "Accept",
    "Args",
    "Ask",
    "Authority",
    "Batch",
    "Block",
    "Break",
    "CommandSet",
    "Context",
    "Dialect",
    "GrammarError",
    "IosDialect",
    "Job",
    "Line",
    "Login",
    "Match",
    "Mode",
    "Param",
    "ParamRegistry",
    "Refusal",
    "Reject",
    "Rejected",
    "Result",
    "Session",
    "Table",
    "Terminal",
    "Wait",
    "WindowsDialect",
    "load_config",
    "render",
    "to_plain",
    "view",
]
