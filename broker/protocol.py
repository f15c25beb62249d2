"""The messages between a broker and its clients (devices and operators).

A client holds one DEALER, the broker one ROUTER; every message is a single part (the ROUTER sees a second one, the
routing id, which the broker's socket chose). The first octet is the type.

Data (type 1), both directions::

     0      1           5                    13
     +------+-----------+--------------------+------------------------------+
     | type |  port id  |  stamp, ns since   |  msgpack array of frames     |
     |  u8  |    u32    |  the epoch, u64    |  (bin), 1..MAX_BATCH         |
     +------+-----------+--------------------+------------------------------+

The port is always the receiver's view of it: a device names its own port when it sends, and the broker puts the id of
the receiving device's port and its own stamp in place of it (13 octets; the frames behind them are never unpacked on
the way). A sender leaves the stamp zero. All integers are big-endian.

An operator gets data for its taps and sends none. There the port is the one by which the frames entered the wire, so
that it tells their direction.

Control (type 2) is a msgpack map with the key ``op``:

=========  =====================  =============================================================================
op         from -> to             rest of the map
=========  =====================  =============================================================================
hello      device -> broker       proto, lab, node, view (see below)
hello      operator -> broker     proto, lab, operator: true
welcome    broker -> client       proto, lab, boot (int, differs at each start of the broker); to a device also links
refused    broker -> client       reason (text), boot; the client is not served
who        broker -> client       boot: the broker does not know this connection, say hello (again)
view       device -> broker       view: the whole of it, never a delta
links      broker -> device       links: {port id: {carrier: bool, reason: text}}, all ports of the device (see below)
copied     broker -> device       ports: {port id: [frames, octets, lost]}: what its mirrors copied out of these ports
                                  since it was told last, and the copies that were lost besides; about once a second
ping       broker -> device       token (int)
pong       device -> broker       token
bye        client -> broker       (nothing): the client goes away on purpose
request    operator -> broker     id (int), node (text, or nil for the broker itself), verb, body, timeout_ms
request    broker -> device       id (int), verb, body, timeout_ms
response   device -> broker       id, status, body
response   broker -> operator     id, status, body
tap        operator -> broker     number (int), ports: [port ids]: the whole set of wires to be tapped, never a delta;
                                  none ends it
tapped     broker -> operator     number, taps: {port id: {frames, lost}}: the counts of each tap so far, in answer to
                                  tap and about once a second while there are taps; or number, refused (text)
read       operator -> broker     octets: how many of the data messages from taps it has read so far, headers included
=========  =====================  =============================================================================

A device's view: ``{ready: bool, up: [port ids that are administratively up], mirrors: [mirror]}`` and a mirror:
``{session: int, sources: [[port id, "rx"|"tx"|"both", program], ...], destination: port id, programs: [...]}``; rx and
tx as the device sees them. ``program`` is an index into ``programs``, which say what is copied and how the copy differs
(see broker.mirror); without it everything is copied as it is. A session has a mirror for each of its destinations.

A tap is named by either port of a wire; all of what crosses the wire is copied, in both directions, SPAN's copies too.
``frames`` counts them all and ``lost`` those of them that were not sent because the operator reads too slowly: it may
have TAP_WINDOW octets under way. Each ``tap`` starts them at zero, but for an empty one, which is answered with the
final counts, after all data.

An empty message is a knock: a DEALER with PROBE_ROUTER sends one by itself on each new connection, and the broker
answers ``who``. So a client learns of every reconnection, also of one that happened while it was busy.

For a moment after its start a broker leaves the ports out of ``links`` whose far end has not said hello yet; the device
keeps what it knew of them. So the restart of a broker does not take every line protocol of the lab down and up.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgpack

PROTO: Final = 1
DATA: Final = 1
CONTROL: Final = 2
HEADER: Final = struct.Struct("!BIQ")
#: The first octets of a data message, which name its port.
PREFIX: Final = 5
#: Frames in one data message at most; a sender splits longer vectors.
MAX_BATCH: Final = 256
#: Octets of one frame at most (a jumbo frame with room for tags).
MAX_FRAME: Final = 16 * 1024
#: Octets from which a copy costs more than the view that saves it.
_LARGE: Final = 4096
#: Octets of data messages that a tapping operator has not said to have read, at most; what exceeds them is lost to it.
TAP_WINDOW: Final = 4 * 1024 * 1024
#: Octets of one message at most; ZeroMQ cuts the connection of a client that sends more.
MAX_MESSAGE: Final = 1024 * 1024


class ProtocolError(Exception):
    """A message that is not of the form above. The text says what was expected."""


class Status(StrEnum):
    """How a request ended."""

    OK = "ok"
    REJECTED = "rejected"
    """The device took the command and said no (its text is in the body)."""
    UNKNOWN_NODE = "unknown-node"
    UNREACHABLE = "unreachable"
    """The node exists but is not connected: stopped, or still starting."""
    TIMEOUT = "timeout"
    BAD_REQUEST = "bad-request"


class Reason(StrEnum):
    """Why a port has carrier or not."""

    UP = "up"
    NO_CABLE = "no-cable"
    WRONG_CABLE = "wrong-cable"
    SHUTDOWN = "shutdown"
    PEER_SHUTDOWN = "peer-shutdown"
    PEER_ABSENT = "peer-absent"


class LinkState(NamedTuple):
    """Whether a port has carrier, and why (not)."""

    carrier: bool
    reason: Reason


# One packer for all data messages: making a new one for each costs more than packing a short batch does.
_pack_frames: Final = msgpack.Packer(use_bin_type=True).pack


def pack_data(port: int, frames: Sequence[bytes], stamp: int = 0) -> bytes:
    """One data message. ``frames`` holds 1..MAX_BATCH octet strings."""
    body: bytes = _pack_frames(frames)
    return HEADER.pack(DATA, port, stamp) + body


def unpack_data(message: bytes) -> tuple[int, int, list[bytes]]:
    """(port id, stamp, frames) of a data message; raises ProtocolError whatever else the octets are."""
    if len(message) < HEADER.size or message[0] != DATA:
        raise ProtocolError("a data message starts with type 1, a port id and a stamp")
    _, port, stamp = HEADER.unpack_from(message)
    try:
        frames = msgpack.unpackb(memoryview(message)[HEADER.size :], raw=False, max_bin_len=MAX_FRAME)
    except Exception as error:  # msgpack raises half a dozen unrelated classes for malformed input
        raise ProtocolError(f"frames: {error}") from None
    if not isinstance(frames, list) or not 1 <= len(frames) <= MAX_BATCH:
        raise ProtocolError(f"an array of 1..{MAX_BATCH} frames expected")
    if not all(isinstance(frame, bytes) for frame in frames):
        raise ProtocolError("each frame must be a binary string")
    return port, stamp, frames


def count_frames(message: bytes) -> int:
    """How many frames a data message says it carries, from the array's header alone; 0 when there is no array."""
    if len(message) <= HEADER.size:
        return 0
    kind = message[HEADER.size]
    if kind & 0xF0 == 0x90:  # fixarray
        return kind & 0x0F
    if kind == 0xDC and len(message) >= HEADER.size + 3:  # array 16
        return int.from_bytes(message[HEADER.size + 1 : HEADER.size + 3], "big")
    return 0


def readdress(message: bytes, port: int, stamp: int) -> bytes:
    """The same frames for another port, without touching them."""
    header = HEADER.pack(DATA, port, stamp)
    if len(message) < _LARGE:
        return header + message[HEADER.size :]
    return b"".join((header, memoryview(message)[HEADER.size :]))


def pack_control(op: str, **rest: Any) -> bytes:
    body: bytes = msgpack.packb({"op": op, **rest}, use_bin_type=True)
    return bytes((CONTROL,)) + body


def unpack_control(message: bytes) -> dict[str, Any]:
    """The map of a control message, with ``op`` a text; raises ProtocolError whatever else the octets are."""
    if not message or message[0] != CONTROL:
        raise ProtocolError("a control message starts with type 2")
    try:
        body = msgpack.unpackb(memoryview(message)[1:], raw=False, strict_map_key=False)
    except Exception as error:  # as above
        raise ProtocolError(f"control message: {error}") from None
    if not isinstance(body, dict) or not isinstance(body.get("op"), str):
        raise ProtocolError("a map with the key op expected")
    return body
