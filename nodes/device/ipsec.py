"""IPsec of a router: the crypto maps, IKE and the packets that are sealed and opened by worker processes.

Places in the router's order of operations (IOS's)::

    in:   access-in -> [ESP for us: reassembled, handed over to be opened | must it have been ESP?] -> local -> forward
    out:  forward -> access-out -> [crypto map: pass | handed over to be sealed | IKE, and this packet is dropped]

Packets that a worker opened go on at ``local``, those that it sealed go out as packets of the router's own. The SAD
(:mod:`nodes.engine.sad`) decides and counts, the IKE engine negotiates; this module connects the two with the router
and with the configuration, and keeps no traffic key: an association goes to its worker, and what stays here has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nodes.base.addr import format_ipv4
from nodes.base.drops import Drop
from nodes.base.errors import WireError
from nodes.device import cryptoderive
from nodes.device.effects import InstallEsp, KeyMade, OpenPackets, RemoveEsp, SealPackets
from nodes.device.ipsecviews import IpsecViews
from nodes.device.packet import Packet
from nodes.engine.ike import effects as ike_effects
from nodes.engine.ike.config import IkeConfig
from nodes.engine.ike.engine import IkeEngine
from nodes.engine.ratelimit import KeyedLimiter
from nodes.engine.sad import Acquire, Bypass, Renew, Sad, SaPair
from nodes.engine.sad import Packet as Traffic
from nodes.esp.association import Association, DfBit, Direction, Mode
from nodes.esp.layout import OUTER_HEADER, overhead, plaintext_mtu
from nodes.esp.outcomes import Outcome
from nodes.wire import icmp, ipv4, l4
from nodes.wire.doi import ISAKMP_PORT, NAT_T_PORT
from nodes.wire.isakmp import KEEPALIVE, NON_ESP_MARKER

if TYPE_CHECKING:
    from nodes.device.router import Router

#: Seconds between two log messages of one kind about one peer: whoever sends the packets decides how many there are.
LOG_INTERVAL: Final = 60.0
#: Seconds between two attempts to tell a peer that we lost its SAs.
RECOVERY_INTERVAL: Final = 10.0

_DROPS: Final = {
    Outcome.MALFORMED: Drop.ESP_MALFORMED,
    Outcome.SEQUENCE_ZERO: Drop.ESP_SEQUENCE_ZERO,
    Outcome.REPLAY: Drop.ESP_REPLAY,
    Outcome.BAD_ICV: Drop.ESP_BAD_ICV,
    Outcome.BAD_PADDING: Drop.ESP_BAD_PADDING,
    Outcome.BAD_NEXT_HEADER: Drop.ESP_BAD_NEXT_HEADER,
    Outcome.BAD_INNER: Drop.ESP_BAD_INNER,
    Outcome.DUMMY: Drop.ESP_DUMMY,
    Outcome.SEQUENCE_OVERFLOW: Drop.ESP_SEQUENCE_OVERFLOW,
    Outcome.TOO_LONG: Drop.ESP_TOO_LONG,
    Outcome.NO_ASSOCIATION: Drop.ESP_WORKER_LOST,
}


class Ipsec(IpsecViews):
    """The IPsec half of one router. It exists from the first ``crypto`` line on."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self.sad = Sad(router.drops)
        self.ike = IkeEngine(IkeConfig(), router.services.entropy, router.drops)
        self.config = IkeConfig()
        self.debugging: set[str] = set()
        self._logged = KeyedLimiter(LOG_INTERVAL)
        self._recovered = KeyedLimiter(RECOVERY_INTERVAL)
        self._mapped: frozenset[str] = frozenset()
        # An SA in the hands of a worker has a number of its own: an SPI is unique only at its receiver.
        self._last_number = 0
        self._numbers: dict[tuple[int, Direction], int] = {}
        self._pairs: dict[int, int] = {}

    #: The UDP ports of IKE (RFC 2408 2.5.1), and of IKE and ESP behind a translator (RFC 3947).
    ports: Final = (ISAKMP_PORT, NAT_T_PORT)

    @property
    def enabled(self) -> bool:
        """ISAKMP is on: a crypto map is applied to an interface."""
        return self.config.enabled

    # Configuration ---------------------------------------------------------------------------------------------------

    def configured(self) -> None:
        """Derive both engines' configuration from the router's."""
        router = self._router
        addresses = {interface.name: router.address_on(interface) for interface in router.interfaces.values()}
        self._mapped = frozenset(
            name
            for name, interface in router.config.interfaces.items()
            if interface.crypto_map in router.config.crypto.maps
        )
        self.config = cryptoderive.ike_config(router.config, addresses)
        self.sad.configure(cryptoderive.sad_maps(router.config))
        self.ike.configure(self.config, router.now)
        self.run()

    # Packets ---------------------------------------------------------------------------------------------------------

    def inbound(self, vector: list[Packet]) -> list[Packet]:
        """ESP for us goes to be opened; what should have been ESP is dropped; the rest goes on."""
        if not self.enabled:
            return vector
        onward = []
        opening: dict[int, list[bytes]] = {}
        for packet in vector:
            header = packet.header
            mine = header.dst in self._router.own
            isakmp = mine and header.proto == l4.UDP and packet.flow.destination_port in self.ports
            if mine and header.proto == l4.ESP:
                self._esp_input(packet, opening)
            elif isakmp or self._clear_allowed(packet):
                onward.append(packet)
        for number, packets in opening.items():
            self._router.emit(OpenPackets(number, packets))
        self.run()
        return onward

    def _esp_input(self, packet: Packet, opening: dict[int, list[bytes]]) -> None:
        whole = self._router.delivery.whole(packet)
        if whole is None:
            return
        self._esp_payload(whole, whole.payload, opening)

    def _esp_payload(self, whole: Packet, payload: bytes, opening: dict[int, list[bytes]]) -> None:
        """ESP of a whole packet, from its SPI on: behind the IPv4 header, or behind a UDP header."""
        header = whole.header
        if len(payload) < 8:
            self._router.drops.count(Drop.ESP_MALFORMED)
            return
        spi = int.from_bytes(payload[:4], "big")
        record = self.sad.inbound(spi, header.dst)
        number = self._numbers.get((spi, Direction.INBOUND))
        if record is None or number is None:
            ends = (
                f"destaddr={format_ipv4(header.dst)}, prot=50, spi=0x{spi:X}({spi}), srcaddr={format_ipv4(header.src)}"
            )
            self._log_once(4, "RECVD_PKT_INV_SPI", header.src, f"decaps: rec'd IPSEC packet has invalid spi for {ends}")
            self._recover(header.src, header.dst)
            return
        if record.inbound.mode is Mode.TRANSPORT:
            payload = whole.data[:OUTER_HEADER] + payload
        opening.setdefault(number, []).append(payload)

    def _recover(self, peer: int, local: int) -> None:
        """A peer sends under SAs that we do not have: we lost them all, in a restart say, and the peer does not know.

        Negotiating anew tells it (INITIAL-CONTACT, RFC 2407 4.6.3.3), long before its lifetimes end. Anybody can send
        an ESP packet, so this happens once in a while at most, and only for a peer of ours that we have nothing with.
        """
        recovers = self._router.config.crypto.invalid_spi_recovery
        if not recovers or any(record.peer == peer for record in self.sad.pairs()):
            return
        entries = [entry for entry in self.config.entries if peer in entry.peers and entry.local_address == local]
        if entries and self._recovered.allow(peer, self._router.now):
            for entry in entries:
                for proxies in entry.proxies:
                    self.ike.initiate(entry, proxies, self._router.now, peer)

    def _clear_allowed(self, packet: Packet) -> bool:
        assert packet.ingress is not None  # input stages see what came in
        name = self._router.interfaces[packet.ingress].name
        if name not in self._mapped or self.sad.inbound_clear(name, traffic_of(packet)):
            return True
        header = packet.header
        ends = f"vrf/dest_addr= /{format_ipv4(header.dst)}, src_addr= {format_ipv4(header.src)}, prot= {header.proto}"
        self._log_once(4, "RECVD_PKT_NOT_IPSEC", header.src, f"Rec'd packet not an IPSEC packet. (ip) {ends}")
        return False

    def outbound(self, vector: list[Packet]) -> list[Packet]:
        """What a crypto map protects goes to be sealed, or wakes IKE and is dropped; the rest goes on."""
        if not self._mapped:
            return vector
        onward = []
        sealing: dict[int, list[bytes]] = {}
        for packet in vector:
            name = self._router.interfaces[packet.egress].name
            if packet.exempt or name not in self._mapped:
                onward.append(packet)
                continue
            decision = self.sad.outbound(name, traffic_of(packet))
            if isinstance(decision, Bypass):
                onward.append(packet)
            elif isinstance(decision, Acquire):
                self._acquire(name, decision)
            else:
                self._seal(packet, decision.pair, sealing)
        for number, packets in sealing.items():
            self._router.emit(SealPackets(number, packets))
        self.run()
        return onward

    def _acquire(self, interface: str, wanted: Acquire) -> None:
        for entry in self.config.entries:
            if (entry.interface, entry.map_name, entry.sequence) == (
                interface,
                wanted.entry.map_name,
                wanted.entry.sequence,
            ):
                self.ike.initiate(entry, wanted.proxies, self._router.now)

    def _seal(self, packet: Packet, pair: int, sealing: dict[int, list[bytes]]) -> None:
        number = self._numbers.get((pair, Direction.OUTBOUND))
        record = self.sad.pair(pair)
        if number is None or record is None or record.outbound is None:
            self._router.drops.count(Drop.IPSEC_NO_SA)
            return
        self.ike.sent(record.outbound.source, record.peer, self._router.now)
        for data in self._pieces(packet, record, record.outbound):
            sealing.setdefault(number, []).append(data)

    def _pieces(self, packet: Packet, record: SaPair, outbound: Association) -> list[bytes]:
        """The packet, or parts of it that fit into the tunnel; none when it must not be cut.

        Longer than what fits is cut before it is encrypted (RFC 4301 8.2; IOS's look-ahead), so that the other end has
        nothing to put together before it can decrypt. What is not cut here is cut, sealed, on its way out, if its outer
        header allows that: so in transport mode, which protects whole packets only (RFC 4303 3.3.4).
        """
        router = self._router
        mtu = record.room(router.interfaces[packet.egress].ip_mtu, router.now)
        room = plaintext_mtu(outbound.transform, mtu, outbound.mode, udp=outbound.ports is not None)
        # Where the tunnel alone fills the MTU, what it seals is cut afterwards.
        room = max(room, ipv4.MTU_MIN)
        whole = outbound.mode is Mode.TRANSPORT or not router.config.crypto.fragment_before
        kept = packet.header.dont_fragment and (outbound.df is not DfBit.CLEAR or outbound.mode is Mode.TRANSPORT)
        if packet.header.total_length > room and (kept or not (whole or packet.header.dont_fragment)):
            return router.cut(packet, room)
        return [packet.data]

    def refused(self, message: icmp.Unreachable) -> bool:
        """ICMP about one of our sealed packets: when it was too long, the next ones of its SA are made shorter."""
        if message.code != icmp.FRAGMENTATION_NEEDED:
            return False
        try:
            quoted = ipv4.peek_header(message.original)
        except WireError:
            return False
        at = quoted.header_length
        if quoted.proto == l4.UDP and message.original[at : at + 2] == NAT_T_PORT.to_bytes(2, "big"):
            at += 8
        elif quoted.proto != l4.ESP:
            return False
        spi = int.from_bytes(message.original[at : at + 4], "big")
        return quoted.src in self._router.own and self.sad.too_big(spi, quoted.dst, message.mtu, self._router.now)

    def esp_sealed(self, sa: int, results: Sequence[tuple[Outcome, bytes]]) -> None:
        """Sealed packets come back from a worker: they leave as packets of our own."""
        pair = self._pairs.get(sa)
        sealed = [data for outcome, data in results if outcome is Outcome.OK]
        self._count_failures(results, pair, Direction.OUTBOUND)
        record = self.sad.pair(pair) if pair is not None else None
        if record is not None and record.outbound is not None and sealed:
            self.sad.sealed(record.spi, len(sealed), sum(map(len, sealed)) - overhead(record.outbound) * len(sealed))
        self._router.send_sealed(sealed)
        self.run()

    def esp_opened(self, sa: int, results: Sequence[tuple[Outcome, bytes]], highest: int) -> None:
        """What was inside of ESP packets: checked against the SA's selectors, then on through the router."""
        router = self._router
        pair = self._pairs.get(sa)
        self._count_failures(results, pair, Direction.INBOUND)
        record = self.sad.pair(pair) if pair is not None else None
        if pair is None or record is None:
            # The SA went while its packets were being opened.
            router.drops.count(Drop.ESP_UNKNOWN_SPI, sum(outcome is Outcome.OK for outcome, _ in results))
            return
        record.last_sequence = highest
        interface = router.interface_by_name.get(record.interface)
        ingress = -1 if interface is None else interface.index
        opened = []
        octets = 0
        block = record.inbound.transform.cipher_suite.block
        for outcome, data in results:
            if outcome is not Outcome.OK:
                continue
            try:
                packet = Packet(data, ipv4.peek(data), ingress)
            except WireError:
                router.drops.count(Drop.ESP_BAD_INNER)
                continue
            # Lifetimes count what the cipher was applied to: packet, padding and two octets (RFC 4301 4.4.2.1).
            octets += -(-(len(data) + 2) // block) * block
            opened.append(packet)
        self.sad.opened(pair, len(opened), octets)
        if opened:
            self.ike.heard(record.inbound.destination, record.peer, router.now)
        router.opened([packet for packet in opened if self.sad.inbound_opened(pair, traffic_of(packet))])
        self.run()

    def _count_failures(self, results: Sequence[tuple[Outcome, bytes]], pair: int | None, direction: Direction) -> None:
        for outcome, _ in results:
            if outcome is Outcome.OK:
                continue
            self._router.drops.count(_DROPS[outcome])
            if pair is not None:
                self.sad.failed(pair, direction, reason=_DROPS[outcome])
            self._log_failure(outcome, pair)

    def _log_failure(self, outcome: Outcome, pair: int | None) -> None:
        record = self.sad.pair(pair) if pair is not None else None
        if record is None:
            return
        connection = f"connection id={record.inbound_id}"
        if outcome is Outcome.REPLAY:
            self._log_once(4, "PKT_REPLAY_ERR", record.peer, f"decrypt: replay check failed {connection}")
        elif outcome is Outcome.BAD_ICV:
            self._log_once(4, "RECVD_PKT_MAC_ERR", record.peer, f"decrypt: mac verify failed for {connection}")

    def esp_lost(self, sas: Sequence[int]) -> None:
        """A worker died with these SAs. A sequence number is never resumed: they go, and new ones are negotiated."""
        now = self._router.now
        pairs = {self._pairs[sa] for sa in sas if sa in self._pairs}
        lost = [record for pair in pairs if (record := self.sad.pair(pair)) is not None]
        if lost:
            self._router.log(
                "CRYPTO", 3, "ENGINE_LOST", f"the process of {len(lost)} IPsec SA pair(s) died; renegotiating"
            )
        self.ike.expire(pairs, now)
        self.run()
        for record in lost:
            self._again(record)
        self.run()

    def _again(self, record: SaPair) -> None:
        for entry in self.config.entries:
            if (entry.interface, entry.map_name, entry.sequence) == (
                record.interface,
                record.map_name,
                record.sequence,
            ) and record.peer in entry.peers:
                self.ike.initiate(entry, record.proxies, self._router.now, record.peer)

    # IKE -------------------------------------------------------------------------------------------------------------

    def datagram(self, packet: Packet, datagram: l4.Udp) -> None:
        """A message for one of :attr:`ports`; on port 4500 also ESP, which has an SPI where IKE has zeros."""
        header, payload, port = packet.header, datagram.payload, datagram.dst_port
        if port == NAT_T_PORT and payload != KEEPALIVE and not payload.startswith(NON_ESP_MARKER):
            opening: dict[int, list[bytes]] = {}
            self._esp_payload(packet, payload, opening)
            for number, packets in opening.items():
                self._router.emit(OpenPackets(number, packets))
        else:
            self.ike.receive(payload, header.src, datagram.src_port, header.dst, self._router.now, port)
        self.run()

    def run(self) -> None:
        """Carry out what both engines want, until they want nothing more."""
        now = self._router.now
        while True:
            wishes = self.sad.drain()
            for wish in wishes:
                if isinstance(wish, Renew):
                    self.ike.renew(wish.pair, now)
                else:
                    self.ike.expire([wish.pair], now)
            effects = self.ike.drain()
            for effect in effects:
                self._carry_out(effect)
            if not wishes and not effects:
                return

    def _carry_out(self, effect: ike_effects.Effect) -> None:
        router = self._router
        if isinstance(effect, ike_effects.SendDatagram):
            datagram = l4.Udp(effect.source_port, effect.destination_port, effect.data)
            router.originate(
                effect.destination,
                l4.UDP,
                datagram.build(effect.source, effect.destination),
                source=effect.source,
                # IKE waits a moment for ARP: a cold wire must not cost a retransmission of ten seconds.
                patient=True,
                exempt=True,
            )
        elif isinstance(effect, ike_effects.InstallSa):
            self._install(effect)
        elif isinstance(effect, ike_effects.RemoveSa):
            self._remove(effect)
        elif isinstance(effect, ike_effects.Log):
            router.log(effect.facility, effect.severity, effect.mnemonic, effect.text)
        elif isinstance(effect, ike_effects.IsakmpKeys):
            router.emit(KeyMade(f"ISAKMP {effect.initiator_cookie.hex()} {effect.key.hex()} {effect.cipher}"))
        else:
            router.say(effect.text)

    def _install(self, effect: ike_effects.InstallSa) -> None:
        association = effect.association
        self._last_number += 1
        number = self._last_number
        self._numbers[effect.pair, association.direction] = number
        self._pairs[number] = effect.pair
        self._router.emit(KeyMade(_key_line(association)))
        self._router.emit(InstallEsp(number, association))
        self.sad.install(
            replace(association, cipher_key=b"", integrity_key=b""),
            effect.pair,
            effect.proxies,
            effect.peer,
            (effect.lifetime_seconds, effect.lifetime_kilobytes),
            effect.connection_id,
            (effect.interface, effect.map_name, effect.sequence),
            self._router.now,
            initiator=effect.initiator,
            pfs_group=effect.pfs_group,
        )

    def _remove(self, effect: ike_effects.RemoveSa) -> None:
        number = self._numbers.pop((effect.pair, effect.direction), None)
        if number is not None:
            del self._pairs[number]
            self._router.emit(RemoveEsp(number))
        self.sad.remove(effect.pair)

    def _log_once(self, severity: int, mnemonic: str, peer: int, text: str) -> None:
        if self._logged.allow((mnemonic, peer), self._router.now):
            self._router.log("CRYPTO", severity, mnemonic, text)

    # Commands --------------------------------------------------------------------------------------------------------

    def set_debug(self, topic: str, on: bool) -> None:
        """``debug crypto isakmp|ipsec|engine`` and its ``no`` form."""
        (self.debugging.add if on else self.debugging.discard)(topic)
        self.ike.debug(self.debugging)

    def debug_off(self) -> None:
        self.debugging.clear()
        self.ike.debug(())

    def clear_sas(self, peer: int | None = None, counters: bool = False) -> None:
        """``clear crypto sa [peer A | counters]``"""
        if counters:
            self.sad.clear_counters()
            return
        self.ike.clear_ipsec(self._router.now, lambda view: peer in (None, view.peer))
        self.run()

    def clear_isakmp(self, connection_id: int | None = None) -> None:
        """``clear crypto isakmp [ID]``"""
        self.ike.clear_isakmp(self._router.now, lambda view: connection_id in (None, view.connection_id))
        self.run()

    def clear_session(self) -> None:
        """``clear crypto session``: both phases."""
        self.clear_sas()
        self.clear_isakmp()

    # Time ------------------------------------------------------------------------------------------------------------

    def handle_timer(self, now: float) -> None:
        self.sad.handle_timer(now)
        self.run()
        self.ike.handle_timer(now)
        self.run()

    def next_deadline(self) -> float | None:
        deadlines = (self.sad.next_deadline(), self.ike.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)


def traffic_of(packet: Packet) -> Traffic:
    """What selectors look at; a port that the packet does not have is 0."""
    flow = packet.flow
    return Traffic(
        flow.source, flow.destination, flow.protocol, max(flow.source_port, 0), max(flow.destination_port, 0)
    )


def _key_line(association: Association) -> str:
    """A line of the key log, which is what a capture is decrypted with."""
    transform = association.transform
    return (
        f"ESP {format_ipv4(association.source)} {format_ipv4(association.destination)} 0x{association.spi:08x} "
        f"{transform.cipher} {association.cipher_key.hex() or '-'} "
        f"{transform.integrity} {association.integrity_key.hex() or '-'}"
    )
