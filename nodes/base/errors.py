"""The exceptions that cross rooms."""

from __future__ import annotations


class WirelabError(Exception):
    """Base of every error that the project raises on purpose."""


class WireError(WirelabError):
    """Bytes from a wire do not have the form that their protocol asks for.

    Every ``parse`` in :mod:`nodes.wire` raises this and nothing else, whatever the bytes; the caller counts
    the frame under a :class:`nodes.base.drops.Drop` and goes on.
    """


class AddressError(WirelabError, ValueError):
    """Text that should have been an address, mask or prefix is not one."""
