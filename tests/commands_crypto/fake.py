"""A router without a network: a true configuration, and an ``ipsec`` that hands out canned views and notes calls."""

from __future__ import annotations

from typing import Any, Final

from nodes.base.ifname import Family
from nodes.cli import Batch, CommandSet, IosDialect, Refusal, load_config, render
from nodes.cli.builtin import IOS
from nodes.commands import crypto, interfaces
from nodes.commands.console import GLOSSARY
from nodes.commands.modes import interface_modes
from nodes.commands.params import Interfaces, base_params
from nodes.device.config import RoutedInterfaceConfig, RouterConfig

PORTS: Final = ("FastEthernet0/0", "FastEthernet0/1")

COMMANDS: Final = CommandSet(
    (IOS, interfaces.table, crypto.table),
    params=base_params(Interfaces(PORTS)),
    modes=(*interface_modes(routed=(Family.PORT,)), *crypto.MODES),
    glossary=GLOSSARY,
)


class FakeIpsec:
    """Every method notes its call and answers with what ``views`` holds under its name."""

    def __init__(self) -> None:
        self.views: dict[str, Any] = {}
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def method(*args: Any, **named: Any) -> Any:
            self.calls.append((name, *args, *named.items()))
            return self.views.get(name)

        return method


class FakeRouter:
    def __init__(self) -> None:
        ports = {name: RoutedInterfaceConfig(name) for name in PORTS}
        self.config = RouterConfig("R", interfaces=ports)
        self.ipsec = FakeIpsec()
        self.ready = True
        self.changes = 0

    @property
    def interface_configs(self) -> dict[str, RoutedInterfaceConfig]:
        return self.config.interfaces

    def brought_up(self, interface: RoutedInterfaceConfig) -> None:
        pass

    def configured(self) -> None:
        self.changes += 1


def load(text: str, router: FakeRouter | None = None) -> tuple[FakeRouter, list[Refusal]]:
    router = router or FakeRouter()
    return router, load_config(COMMANDS, router, text, 0.0)


def configured(text: str) -> FakeRouter:
    """A router with this configuration, of which nothing may be refused."""
    router, refusals = load(text)
    assert refusals == []
    return router


def printed(router: FakeRouter) -> list[str]:
    """The running-config down to the interfaces."""
    lines = render(COMMANDS, "config", router.config)
    return lines[: lines.index(f"interface {PORTS[0]}")]


def typed(router: FakeRouter, *lines: str) -> Batch:
    """Type lines in privileged exec mode."""
    batch = Batch(COMMANDS, IosDialect(lambda: "R"), router, lines)
    batch.advance(0.0)
    assert batch.done
    return batch


def visible(text: str) -> str:
    """Golden texts mark a blank at the end of a line with ``·`` and a tab with ``→``."""
    return text.replace("·", " ").replace("→", "\t")
