"""``show login`` and ``show login failures``."""

from __future__ import annotations

from collections.abc import Iterator

from nodes.device.views import LoginFailuresView, LoginView
from nodes.show.system import clock_text


def login(view: LoginView) -> Iterator[str]:
    seconds = "second" if view.delay == 1 else "seconds"
    if view.delay:
        yield f"     A{'' if view.delay_set else ' default'} login delay of {view.delay} {seconds} is applied."
    else:
        yield "     No login delay has been applied."
    if view.quiet_list:
        yield f"     Quiet-Mode access list {view.quiet_list} is applied."
    else:
        yield "     No Quiet-Mode access list has been configured."
    if view.logs_success:
        yield "     All successful login is logged."
    if view.logs_failure:
        yield "     All failed login is logged."
    yield ""
    if view.block is None:
        yield "     Router NOT enabled to watch for login Attacks"
        return
    yield "     Router enabled to watch for login Attacks."
    yield f"     If more than {view.block.attempts} login failures occur in {view.block.within} seconds or less,"
    yield f"     logins will be disabled for {view.block.seconds} seconds."
    yield ""
    if view.quiet_left:
        yield "     Router presently in Quiet-Mode."
        yield f"     Will remain in Quiet-Mode for {view.quiet_left} seconds."
        if view.quiet_list:
            yield f"     Restricted logins filtered by applied ACL {view.quiet_list}."
        else:
            yield "     Denying logins from all sources."
        return
    yield "     Router presently in Normal-Mode."
    yield "     Current Watch Window"
    yield f"         Time remaining: {view.window_left} seconds."
    yield f"         Login failures for current window: {view.window_failures}."
    yield f"     Total login failures: {view.failures}."


def failures(view: LoginFailuresView) -> Iterator[str]:
    if not view.failures:
        yield "*** No logged failed login attempts with the device.***"
        return
    yield f"Total failed logins: {view.total}"
    yield "Detailed information about last 50 failures"
    yield ""
    yield f"{'Username':<16}{'SourceIPAddr':<16}{'lPort':<6}{'Count':<6}TimeStamp"
    for failure in view.failures:
        when = clock_text(failure.at, milliseconds=False).lstrip("*.")
        yield f"{failure.user:<16}{failure.source:<16}{failure.port:<6}{failure.times:<6}{when}"
