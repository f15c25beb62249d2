"""What all exchanges share: the records, the effects, sending and retransmission, deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop, DropCounters
from nodes.engine.ike import envelope, words
from nodes.engine.ike.config import IkeConfig, MapEntry
from nodes.engine.ike.effects import Debug, Effect, InstallSa, Log, RemoveSa, SendDatagram
from nodes.engine.ike.sa import (
    DUPLICATE_INTERVAL,
    LINGER,
    RETRANSMIT_INTERVAL,
    RETRANSMIT_LIMIT,
    IsakmpSa,
    Outbox,
    Pair,
    QuickMode,
)
from nodes.engine.ike.states import Event, QuickEvent, QuickState, Role, State, phase_1, phase_2
from nodes.esp.association import Association, Direction, Proxies
from nodes.wire import isakmp
from nodes.wire.doi import NAT_T_PORT, Exchange, PayloadType, Protocol
from nodes.wire.esp import SPI_MIN
from nodes.wire.isakmp import NON_ESP_MARKER, Deletion, Header, Notification, Payload

#: Exchanges that peers have begun and not finished, with those that were refused and still linger.
HALF_OPEN_LIMIT: Final = 64
#: Seconds between two log messages of one mnemonic about one peer, for those that a hostile peer can cause.
LOG_INTERVAL: Final = 5.0
_LOGGED_LIMIT: Final = 256


class Core:
    """The state of one engine. The exchanges' steps are functions of it."""

    def __init__(self, config: IkeConfig, entropy: Callable[[int], bytes], drops: DropCounters) -> None:
        self.config = config
        self.entropy = entropy
        self.drops = drops
        self.effects: list[Effect] = []
        self.debugging: set[str] = set()
        #: (initiator cookie, responder cookie) -> SA; an initiator's SA has a zero second cookie until message 2.
        self.sas: dict[tuple[bytes, bytes], IsakmpSa] = {}
        #: Inbound SPI -> pair, larval ones too.
        self.pairs: dict[int, Pair] = {}
        self._next_isakmp_id = 1001
        self._next_ipsec_id = 2001
        self._logged: dict[tuple[str, int], float] = {}
        #: (interface, crypto map, sequence) -> the peer in use, of entries with several.
        self.current_peers: dict[tuple[str, str, int], int] = {}
        #: (local, remote) -> when something came from a peer under its IPsec SAs.
        self.heard: dict[tuple[int, int], float] = {}

    # Finding ---------------------------------------------------------------------------------------------------------

    def usable_sa(self, local: int, remote: int) -> IsakmpSa | None:
        """The newest complete ISAKMP SA between two addresses."""
        found = [sa for sa in self.sas.values() if sa.usable and (sa.local, sa.remote) == (local, remote)]
        return max(found, key=lambda sa: sa.established_at or 0.0, default=None)

    def negotiating_sa(self, local: int, remote: int) -> IsakmpSa | None:
        """An ISAKMP SA to this peer that we have begun and that is not complete."""
        for sa in self.sas.values():
            if (
                sa.role is Role.INITIATOR
                and not sa.usable
                and not sa.deleted
                and (sa.local, sa.remote) == (local, remote)
            ):
                return sa
        return None

    def pairs_with(self, local: int, remote: int) -> Iterator[Pair]:
        """The complete pairs of IPsec SAs between two addresses."""
        for pair in self.pairs.values():
            if pair.outbound and (pair.owner.local, pair.peer) == (local, remote):
                yield pair

    def exchanges(self) -> Iterator[tuple[IsakmpSa, QuickMode]]:
        for sa in self.sas.values():
            for exchange in sa.exchanges.values():
                yield sa, exchange

    # Telling ---------------------------------------------------------------------------------------------------------

    def say(self, sa: IsakmpSa | None, text: str) -> None:
        """A line of ``debug crypto isakmp``."""
        if "isakmp" in self.debugging:
            self.effects.append(Debug("isakmp", f"ISAKMP:({sa.connection_id if sa else 0}):{text}"))

    def say_engine(self, text: str) -> None:
        """A line of ``debug crypto engine``."""
        if "engine" in self.debugging:
            self.effects.append(Debug("engine", text))

    def say_ipsec(self, lines: Callable[[], Iterable[str]]) -> None:
        """Lines of ``debug crypto ipsec``, made only when somebody reads them."""
        if "ipsec" in self.debugging:
            self.effects.extend(Debug("ipsec", line) for line in lines())

    def log(self, severity: int, mnemonic: str, text: str) -> None:
        self.effects.append(Log("CRYPTO", severity, mnemonic, text))

    def log_peer(self, severity: int, mnemonic: str, peer: int, text: str, now: float) -> None:
        """As :meth:`log`, but not more often than the interval: the peer decides how often it happens."""
        last = self._logged.get((mnemonic, peer))
        if last is not None and now - last < LOG_INTERVAL:
            return
        if len(self._logged) >= _LOGGED_LIMIT:
            # Whoever floods us from many addresses gets no more lines than this in one interval.
            self._logged = {key: at for key, at in self._logged.items() if now - at < LOG_INTERVAL}
            if len(self._logged) >= _LOGGED_LIMIT:
                return
        self._logged[mnemonic, peer] = now
        self.log(severity, mnemonic, text)

    # Numbers ---------------------------------------------------------------------------------------------------------

    def new_cookie(self) -> bytes:
        """RFC 2408 §2.5.3 asks for values that nobody can guess; entropy serves."""
        while True:
            cookie = self.entropy(8)
            if any(cookie) and not any(cookie in key for key in self.sas):
                return cookie

    def new_message_id(self, sa: IsakmpSa) -> int:
        """Unique and not zero under its SA (RFC 2408 §3.1)."""
        while True:
            message_id = int.from_bytes(self.entropy(4), "big")
            if message_id and message_id not in sa.message_ids:
                sa.message_ids.add(message_id)
                return message_id

    def new_spi(self) -> int:
        while True:
            spi = int.from_bytes(self.entropy(4), "big")
            if spi >= SPI_MIN and spi not in self.pairs:
                return spi

    def give_connection_id(self, sa: IsakmpSa) -> None:
        """IOS counts an ISAKMP SA from the moment that it has keys."""
        sa.connection_id = self._next_isakmp_id
        self._next_isakmp_id += 1

    def new_pair(self, sa: IsakmpSa, entry: MapEntry, proxies: Proxies, role: Role, spi: int) -> Pair:
        pair = Pair(spi, sa, entry, proxies, sa.remote, role, self._next_ipsec_id, self._next_ipsec_id + 1)
        self._next_ipsec_id += 2
        self.pairs[spi] = pair
        return pair

    def learn_cookie(self, sa: IsakmpSa, cookie: bytes) -> None:
        """From now on the SA is known by both cookies."""
        del self.sas[sa.cookies]
        sa.responder_cookie = cookie
        self.sas[sa.cookies] = sa

    # Sending ---------------------------------------------------------------------------------------------------------

    def send(self, sa: IsakmpSa, datagram: bytes) -> None:
        here, there = sa.local_port, sa.remote_port
        self.say(
            sa,
            f" sending packet to {format_ipv4(sa.remote)} my_port {here} peer_port {there} ({sa.role.value}) {sa.word}",
        )
        marker = NON_ESP_MARKER if here == NAT_T_PORT else b""
        self.effects.append(SendDatagram(sa.local, here, sa.remote, there, marker + datagram))

    def post(self, sa: IsakmpSa, outbox: Outbox, datagram: bytes, now: float, *, awaits_answer: bool) -> None:
        """Send the next message of an exchange, and again on a timer while it awaits an answer."""
        outbox.datagram = datagram
        outbox.sent_at = now
        outbox.attempts = 0
        outbox.due = now + RETRANSMIT_INTERVAL if awaits_answer else None
        self.send(sa, datagram)

    def retransmit(self, sa: IsakmpSa, outbox: Outbox, now: float, phase: int, message_id: int = 0) -> bool:
        """The timer of an exchange went off: send again, or return False when that was tried often enough."""
        about = f"{sa.word}" if phase == 1 else f"{sa.word:<14}{words.signed(message_id)}"
        self.say(sa, f" retransmitting phase {phase} {about}...")
        if outbox.attempts == RETRANSMIT_LIMIT:
            return False
        outbox.attempts += 1
        holder = "sa" if phase == 1 else "node"
        self.say(
            sa,
            f" incrementing error counter on {holder}, attempt {outbox.attempts} of {RETRANSMIT_LIMIT}: "
            f"retransmit phase {phase}",
        )
        outbox.sent_at = now
        outbox.due = now + RETRANSMIT_INTERVAL
        self.send(sa, outbox.datagram)
        return True

    def answer_again(self, sa: IsakmpSa, outbox: Outbox, now: float, phase: int) -> None:
        """A message came twice: if our answer may have been lost, send the same octets again."""
        self.drops.count(Drop.IKE_DUPLICATE)
        self.say(sa, f" phase {phase} packet is a duplicate of a previous packet.")
        since = now - outbox.sent_at
        if not outbox.datagram:
            return
        if since < DUPLICATE_INTERVAL:
            self.say(sa, f" retransmission skipped for phase {phase} (time since last transmission {since * 1000:.0f})")
            return
        self.say(sa, f" retransmitting due to retransmit phase {phase}")
        outbox.sent_at = now
        self.send(sa, outbox.datagram)

    def inform(self, sa: IsakmpSa, payload: Payload) -> bytes:
        """Send an INFORMATIONAL with one payload, protected once keys exist (RFC 2409 §5.7); returns the datagram."""
        message_id = self.new_message_id(sa)
        if sa.keys is not None and sa.usable:
            datagram = envelope.seal_informational(sa.keys, sa.iv, sa.cookies, message_id, [payload])
        else:
            datagram = isakmp.build(Header(*sa.cookies, 0, Exchange.INFORMATIONAL, 0, message_id, 0), [payload])
        self.send(sa, datagram)
        return datagram

    def notify(self, sa: IsakmpSa, notification: Notification) -> bytes:
        return self.inform(sa, Payload(PayloadType.NOTIFY, notification.build()))

    # IPsec SAs -------------------------------------------------------------------------------------------------------

    def install(self, pair: Pair, direction: Direction, key: bytes) -> None:
        """Hand out one direction of a pair with its keys (cipher key, then integrity key)."""
        transform = pair.transform
        assert transform is not None
        inbound = direction is Direction.INBOUND
        spi = pair.inbound_spi if inbound else pair.outbound_spi
        ends = (pair.peer, pair.owner.local) if inbound else (pair.owner.local, pair.peer)
        middle = transform.cipher_suite.key_length
        entry, owner = pair.entry, pair.owner
        ports = None
        if owner.natted:
            ports = (owner.remote_port, owner.local_port) if inbound else (owner.local_port, owner.remote_port)
        association = Association(
            spi, direction, *ends, transform, key[:middle], key[middle:], entry.window, pair.mode, ports, entry.df
        )
        connection_id = pair.inbound_id if inbound else pair.outbound_id
        self.effects.append(
            InstallSa(
                association,
                pair.inbound_spi,
                pair.proxies,
                pair.peer,
                pair.lifetime_seconds,
                pair.lifetime_kilobytes,
                connection_id,
                pair.role is Role.INITIATOR,
                entry.interface,
                entry.map_name,
                entry.sequence,
                pair.pfs_group,
            )
        )
        if inbound:
            pair.inbound = True
        else:
            if not any(self.pairs_with(owner.local, pair.peer)):
                self._session(pair, "UP  ")
            pair.outbound = True
        self.say_engine("CryptoEngine0: ipsec allocate flow")
        self.say_ipsec(lambda: words.created(pair, association, connection_id))

    def remove_pair(self, pair: Pair) -> None:
        """Forget a pair, and have what was handed out of it removed."""
        del self.pairs[pair.inbound_spi]
        if pair.inbound:
            self.effects.append(RemoveSa(pair.inbound_spi, Direction.INBOUND, pair.inbound_spi, pair.peer))
        if pair.outbound:
            self.effects.append(RemoveSa(pair.outbound_spi, Direction.OUTBOUND, pair.inbound_spi, pair.peer))
        pair.outbound_key = b""
        if pair.outbound and not any(self.pairs_with(pair.owner.local, pair.peer)):
            self._session(pair, "DOWN")
            if pair.entry.default_peer is not None:
                self.current_peers.pop(pair.entry.name, None)
        self.say_ipsec(lambda: words.deleted(pair))

    def _session(self, pair: Pair, state: str) -> None:
        """``crypto logging session``: the first pair with a peer came into being, or the last one went."""
        if self.config.log_sessions:
            peer = format_ipv4(pair.peer)
            identity = pair.owner.peer_identity or peer
            text = f"Crypto tunnel is {state}.  Peer {peer}:{pair.owner.remote_port}       Id: {identity}"
            self.log(5, "SESSION_STATUS", text)

    def delete_pairs(self, pairs: Iterable[Pair]) -> None:
        """Remove pairs and tell the peers, by the SPIs that are ours (RFC 2408 §3.15)."""
        spis: dict[tuple[int, int], list[bytes]] = {}
        for pair in list(pairs):
            if pair.inbound:
                ends = pair.owner.local, pair.peer
                spis.setdefault(ends, []).append(pair.inbound_spi.to_bytes(4, "big"))
            self.remove_pair(pair)
        for ends, gone in spis.items():
            sa = self.usable_sa(*ends)
            if sa is None:
                continue
            for start in range(0, len(gone), 64):
                deletion = Deletion(Protocol.ESP, tuple(gone[start : start + 64]))
                self.inform(sa, Payload(PayloadType.DELETE, deletion.build()))

    # The ends of records ---------------------------------------------------------------------------------------------

    def close_exchange(self, sa: IsakmpSa, exchange: QuickMode, now: float, reason: str) -> None:
        """A quick mode failed. Its record stays for a while, so that duplicates find it.

        The peer is told: an initiator whose last message did not arrive believes in the SAs, and sends into a void.
        """
        exchange.state = phase_2(exchange.state, QuickEvent.DELETE).next
        self.say(sa, f'deleting node {words.signed(exchange.message_id)} error TRUE reason "{reason}"')
        exchange.outbox.due = None
        exchange.private = b""
        exchange.purge_at = now + LINGER
        if exchange.pair is not None:
            self.delete_pairs([exchange.pair])
            exchange.pair = None

    def delete_sa(self, sa: IsakmpSa, now: float, reason: str, *, tell: bool = False) -> None:
        """End an ISAKMP SA; its record lingers, listed as deleted. The IPsec SAs made under it live on."""
        transition = phase_1(sa.state, Event.DELETE)
        if tell and sa.usable:
            deletion = Deletion(Protocol.ISAKMP, (sa.initiator_cookie + sa.responder_cookie,))
            self.inform(sa, Payload(PayloadType.DELETE, deletion.build()))
        for exchange in sa.exchanges.values():
            if exchange.state in (QuickState.I_QM1, QuickState.R_QM2):
                self.close_exchange(sa, exchange, now, reason)
        peer = format_ipv4(sa.remote)
        self.say(sa, f'deleting SA reason "{reason}" state ({sa.role.value}) {sa.word:<14}(peer {peer})')
        self.say(sa, "Input = IKE_MESG_INTERNAL, IKE_PHASE1_DEL")
        self.say(sa, f"Old State = {sa.state.value}  New State = {transition.next.value}")
        sa.state = transition.next
        sa.purge_at = now + LINGER
        sa.outbox = Outbox()
        sa.received.clear()
        sa.renew_at = sa.expires_at = sa.dpd_due = sa.keepalive_due = None
        sa.keys = None
        sa.psk = sa.private = b""
        sa.requests.clear()
        sa.early.clear()
        sa.exchanges.clear()

    def make_room(self) -> None:
        """Keep the unfinished exchanges of peers below their limit.

        Those that failed go first, then those of addresses that no entry names, then those that have come no further
        than their first message (which anybody can send in anybody's name), then the oldest.
        """
        half_open = [(key, sa) for key, sa in self.sas.items() if sa.half_open]
        if len(half_open) < HALF_OPEN_LIMIT:
            return
        known = {peer for entry in self.config.entries for peer in entry.peers}
        key, _ = min(
            half_open,
            key=lambda item: (
                not item[1].deleted,
                item[1].remote in known,
                item[1].state is State.R_MM4,
                item[1].created_at,
            ),
        )
        del self.sas[key]
        self.drops.count(Drop.IKE_HALF_OPEN)
