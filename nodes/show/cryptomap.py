"""``show crypto map``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from nodes.device.cryptoviews import CryptoMapEntryView, CryptoMapsView
from nodes.show import personality
from nodes.show.personality import CryptoWords


def _entry(entry: CryptoMapEntryView, words: CryptoWords) -> Iterator[str]:
    yield words.map_title.format(name=entry.name, sequence=entry.sequence)
    if entry.description:
        yield f"\tDescription: {entry.description}"
    # A list that is named but does not exist selects nothing: the entry is as idle as without one.
    if not entry.peers or not entry.rules:
        yield "\tWARNING: This crypto map is in an incomplete state!"
        yield "\t\t(missing peer or access-list definitions)"
    for peer in entry.peers:
        yield f"\tPeer = {peer}"
    if words.map_younger_lines:
        yield "\tAccess-List SS dynamic: False"
    if entry.access_list:
        yield f"\tExtended IP access list {entry.access_list}"
        for rule in entry.rules:
            yield f"\t    access-list {entry.access_list} {rule}"
    else:
        yield "\tNo matching address list set."
    if entry.current_peer is not None:
        yield f"\tCurrent peer: {entry.current_peer}"
    yield f"\tSecurity association lifetime: {entry.kilobytes} kilobytes/{entry.seconds} seconds"
    if words.map_younger_lines:
        yield "\tResponder-Only (Y/N): N"
    if entry.pfs_group is None:
        yield "\tPFS (Y/N): N"
    else:
        yield "\tPFS (Y/N): Y"
        yield f"\tDH group:  group{entry.pfs_group}"
    if words.map_younger_lines:
        yield "\tMixed-mode : Disabled"
    yield "\tTransform sets={ "
    for known in entry.transform_sets:
        yield "\t\t" + words.map_transform_set.format(name=known.name, transforms=known.transforms)
    yield "\t}"


def maps(view: CryptoMapsView) -> Iterator[str]:
    words = personality.crypto_of(view.personality)
    if not view.entries:
        yield "No crypto maps found."
    for name, group in groupby(view.entries, key=lambda entry: entry.name):
        entries = list(group)
        for number, entry in enumerate(entries):
            if number:
                yield ""
            yield from _entry(entry, words)
        # The interfaces are those of the whole map and stand behind its last entry.
        yield f"\tInterfaces using crypto map {name}:"
        for interface in entries[-1].interfaces:
            yield f"\t\t{interface}"
            yield ""
        if not entries[-1].interfaces:
            yield ""
