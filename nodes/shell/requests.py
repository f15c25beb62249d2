"""What the operator asks of a device through the broker: run commands, or give the view behind a show command."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from broker.client import DeviceClient, Request
from broker.protocol import Status
from nodes.cli.batch import Batch
from nodes.cli.context import Rejected
from nodes.commands.console import Console


class Requests:
    """The requests under way. A command may take its time (ping); the answer follows when it is done."""

    def __init__(self, console: Console, client: DeviceClient, log: Callable[[str], None]) -> None:
        self._console = console
        self._log = log
        self._client = client
        self._running: list[tuple[int, float, Batch]] = []

    def begin(self, request: Request, now: float) -> None:
        """``exec {commands: [...]}`` or ``show {command: ...}``; anything else is a bad request."""
        body = request.body
        if request.verb == "exec" and _is_exec(body):
            batch = self._console.batch(body["commands"])
            self._running.append((request.id, now + request.timeout, batch))
        elif request.verb == "show" and isinstance(body, dict) and isinstance(body.get("command"), str):
            try:
                view = self._console.view(body["command"], now)
            except Rejected as rejection:
                self._client.respond(request.id, Status.REJECTED, {"output": rejection.text})
            else:
                self._client.respond(request.id, Status.OK, view)
        else:
            self._client.respond(request.id, Status.BAD_REQUEST, {"output": f"no such request: {request.verb}"})

    def advance(self, now: float) -> None:
        """Go on with every batch; answer for those that are done, or that nobody waits for any longer."""
        for entry in list(self._running):
            request_id, deadline, batch = entry
            try:
                batch.advance(now)
            except Exception as error:
                # A fault of ours: the operator hears of it, and the log has the rest.
                self._log(f"fault in a command:\n{traceback.format_exc()}")
                body = {"output": f"{batch.output}% Internal error: {error!r}\n", "rejected": True}
                self._client.respond(request_id, Status.REJECTED, body)
                batch.close()
                self._running.remove(entry)
                continue
            if batch.done:
                status = Status.REJECTED if batch.rejected else Status.OK
                self._client.respond(request_id, status, {"output": batch.output, "rejected": batch.rejected})
            elif now < deadline:
                continue
            else:
                self._client.respond(request_id, Status.TIMEOUT, {"output": batch.output, "rejected": False})
                batch.close()
            self._running.remove(entry)

    def next_deadline(self) -> float | None:
        deadlines = [deadline for _, deadline, _ in self._running]
        deadlines += [wake for _, _, batch in self._running if (wake := batch.next_deadline()) is not None]
        return min(deadlines, default=None)


def _is_exec(body: Any) -> bool:
    return (
        isinstance(body, dict)
        and isinstance(body.get("commands"), list)
        and all(isinstance(command, str) for command in body["commands"])
    )
