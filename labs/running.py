"""A lab that runs, as the verbs of the command see it, whoever started it.

:class:`labs.local.Local` is one that ``wirelab up`` started here, :class:`labs.containers.Composed` one that compose
did. What they share is here: the record, and the broker, who knows how the devices are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labs.state import Record

if TYPE_CHECKING:
    from broker.client import Operator, Tap
    from broker.keys import ClientKeys


@dataclass(frozen=True)
class Part:
    """How a node or the broker is. ``state``: running, stopped, restarting, paused, ...; ``since`` is a time of the
    epoch; both numbers are None while it does not run."""

    state: str
    pid: int | None = None
    since: int | None = None


UNKNOWN = Part("unknown")


class Running(ABC):
    """One lab. Every method may raise a LabError."""

    record: Record
    #: The command that takes it down, when that is not `wirelab down`.
    down: str | None = None

    # The broker ----------------------------------------------------------------------------------------------------

    def endpoint(self) -> str:
        """Where its broker is reached from here."""
        return self.record.endpoint

    def operator_keys(self) -> ClientKeys | None:
        """What the broker knows us by, where it asks for that."""
        return None

    def operator(self, timeout: float = 2.0) -> Operator:
        """A connection to the broker. Raises BrokerGone, too."""
        from broker.client import Operator

        return Operator(self.endpoint(), self.record.name, timeout=timeout, keys=self.operator_keys())

    def tap(self, ports: Collection[int], timeout: float = 2.0) -> Tap:
        """A connection that sees what crosses the wires of these ports. Raises BrokerGone, too."""
        from broker.client import Tap

        return Tap(self.endpoint(), self.record.name, ports, timeout=timeout, keys=self.operator_keys())

    def status(self, timeout: float = 2.0) -> dict[str, Any] | None:
        """The broker's view of the lab (its verb ``status``); None when nobody answers."""
        from broker.client import BrokerGone
        from labs.control import ask_status

        try:
            with self.operator(timeout) as operator:
                return ask_status(operator, timeout)
        except BrokerGone:
            return None

    # Its parts -----------------------------------------------------------------------------------------------------

    @abstractmethod
    def parts(self) -> Mapping[str, Part]:
        """How each node and the broker is, as whoever started it knows; one that is missing is UNKNOWN."""

    @abstractmethod
    def power(self, names: Sequence[str], *, off: bool, on: bool) -> list[str]:
        """Switches nodes off and/or on again, and waits until those that are on are ready. Returns those that
        changed."""

    @abstractmethod
    def logs(self, names: Sequence[str], *, tail: int | None, follow: bool) -> None:
        """Prints what parts wrote, each line behind the name of its part: the last ``tail`` lines or all of them, and
        with ``follow`` what comes."""

    @property
    @abstractmethod
    def others(self) -> Sequence[str]:
        """What has a log beside the nodes, the broker first."""

    @abstractmethod
    def key_logs(self) -> Mapping[str, str]:
        """The key logs of the devices that have one, by node."""
