"""Linux interfaces behind the ports of a cloud: one that exists, by AF_PACKET (packet(7)), or a TAP that is made here.

Both are read in batches without waiting, and both hand over frames as a wire carries them: with their VLAN tags, with
complete checksums, and cut to size (see :mod:`nodes.wire.offload`).
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.device.cloud import Cloud
from nodes.wire import offload

#: Frames that are read before the loop looks at anything else.
_TURN: Final = 64
#: Seconds between two looks at the state of an interface.
_LOOK: Final = 1.0
#: Room for a super-frame of segmentation offload.
_ROOM: Final = 1 << 17

# linux/if_packet.h, linux/if_ether.h
_SOL_PACKET: Final = 263
_ADD_MEMBERSHIP: Final = 1
_STATISTICS: Final = 6
_AUXDATA: Final = 8
_VNET_HDR: Final = 15
_IGNORE_OUTGOING: Final = 23
_MR_PROMISC: Final = 1
_ETH_P_ALL: Final = 3
_VLAN_VALID: Final = 0x10
_VLAN_TPID_VALID: Final = 0x40
_AUX = struct.Struct("=IIIHHHH")
# linux/if_tun.h, linux/sockios.h
_TUNSETIFF: Final = 0x400454CA
_TUNSETCARRIER: Final = 0x400454E2
_IFF_TAP: Final = 0x0002
_IFF_NO_PI: Final = 0x1000
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1
_IFF_RUNNING: Final = 0x40
_IFREQ = struct.Struct("16sH22x")

_WAY_OUT: Final = "run `wirelab up` as root, or give its Python the capability"


class Uplink(Protocol):
    """An open Linux interface."""

    overrun: int
    """Frames that the kernel dropped because nobody read them in time; taken and reset by the owner."""
    unfinished: int
    """Frames that only a card could finish; taken and reset by the owner."""

    def fileno(self) -> int: ...
    def read(self) -> list[bytes]:
        """What came in, at most a turn's worth. Raises OSError once the interface is gone."""

    def write(self, frames: list[bytes]) -> int:
        """Send, without waiting; how many frames the kernel took."""

    def follow(self, up: bool) -> None:
        """The wire has carrier, or not: an interface of our own shows it."""

    def close(self) -> None: ...


def _refused(what: str, error: OSError) -> str:
    if error.errno in (errno.EPERM, errno.EACCES):
        return what
    return error.strerror or str(error)


class PacketUplink:
    """An interface that exists; it is put into promiscuous mode as long as this is open."""

    def __init__(self, interface: str) -> None:
        self.overrun = self.unfinished = 0
        try:
            # Protocol 0: nothing arrives before everything is set up and bind() names protocol and interface.
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        except OSError as error:
            raise OSError(error.errno, _refused(f"needs CAP_NET_RAW; {_WAY_OUT} cap_net_raw", error)) from None
        try:
            index = socket.if_nametoindex(interface)
            self._socket.setsockopt(_SOL_PACKET, _VNET_HDR, 1)
            self._socket.setsockopt(_SOL_PACKET, _AUXDATA, 1)
            self._socket.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
            membership = struct.pack("=IHH8s", index, _MR_PROMISC, 0, b"")
            self._socket.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
            self._socket.bind((interface, _ETH_P_ALL))
        except OSError:
            self._socket.close()
            raise

    def fileno(self) -> int:
        return self._socket.fileno()

    def read(self) -> list[bytes]:
        frames: list[bytes] = []
        for _ in range(_TURN):
            try:
                data, ancillary, _, _ = self._socket.recvmsg(_ROOM, socket.CMSG_SPACE(_AUX.size))
            except BlockingIOError:
                break
            try:
                finished = offload.finish(data[offload.LENGTH :], offload.parse(data))
            except WireError:
                self.unfinished += 1
                continue
            tag = _tag(ancillary)
            frames += [frame[:12] + tag + frame[12:] for frame in finished] if tag else finished
        _, dropped = struct.unpack("=II", self._socket.getsockopt(_SOL_PACKET, _STATISTICS, 8))
        self.overrun += dropped
        return frames

    def write(self, frames: list[bytes]) -> int:
        for sent, frame in enumerate(frames):
            try:
                self._socket.sendmsg((offload.NOTHING, frame))
            except OSError:
                # ENOBUFS, EAGAIN: the queue is full. ENETDOWN, ENXIO: it is no longer there, which reading will say.
                return sent
        return len(frames)

    def follow(self, up: bool) -> None:
        """The interface is not ours: it keeps its own state."""

    def close(self) -> None:
        self._socket.close()


def _tag(ancillary: list[tuple[int, int, bytes]]) -> bytes:
    """The 802.1Q tag that the kernel took out of a frame."""
    for level, kind, data in ancillary:
        if (level, kind) == (_SOL_PACKET, _AUXDATA) and len(data) >= _AUX.size:
            status, _, _, _, _, tci, tpid = _AUX.unpack_from(data)
            if status & _VLAN_VALID:
                return struct.pack("!HH", tpid if status & _VLAN_TPID_VALID else 0x8100, tci)
    return b""


class TapUplink:
    """A TAP interface that exists as long as this is open. The kernel finishes frames for it."""

    def __init__(self, interface: str) -> None:
        self.overrun = self.unfinished = 0
        try:
            self._fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise OSError(error.errno, f"/dev/net/tun: {error.strerror}") from None
        try:
            request = _IFREQ.pack(interface.encode(), _IFF_TAP | _IFF_NO_PI)
            fcntl.ioctl(self._fd, _TUNSETIFF, request)
            _set_up(interface)
        except OSError as error:
            os.close(self._fd)
            raise OSError(error.errno, _refused(f"needs CAP_NET_ADMIN; {_WAY_OUT} cap_net_admin", error)) from None

    def fileno(self) -> int:
        return self._fd

    def read(self) -> list[bytes]:
        frames: list[bytes] = []
        for _ in range(_TURN):
            try:
                frames.append(os.read(self._fd, _ROOM))
            except BlockingIOError:
                break
        return frames

    def write(self, frames: list[bytes]) -> int:
        for sent, frame in enumerate(frames):
            try:
                os.write(self._fd, frame)
            except OSError:
                return sent
        return len(frames)

    def follow(self, up: bool) -> None:
        fcntl.ioctl(self._fd, _TUNSETCARRIER, ctypes.c_int(up))

    def close(self) -> None:
        os.close(self._fd)


def _flags(interface: str) -> int:
    """The flags of an interface; OSError when there is none of this name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer = fcntl.ioctl(probe, _SIOCGIFFLAGS, _IFREQ.pack(interface.encode(), 0))
    flags: int = _IFREQ.unpack(answer)[1]
    return flags


def _set_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, _SIOCSIFFLAGS, _IFREQ.pack(interface.encode(), _flags(interface) | _IFF_UP))


_KINDS: Final[Mapping[str, Callable[[str], Uplink]]] = {"packet": PacketUplink, "tap": TapUplink}


class Uplinks:
    """All interfaces of one cloud. One that is missing, or goes away, is looked for again every second."""

    def __init__(self, device: Cloud, attach: Mapping[int, tuple[str, str]], clock: Callable[[], float]) -> None:
        self._loop = asyncio.get_running_loop()
        self._device = device
        self._attach = dict(attach)
        self._clock = clock
        self._open: dict[int, Uplink] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.turn: Callable[[], None] = lambda: None
        """Called after frames were handed to the device."""
        for port, (kind, interface) in sorted(self._attach.items()):
            device.attach(port, interface, kind)

    def start(self) -> None:
        for port in self._attach:
            self._look(port)
        self.turn()
        self._timer = self._loop.call_later(_LOOK, self.start)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for port in list(self._open):
            self._forget(port)

    def send(self, port: int, frames: list[bytes]) -> None:
        uplink = self._open.get(port)
        sent = uplink.write(frames) if uplink is not None else 0
        if sent < len(frames):
            self._device.undelivered(len(frames) - sent, self._clock())

    def follow(self, port: int, up: bool) -> None:
        uplink = self._open.get(port)
        if uplink is not None:
            uplink.follow(up)

    def _look(self, port: int) -> None:
        """Open what is not open, and tell the device how the interface is."""
        kind, interface = self._attach[port]
        device, now = self._device, self._clock()
        try:
            if port not in self._open:
                uplink = _KINDS[kind](interface)
                self._open[port] = uplink
                self._loop.add_reader(uplink.fileno(), self._readable, port)
                uplink.follow(device.ports[port].carrier)
            flags = _flags(interface)
        except OSError as error:
            self._forget(port)
            device.host_state(port, False, error.strerror or str(error), now)
            return
        # A TAP without carrier is as we made it: its wire is down, and it is ready all the same.
        up = bool(flags & _IFF_UP and (flags & _IFF_RUNNING or kind == "tap"))
        device.host_state(port, up, "" if up else "no carrier" if flags & _IFF_UP else "down", now)

    def _forget(self, port: int) -> None:
        uplink = self._open.pop(port, None)
        if uplink is not None:
            self._loop.remove_reader(uplink.fileno())
            uplink.close()

    def _readable(self, port: int) -> None:
        uplink, device = self._open[port], self._device
        try:
            frames = uplink.read()
        except OSError:
            frames = []
            self._look(port)
        device.drops.count(Drop.HOST_OVERRUN, uplink.overrun)
        device.drops.count(Drop.HOST_OFFLOAD, uplink.unfinished)
        uplink.overrun = uplink.unfinished = 0
        if frames:
            device.from_host(port, frames, self._clock())
        self.turn()
