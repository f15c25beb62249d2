"""The facade of the IKE engine: what a device calls, and the timers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.drops import DropCounters
from nodes.engine.ike import (
    aggressive_mode,
    dpd,
    main_mode,
    nat,
    peers,
    proposals,
    quick_mode,
    reception,
    renewal,
    words,
)
from nodes.engine.ike.config import IkeConfig, MapEntry
from nodes.engine.ike.core import Core
from nodes.engine.ike.effects import Effect
from nodes.engine.ike.sa import IsakmpSa, Pair, QuickMode, Request
from nodes.engine.ike.states import QuickState, Role
from nodes.engine.ike.views import IsakmpView, PairView, isakmp_view, pair_view
from nodes.esp.association import Proxies
from nodes.wire import doi

#: Wishes for IPsec SAs that one negotiation of phase 1 takes along.
REQUEST_LIMIT: Final = 32

_WAITING: Final = (QuickState.I_QM1, QuickState.R_QM2)


class IkeEngine:
    """IKEv1 for one device. Calls never raise on what a peer sends; all consequences come out of :meth:`drain`.

    ``entropy(n)`` gives n octets that nobody can guess. Times are monotonic seconds. Drops are counted in ``drops``.
    """

    def __init__(self, config: IkeConfig, entropy: Callable[[int], bytes], drops: DropCounters | None = None) -> None:
        self.drops = drops if drops is not None else DropCounters()
        self._core = Core(config, entropy, self.drops)

    # What the device asks --------------------------------------------------------------------------------------------

    def drain(self) -> list[Effect]:
        """What is to be done, in order."""
        core = self._core
        effects, core.effects = core.effects, []
        return effects

    def debug(self, topics: Iterable[str]) -> None:
        """Which debug lines to make: any of ``isakmp``, ``ipsec`` and ``engine``."""
        self._core.debugging = set(topics)

    def configure(self, config: IkeConfig, now: float) -> None:
        """Take a changed configuration. SAs stay, but for those whose crypto map entry or whose ISAKMP has gone."""
        core = self._core
        before, core.config = core.config, config
        if (before.policies, before.keys) != (config.policies, config.keys):
            # What was refused before is judged anew when its sender repeats it.
            core.sas = {key: sa for key, sa in core.sas.items() if not (sa.half_open and sa.deleted)}
        # A pair lives as long as its entry names its traffic and its peer.
        core.delete_pairs([pair for pair in core.pairs.values() if pair.outbound and self._entry_of(pair) is None])
        for sa, exchange in list(core.exchanges()):
            if exchange.state in _WAITING and exchange.pair is not None and self._entry_of(exchange.pair) is None:
                core.close_exchange(sa, exchange, now, "Configuration changed")
        if before.enabled and not config.enabled:
            for sa in list(core.sas.values()):
                if not sa.deleted:
                    core.delete_sa(sa, now, "ISAKMP is OFF", tell=True)
            core.sas.clear()
        if before.enabled != config.enabled:
            core.log(6, "ISAKMP_ON_OFF", f"ISAKMP is {'ON' if config.enabled else 'OFF'}")

    def initiate(self, entry: MapEntry, proxies: Proxies, now: float, peer: int | None = None) -> bool:
        """Traffic that ``entry`` protects has no SA: negotiate one. False when that cannot even begin.

        A negotiation for the same traffic that is under way goes on; more traffic does not hurry it.
        """
        return self._want(Request(entry, proxies), peers.current(self._core, entry) if peer is None else peer, now)

    def _want(self, request: Request, remote: int, now: float) -> bool:
        """Negotiate with this peer; when that cannot even begin, with the others of the entry."""
        core, entry, proxies = self._core, request.entry, request.proxies
        if not core.config.enabled or self._under_way(entry, proxies, remote):
            return core.config.enabled
        core.say_ipsec(lambda: words.requested(entry, remote, proxies))
        sa = core.usable_sa(entry.local_address, remote)
        if sa is not None:
            quick_mode.start(core, sa, entry, proxies, now)
            return True
        sa = core.negotiating_sa(entry.local_address, remote) or self._begin(entry.local_address, remote, now)
        if sa is None:
            return self._next_peer(request, remote, now)
        if len(sa.requests) < REQUEST_LIMIT:
            sa.requests.append(request)
        return True

    def _next_peer(self, request: Request, failed: int, now: float) -> bool:
        """A peer did not answer: try the next of ``set peer``, until each had its turn."""
        core, tried = self._core, (*request.tried, failed)
        following = peers.following(request.entry, failed, tried)
        if following is None:
            peers.failed(core, request.entry, failed)
            return False
        core.current_peers[request.entry.name] = following
        return self._want(replace(request, tried=tried), following, now)

    def sent(self, local: int, remote: int, now: float) -> None:
        """Traffic goes to a peer under IPsec SAs."""
        dpd.sent(self._core, local, remote, now)

    def heard(self, local: int, remote: int, now: float) -> None:
        """Traffic came from a peer under IPsec SAs, and was authentic."""
        dpd.heard(self._core, local, remote, now)

    def current_peer(self, entry: MapEntry) -> int:
        """The peer that an entry's next negotiation begins with."""
        return peers.current(self._core, entry)

    def receive(
        self,
        datagram: bytes,
        source: int,
        source_port: int,
        destination: int,
        now: float,
        port: int = doi.ISAKMP_PORT,
    ) -> None:
        """A datagram for UDP port 500, or 4500 where it is not ESP, of our address ``destination``."""
        reception.receive(self._core, datagram, (source, source_port), (destination, port), now)

    def renew(self, pair: int, now: float) -> None:
        """The SAs of a pair (named by its inbound SPI) are near their end: negotiate the next, unless others exist."""
        record = self._core.pairs.get(pair)
        if record is None or not record.outbound:
            return
        record.renewed = True
        entry = self._entry_of(record)
        if entry is not None and not renewal.pair_has_successor(self._core, record):
            self.initiate(entry, record.proxies, now, record.peer)

    def expire(self, pairs: Iterable[int], now: float) -> None:
        """Pairs (by inbound SPI) have come to their end, or lost their keys: remove them and tell the peers."""
        core = self._core
        core.delete_pairs([core.pairs[spi] for spi in pairs if spi in core.pairs])
        self._forget_closed(now)

    def clear_ipsec(self, now: float, chosen: Callable[[PairView], bool] = lambda view: True) -> None:
        """``clear crypto sa``: remove the chosen pairs and tell the peers."""
        core = self._core
        core.delete_pairs([pair for pair in core.pairs.values() if chosen(pair_view(pair))])
        self._forget_closed(now)

    def clear_isakmp(self, now: float, chosen: Callable[[IsakmpView], bool] = lambda view: True) -> None:
        """``clear crypto isakmp``: delete the chosen ISAKMP SAs and tell the peers. IPsec SAs live on."""
        for sa in list(self._core.sas.values()):
            if not sa.deleted and chosen(isakmp_view(sa, now)):
                self._core.delete_sa(sa, now, "Clear by operator", tell=True)

    def isakmp_sas(self, now: float) -> tuple[IsakmpView, ...]:
        """Every ISAKMP SA that is listed, the newest first, as IOS does."""
        keepalives = self._core.config.keepalive is not None
        return tuple(isakmp_view(sa, now, keepalives=keepalives) for sa in reversed(list(self._core.sas.values())))

    def pairs(self) -> tuple[PairView, ...]:
        return tuple(pair_view(pair) for pair in self._core.pairs.values())

    # Timers ----------------------------------------------------------------------------------------------------------

    def next_deadline(self) -> float | None:
        return min(self._deadlines(), default=None)

    def _deadlines(self) -> Iterator[float]:
        for sa in self._core.sas.values():
            for at in (sa.outbox.due, sa.renew_at, sa.expires_at, sa.purge_at, sa.dpd_due, sa.keepalive_due):
                if at is not None:
                    yield at
            for exchange in sa.exchanges.values():
                for at in (exchange.outbox.due, exchange.purge_at):
                    if at is not None:
                        yield at

    def handle_timer(self, now: float) -> None:
        """Do what is due: retransmissions, deaths, renewals, ends, purges."""
        core = self._core
        for key, sa in list(core.sas.items()):
            if sa.purge_at is not None and sa.purge_at <= now:
                core.say(sa, f"purging SA., sa={sa.initiator_cookie.hex()[:8].upper()}")
                del core.sas[key]
                continue
            for exchange in list(sa.exchanges.values()):
                if not sa.deleted:
                    self._exchange_timer(sa, exchange, now)
            if sa.outbox.due is not None and sa.outbox.due <= now:
                if not core.retransmit(sa, sa.outbox, now, 1):
                    core.say(sa, "peer does not do paranoid keepalives.")
                    requests = list(sa.requests)
                    core.delete_sa(sa, now, "Death by retransmission P1")
                    for request in requests:
                        self._next_peer(request, sa.remote, now)
            elif sa.expires_at is not None and sa.expires_at <= now:
                core.delete_sa(sa, now, "Lifetime expired", tell=True)
            elif sa.renew_at is not None and sa.renew_at <= now:
                sa.renew_at = None
                self._renew_isakmp(sa, now)
            nat.keep_alive(core, sa, now)
            dpd.timer(core, sa, now)

    def _exchange_timer(self, sa: IsakmpSa, exchange: QuickMode, now: float) -> None:
        core = self._core
        if exchange.purge_at is not None and exchange.purge_at <= now:
            core.say(sa, f"purging node {words.signed(exchange.message_id)}")
            del sa.exchanges[exchange.message_id]
        elif (
            exchange.outbox.due is not None
            and exchange.outbox.due <= now
            and not core.retransmit(sa, exchange.outbox, now, 2, exchange.message_id)
        ):
            if exchange.role is Role.INITIATOR:
                # As IOS: a peer that does not answer under this SA has lost it (a restart, say); begin anew.
                core.say(sa, "peer does not do paranoid keepalives.")
                core.delete_sa(sa, now, "Death by retransmission P2")
            else:
                core.close_exchange(sa, exchange, now, "Death by retransmission P2")

    def _renew_isakmp(self, sa: IsakmpSa, now: float) -> None:
        """Phase 1 is near its end: negotiate the next one, if there are IPsec SAs that will want it."""
        core = self._core
        ends = sa.local, sa.remote
        if not any(core.pairs_with(*ends)) or core.negotiating_sa(*ends) is not None:
            return
        if not renewal.sa_has_successor(core, sa):
            self._begin(*ends, now)

    # Helpers ---------------------------------------------------------------------------------------------------------

    def _begin(self, local: int, remote: int, now: float) -> IsakmpSa | None:
        """Begin phase 1 as the initiator; None without a key for the peer or a policy to offer."""
        core = self._core
        peer = format_ipv4(remote)
        aggressive = core.config.calls_aggressively(remote)
        mode = "Aggressive" if aggressive else "Main"
        if core.config.initiators_key(remote) is None:
            core.say(None, f"No pre-shared key with {peer}!")
            core.say(None, " No Cert or pre-shared address key.")
            core.say(None, f" construct_initial_message: Can not start {mode} mode")
            return None
        if not proposals.usable_policies(core.config.policies):
            core.say(None, f" construct_initial_message: Can not start {mode} mode")
            return None
        core.say(None, f"found peer pre-shared key matching {peer}")
        sa = IsakmpSa(Role.INITIATOR, local, remote, core.new_cookie(), now, aggressive=aggressive)
        core.sas[sa.cookies] = sa
        (aggressive_mode if aggressive else main_mode).start(core, sa, now)
        return sa

    def _under_way(self, entry: MapEntry, proxies: Proxies, remote: int) -> bool:
        """Whether we are negotiating for this traffic with this peer already."""
        for sa in self._core.sas.values():
            if (sa.local, sa.remote) != (entry.local_address, remote) or sa.deleted:
                continue
            if any(request.proxies == proxies for request in sa.requests):
                return True
            for exchange in sa.exchanges.values():
                if exchange.state is QuickState.I_QM1 and exchange.proxies == proxies:
                    return True
        return False

    def _entry_of(self, pair: Pair) -> MapEntry | None:
        """The entry that a pair was made for, as it is configured now."""
        for entry in self._core.config.entries:
            if (
                (entry.interface, entry.map_name, entry.sequence)
                == (pair.entry.interface, pair.entry.map_name, pair.entry.sequence)
                and entry.local_address == pair.owner.local
                and pair.peer in entry.peers
                and pair.proxies in entry.proxies
            ):
                return entry
        return None

    def _forget_closed(self, now: float) -> None:
        """Close exchanges whose pair was removed from under them."""
        core = self._core
        for sa, exchange in list(core.exchanges()):
            pair = exchange.pair
            if exchange.state in _WAITING and pair is not None and pair.inbound_spi not in core.pairs:
                exchange.pair = None
                core.close_exchange(sa, exchange, now, "Clear by operator")
