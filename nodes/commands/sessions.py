"""Who is on the lines, and what one does with one's own: ``show users``, ``lock``, and connections to elsewhere.

A console here leads to no other box, so there are no connections to resume or to disconnect, and that is what the
commands about them say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from nodes.cli.context import Args, Ask, Break, Context, Job, Rejected
from nodes.cli.session import Session
from nodes.cli.table import Table
from nodes.device.ios import IosDevice
from nodes.device.views import UsersView, UserView
from nodes.show import system

_USERS_HELP: Final = {
    "users": "Display information about terminal lines",
    "systat": "Display information about terminal lines",
    "who": "Display information about terminal lines",
    "all": "Include information about inactive ports",
}
_CONNECTIONS_HELP: Final = {
    "sessions": "Information about Telnet connections",
    "where": "List active connections",
    "resume": "Resume an active network connection",
    "disconnect": "Disconnect an existing network connection",
    "connection": "The number of an active network connection",
}
_NO_CONNECTIONS: Final = "% No connections open"


def table(sessions: Callable[[], Iterable[Session]]) -> Table:
    """The commands, over those who are there."""
    found = Table()

    @found.show("exec", "show users [all]", text=system.users, help=_USERS_HELP)
    @found.show("exec", "systat [all]", text=system.users, help=_USERS_HELP)
    @found.show("exec", "who [all]", text=system.users, help=_USERS_HELP)
    def show_users(ctx: Context, args: Args) -> UsersView:
        users = [
            UserView(
                session.line.number, session.line.name, session.idle(ctx.now), session is ctx.session, session.user
            )
            for session in sessions()
        ]
        if args.has("all"):
            device: IosDevice = ctx.device
            taken = {user.line for user in users}
            users += [
                UserView(device.config.number(line.name), line.name, None, False, "")
                for line in device.config.lines()
                if line.name not in taken
            ]
        return UsersView(tuple(sorted(users, key=lambda user: (user.number, user.line))))

    @found.command("exec", "show sessions", help=_CONNECTIONS_HELP)
    @found.command("exec", "where", help=_CONNECTIONS_HELP)
    @found.command("exec", "resume [<connection:1-16>]", help=_CONNECTIONS_HELP)
    @found.command("exec", "disconnect [<connection:1-16>]", help=_CONNECTIONS_HELP)
    def connections(ctx: Context, args: Args) -> str:
        return _NO_CONNECTIONS

    @found.command("exec", "lock", help={"lock": "Lock the terminal"})
    def lock(ctx: Context, args: Args) -> Job:
        """Nothing but the password gets one out again, not even Ctrl-C; an idle line is let go all the same."""
        device: IosDevice = ctx.device
        if not ctx.session.interactive or not device.config.line(ctx.session.line.name).lockable:
            raise Rejected("% Locking is not enabled on this line")
        password = yield Ask("Password: ", echo=False)
        if (yield Ask("Again: ", echo=False)) != password:
            raise Rejected("% Passwords do not match")
        yield f"\n{'Locked':>42}\n\n"
        while True:
            try:
                if (yield Ask("Password: ", echo=False)) == password:
                    return
            except Break:
                pass

    return found
