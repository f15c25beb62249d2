"""Every Diffie-Hellman group of IKE, by its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from nodes.crypto.ecp import ECP_GROUPS
from nodes.crypto.modp import MODP_GROUPS


class Group(Protocol):
    """What IKE needs of a group. Values have the group's full length, leading zero octets included."""

    @property
    def number(self) -> int: ...

    @property
    def bits(self) -> int: ...

    @property
    def private_length(self) -> int:
        """Octets of entropy for a private value."""

    def public(self, private: bytes) -> bytes:
        """g^x, at the group's full length."""

    def shared(self, private: bytes, peer: bytes) -> bytes:
        """g^xy, at the group's full length; raises CryptoError when ``peer`` is not an element to be used."""


GROUPS: Final[Mapping[int, Group]] = {**MODP_GROUPS, **ECP_GROUPS}
