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
SHOWS: Final = (
    "show version",
    "show running-config",
    "show startup-config",
    "show clock detail",
    "show reload",
    "show inventory",
    "show environment all",
    "show env all",
    "show file systems",
    "show flash:",
    "show processes cpu",
    "show processes memory",
    "show memory statistics",
    "show hosts",
    "show aliases",
    "show users",
    "show line",
    "show login",
    "show tcp brief",
    "show interfaces",
    "show interfaces status",
    "show interfaces summary",
    "show interfaces accounting",
    "show interfaces stats",
    "show interfaces switchport",
    "show interfaces trunk",
    "show interfaces counters",
    "show interfaces counters errors",
    "show protocols",
    "show ip interface",
    "show ip interface brief",
    "show ip traffic",
    "show ip protocols",
    "show ip route",
    "show ip redirects",
    "show arp",
    "show access-lists",
    "show vlan",
    "show vlans",
    "show port-security",
    "show storm-control",
    "show errdisable recovery",
    "show mac address-table",
    "show mac address-table aging-time",
    "show monitor session all",
    "show cdp",
    "show cdp interface",
    "show cdp neighbors",
    "show cdp neighbors detail",
    "show cdp traffic",
    "show crypto map",
    "show crypto isakmp policy",
    "show crypto isakmp sa",
    "show crypto ipsec sa",
    "show crypto ipsec transform-set",
    "show crypto session detail",
    "show crypto engine connections active",
    "show debugging",
    "show archive",
    "show ntp status",
    "show snmp",
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
    for line in SHOWS:
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
