"""What SPAN means, said once more: for one frame that crosses one port of a switch, who gets which copy.

It knows VLANs and tags and nothing of programs, bridges or brokers. The rules are those of a Catalyst's guide:

- received frames are copied as they came in, sent ones as they went out, whatever the switch did with them;
- a source port is copied whole; a filter lets only its VLANs through, on trunks;
- a source VLAN means its frames on every port that carries it and does not monitor;
- a copy has no tag (native), always its VLAN's (dot1q), or what the frame had (replicate);
- into an RSPAN VLAN go frames of all other VLANs but those of protocols between neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

RX: Final = "rx"
TX: Final = "tx"


@dataclass(frozen=True)
class PortModel:
    """``trunk``: frames without a tag are of ``vlan``, its native one, and ``allowed`` (None: all) may pass."""

    vlan: int
    trunk: bool = False
    allowed: frozenset[int] | None = None


@dataclass
class SessionModel:
    """Directions as a text: ``rx``, ``tx`` or ``rxtx``. ``destination``: port and encapsulation, or an RSPAN VLAN.

    ``ingress``, of a port: the VLAN of what comes in there, and whether tags are taken; copies do not depend on it."""

    ports: dict[str, str] = field(default_factory=dict)
    vlans: dict[int, str] = field(default_factory=dict)
    filter: frozenset[int] = frozenset()
    destination: tuple[str, str] | int = ("", "native")
    ingress: tuple[int, bool] | None = None


@dataclass
class SwitchModel:
    ports: dict[str, PortModel]
    vlans: set[int]
    sessions: dict[int, SessionModel] = field(default_factory=dict)
    remote: set[int] = field(default_factory=set)

    def copies(self, port: str, direction: str, frame: bytes) -> list[tuple[str | int, bytes]]:
        """(destination, copy) by session; the destination is a port, or an RSPAN VLAN and then the copy without tag."""
        found: list[tuple[str | int, bytes]] = []
        for _, session in sorted(self.sessions.items()):
            if port in self.monitoring or not self._wants(session, port, direction, frame):
                continue
            if isinstance(session.destination, int):
                if session.destination in self.remote & self.vlans and not between_neighbours(frame):
                    found.append((session.destination, untagged(frame)))
            elif session.destination[0]:
                name, encapsulation = session.destination
                found.append((name, self._form(encapsulation, port, frame)))
        return found

    @property
    def monitoring(self) -> set[str]:
        return {session.destination[0] for session in self.sessions.values() if isinstance(session.destination, tuple)}

    def _wants(self, session: SessionModel, port: str, direction: str, frame: bytes) -> bool:
        vlan, model = self.vlan_of(port, frame), self.ports[port]
        if isinstance(session.destination, int) and vlan in self.remote:
            return False
        if port in session.ports:
            if direction not in session.ports[port]:
                return False
            return not session.filter or not model.trunk or vlan in session.filter
        if direction not in session.vlans.get(vlan, "") or vlan not in self.vlans:
            return False
        if model.trunk:
            return model.allowed is None or vlan in model.allowed
        return vlan == model.vlan

    def vlan_of(self, port: str, frame: bytes) -> int:
        tag = tag_of(frame)
        return tag if tag else self.ports[port].vlan

    def _form(self, encapsulation: str, port: str, frame: bytes) -> bytes:
        if encapsulation == "native":
            return untagged(frame)
        if encapsulation == "dot1q" and not tag_of(frame):
            return tagged(untagged(frame), self.ports[port].vlan)
        return frame


def tag_of(frame: bytes) -> int | None:
    """The VLAN number in a frame's tag, which may be 0; None without a tag."""
    return int.from_bytes(frame[14:16], "big") % 4096 if frame[12:14].hex() == "8100" else None


def untagged(frame: bytes) -> bytes:
    return frame if tag_of(frame) is None else frame[:12] + frame[16:]


def tagged(frame: bytes, vlan: int) -> bytes:
    return frame[:12] + bytes.fromhex("8100") + vlan.to_bytes(2, "big") + frame[12:]


def between_neighbours(frame: bytes) -> bool:
    to = frame[:6].hex()
    return (to.startswith("0180c200000") and len(to) == 12) or to in ("01000ccccccc", "01000ccccccd")
