"""Every reason for which a broker may drop a frame or a message: a named member with one line of help."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum, unique
from types import MappingProxyType
from typing import Final

from broker.protocol import Reason


@unique
class Drop(Enum):
    """A drop reason. ``value`` is (name, one line of help). Data is counted in frames, the rest in messages."""

    # Between two ports.
    QUEUE_FULL = ("queue-full", "the receiver reads too slowly and its bounded queue is full")
    RECEIVER_GONE = ("receiver-gone", "the receiver's connection ended a moment ago")
    NO_CABLE = ("no-carrier-no-cable", "no cable is plugged into the port")
    WRONG_CABLE = ("no-carrier-wrong-cable", "a straight cable between like ports, or a crossover between unlike ones")
    SHUTDOWN = ("no-carrier-shutdown", "the sending port is shut down")
    PEER_SHUTDOWN = ("no-carrier-peer-shutdown", "the port at the far end is shut down")
    PEER_ABSENT = ("no-carrier-peer-absent", "the device at the far end is stopped, or does not answer")

    # Beside the wires: the frame itself went its way.
    MIRROR_LOST = ("mirror-lost", "the copy of a frame for a SPAN destination that takes less than is copied to it")
    TAP_LOST = ("tap-lost", "the copy of a frame for a capture that reads too slowly")

    # What came in was not what the protocol allows.
    BAD_MESSAGE = ("bad-message", "a message that is neither a batch of frames nor a control message")
    MULTIPART = ("multipart", "further parts behind a message, which has only one")
    OVERSIZE = ("oversize", "more frames in one batch, or more octets in one answer, than a message may have")
    UNKNOWN_CLIENT = ("unknown-client", "a message from a connection that has not said hello")
    UNKNOWN_PORT = ("unknown-port", "a batch for a port that the lab does not have")
    NOT_YOUR_PORT = ("not-your-port", "a batch from a device for a port that belongs to another")
    NOT_PERMITTED = ("not-permitted", "a message that this kind of client may not send")
    BAD_VIEW = ("bad-view", "a port or mirror in a device's view that is not its own or makes no sense")
    REFUSED = ("refused", "a hello for another lab, an unknown node or another version of the protocol")
    HANDSHAKE = ("handshake", "a connection that did not speak ZeroMQ's protocol, or not with a key where it must")

    # Keys, where the broker has them.
    UNKNOWN_KEY = ("unknown-key", "a connection with a key that is none of the lab's")
    WRONG_KEY = ("wrong-key", "a hello for a node, or as operator, with the key of somebody else")

    # Requests.
    LATE_RESPONSE = ("late-response", "a response to a request that nobody waits for any more")
    TOO_MANY_REQUESTS = ("too-many-requests", "a request beyond those that may wait for their devices at one time")
    OPERATOR_GONE = ("operator-gone", "an answer for an operator who has left or does not read")

    @property
    def label(self) -> str:
        return self.value[0]

    @property
    def help(self) -> str:
        return self.value[1]


#: What a frame is counted as that meets a port without carrier.
NO_CARRIER: Final[Mapping[Reason, Drop]] = MappingProxyType(
    {
        Reason.NO_CABLE: Drop.NO_CABLE,
        Reason.WRONG_CABLE: Drop.WRONG_CABLE,
        Reason.SHUTDOWN: Drop.SHUTDOWN,
        Reason.PEER_SHUTDOWN: Drop.PEER_SHUTDOWN,
        Reason.PEER_ABSENT: Drop.PEER_ABSENT,
    }
)


class DropCounters:
    """What was dropped since the broker started, by reason, and by port where there is one."""

    __slots__ = ("_by_port", "_total")

    def __init__(self) -> None:
        self._total: Counter[Drop] = Counter()
        self._by_port: dict[int, Counter[Drop]] = {}

    def count(self, reason: Drop, amount: int = 1, port: int | None = None) -> None:
        """``port`` must be one of the lab, so that the memory stays bounded."""
        self._total[reason] += amount
        if port is not None:
            self._by_port.setdefault(port, Counter())[reason] += amount

    def __getitem__(self, reason: Drop) -> int:
        return self._total[reason]

    def as_dict(self, *ports: int) -> dict[str, int]:
        """label -> count of every reason that has happened (at these ports only, if any are given)."""
        if ports:
            counts = sum((self._by_port.get(port, Counter()) for port in ports), Counter())
        else:
            counts = self._total
        return {reason.label: counts[reason] for reason in Drop if counts[reason]}
