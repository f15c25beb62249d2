"""What a word that names a host stands for."""

from __future__ import annotations

from nodes.base.addr import format_ipv4, parse_ipv4
from nodes.base.errors import AddressError
from nodes.device.config import IosConfig


def address_of(config: IosConfig, word: str) -> int | None:
    """The address itself, or that of the table of hosts; None for a name that nobody knows."""
    try:
        return parse_ipv4(word)
    except AddressError:
        pass
    names = {word.lower()}
    if config.domain_name and "." not in word:
        names.add(f"{word}.{config.domain_name}".lower())
    return next((addresses[0] for name, addresses in config.hosts.items() if name.lower() in names), None)


def translating(config: IosConfig, word: str) -> str:
    """What is said while a name server is asked; nobody answers."""
    if not config.domain_lookup:
        return f'Translating "{word}"'
    servers = "".join(f" ({format_ipv4(server)})" for server in config.name_servers) or " (255.255.255.255)"
    return f'Translating "{word}"...domain server{servers}'
