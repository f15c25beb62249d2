"""``show tech-support``: the sum of the shows."""

from __future__ import annotations

from typing import Final

from nodes.cli.context import Args, Context, Rejected
from nodes.cli.matcher import Failure, match
from nodes.cli.table import Table
from nodes.device.views import TechSectionView, TechView
from nodes.show import system

table = Table()

#: In this order; a device leaves out what it does not have.
_SHOWS: Final = (
    "show version",
    "show running-config",
    "show startup-config",
    "show clock detail",
    "show users",
    "show interfaces",
    "show ip interface",
    "show ip interface brief",
    "show cdp neighbors",
    "show arp",
    "show ip route",
    "show access-lists",
    "show vlan brief",
    "show interfaces trunk",
    "show mac address-table",
    "show monitor session all",
    "show crypto map",
    "show crypto isakmp sa",
    "show crypto ipsec sa",
    "show flash:",
    "show drops",
    "show logging",
)


@table.show(
    "exec",
    "show tech-support",
    text=system.tech_support,
    help={"tech-support": "Show system information for Tech-Support"},
    privilege=15,
)
def show_tech_support(ctx: Context, args: Args) -> TechView:
    commands = ctx.session.commands
    sections = []
    for line in _SHOWS:
        found = match(commands, commands.root("exec", 15), line, 0, abbreviate=False)
        if isinstance(found, Failure):
            continue
        command = found.form.command
        assert command.text is not None  # all of them are shows
        try:
            lines = tuple(command.text(command.handler(Context(ctx.session, command, line, ctx.now), found.args)))
        except Rejected as rejection:
            lines = tuple(rejection.text.splitlines())
        sections.append(TechSectionView(line, lines))
    return TechView(tuple(sections))
