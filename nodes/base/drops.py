"""Every reason for which a device may drop a frame or a packet: a named member with one line of help.

Nothing is lost silently: whatever a device does not forward, answer or keep is counted under one of these names, per
device, and shown by ``show drops``.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum, unique


@unique
class Drop(Enum):
    """A drop reason. ``value`` is (name on the console, one line of help)."""

    # Shell: between the broker and the device.
    LINK_BAD_MESSAGE = ("link-bad-message", "a message from the broker was not a batch of frames")
    LINK_DOWN = ("link-down", "no connection to the broker, or its queue for this device was full")
    PORT_DOWN = ("port-down", "the interface is shut down or its cable has no carrier")

    # A cloud: between the device and an interface of the machine.
    HOST_QUEUE_FULL = (
        "host-queue-full",
        "the machine's interface did not take a frame: its queue was full, or it went",
    )
    HOST_OFFLOAD = ("host-offload", "a frame of the machine that only a card could finish (segmentation offload)")
    HOST_OVERRUN = ("host-overrun", "the machine's kernel had frames faster than they were read")

    # Ethernet and ARP.
    ETHERNET_MALFORMED = ("ethernet-malformed", "a frame shorter than its headers, or an unreadable tag")
    ETHERNET_TOO_LONG = ("ethernet-too-long", "a frame longer than the interface's MTU allows")
    ETHERNET_NOT_FOR_US = ("ethernet-not-for-us", "a unicast frame for another station's MAC address")
    ETHERNET_TAGGED = ("ethernet-tagged", "an 802.1Q tag on an interface that carries no VLANs")
    ETHERNET_UNKNOWN_VLAN = ("ethernet-unknown-vlan", "an 802.1Q tag with a VLAN that no subinterface of the port has")
    ETHERNET_UNKNOWN_TYPE = ("ethernet-unknown-type", "an EtherType or LLC protocol that this device does not speak")
    ARP_MALFORMED = ("arp-malformed", "an ARP packet that is truncated or not for IPv4 on Ethernet")
    ARP_INCOMPLETE = ("arp-incomplete", "the next hop had no ARP entry; a request was sent (RFC 826)")
    ARP_QUEUE_FULL = ("arp-queue-full", "too many packets already waited for this next hop's ARP reply")
    ARP_BAD_SENDER = ("arp-bad-sender", "an ARP packet whose sender has an address that no station may have")
    ARP_TABLE_FULL = ("arp-table-full", "no room for one more ARP entry")

    # CDP, of routers and switches.
    CDP_OFF = ("cdp-off", "a CDP packet while CDP does not run, or not on the interface")
    CDP_MALFORMED = ("cdp-malformed", "a CDP packet that is truncated, contradicts itself or is of another version")
    CDP_CHECKSUM = ("cdp-checksum", "the checksum of a CDP packet was wrong")
    CDP_TABLE_FULL = ("cdp-table-full", "no room for one more CDP neighbor")

    # IPv4.
    IP_MALFORMED = ("ip-malformed", "an IPv4 header that is truncated, inconsistent or of another version")
    IP_CHECKSUM = ("ip-checksum", "the IPv4 header checksum was wrong (RFC 791)")
    IP_NO_ADDRESS = ("ip-no-address", "the interface has no IPv4 address, so it takes no IPv4 packets")
    IP_BAD_SOURCE = ("ip-bad-source", "a source address that no host may use (multicast, broadcast, our own)")
    IP_BAD_DESTINATION = ("ip-bad-destination", "a destination that no wire may carry (0/8, 127/8, 240/4)")
    IP_NOT_FORWARDED = ("ip-not-forwarded", "a broadcast or multicast packet, which a router does not forward")
    IP_NOT_FOR_US = ("ip-not-for-us", "a packet for another host, and this device does not route")
    IP_NO_ROUTE = ("ip-no-route", "no route to the destination (ICMP unreachable is sent, RFC 792)")
    IP_LOOPBACK = ("ip-loopback", "routed to a loopback interface, and not one of the device's own addresses")
    IP_NULL = ("ip-null", "a route to Null0, which swallows packets (ICMP unreachable is sent, RFC 792)")
    IP_TTL_EXPIRED = ("ip-ttl-expired", "the time to live ran out (ICMP time exceeded is sent, RFC 792)")
    IP_FRAGMENTATION_NEEDED = ("ip-fragmentation-needed", "larger than the MTU with DF set (RFC 1191)")
    IP_ACL_IN = ("ip-acl-in", "denied by the interface's inbound access list")
    IP_ACL_OUT = ("ip-acl-out", "denied by the interface's outbound access list")
    IP_REASSEMBLY_TIMEOUT = ("ip-reassembly-timeout", "not all fragments came in time (RFC 791, RFC 1122 3.3.2)")
    IP_REASSEMBLY_FULL = ("ip-reassembly-full", "too many incomplete datagrams; the oldest was given up")
    IP_REASSEMBLY_BAD = ("ip-reassembly-bad", "fragments that overlap or exceed a datagram's size (RFC 5722)")
    IP_UNKNOWN_PROTOCOL = ("ip-unknown-protocol", "a protocol for this host that nobody here speaks")

    # ICMP, UDP, TCP.
    ICMP_MALFORMED = ("icmp-malformed", "an ICMP message that is truncated or fails its checksum")
    ICMP_UNEXPECTED = ("icmp-unexpected", "an ICMP message that answers nothing we asked")
    ICMP_RATE_LIMITED = ("icmp-rate-limited", "an ICMP error not sent because of ip icmp rate-limit")
    UDP_MALFORMED = ("udp-malformed", "a UDP datagram that is truncated or fails its checksum")
    UDP_NO_PORT = ("udp-no-port", "no listener on this UDP port (ICMP port unreachable is sent)")
    TCP_MALFORMED = ("tcp-malformed", "a TCP segment that is truncated or fails its checksum")
    TCP_NO_PORT = ("tcp-no-port", "no listener on this TCP port")

    # IKE: messages on UDP 500.
    IKE_OFF = ("ike-off", "a message while ISAKMP is off: no crypto map is applied to an interface")
    IKE_MALFORMED = ("ike-malformed", "a message that is truncated or contradicts itself (RFC 2408)")
    IKE_UNSUPPORTED = ("ike-unsupported", "an exchange type that is not spoken here")
    IKE_NO_SA = ("ike-no-sa", "a message for an ISAKMP SA that does not exist (any more)")
    IKE_DUPLICATE = ("ike-duplicate", "a message that was worked off before; answered again where that helps")
    IKE_UNEXPECTED = ("ike-unexpected", "a message that the exchange does not wait for in its state")
    IKE_NOT_AUTHENTIC = ("ike-not-authentic", "a message whose hash, or what decryption made of it, is wrong")
    IKE_REFUSED = ("ike-refused", "a proposal of the peer that no policy of ours allows")
    IKE_QUEUE_FULL = ("ike-queue-full", "too much came early for an exchange that is still under way")
    IKE_HALF_OPEN = ("ike-half-open", "an unfinished exchange that gave way to newer ones")

    # IPsec: ESP packets, and packets that should have been ESP.
    IPSEC_NO_SA = ("ipsec-no-sa", "to be protected, and no SA exists yet; IKE was asked for one")
    IPSEC_CLEARTEXT = ("ipsec-cleartext", "arrived in the clear although a crypto map protects such traffic")
    IPSEC_POLICY = ("ipsec-policy", "decrypted, but not the traffic that its SA was made for (RFC 4301 5.2)")
    ESP_UNKNOWN_SPI = ("esp-unknown-spi", "no SA has this SPI")
    ESP_MALFORMED = ("esp-malformed", "too short, or not a whole number of cipher blocks (RFC 4303)")
    ESP_SEQUENCE_ZERO = ("esp-sequence-zero", "sequence number 0, which no sender uses (RFC 4303 2.2)")
    ESP_REPLAY = ("esp-replay", "a sequence number seen before, or left of the replay window (RFC 4303 3.4.3)")
    ESP_BAD_ICV = ("esp-bad-icv", "the integrity check value was wrong (RFC 4303 3.4.4)")
    ESP_BAD_PADDING = ("esp-bad-padding", "authentic, but its padding is not 1, 2, 3... (RFC 4303 2.4)")
    ESP_BAD_NEXT_HEADER = ("esp-bad-next-header", "authentic, but what is inside is not IPv4")
    ESP_BAD_INNER = ("esp-bad-inner", "authentic, but the packet inside is no well-formed IPv4 packet")
    ESP_DUMMY = ("esp-dummy", "filler for traffic flow confidentiality, discarded as meant (RFC 4303 2.6)")
    ESP_SEQUENCE_OVERFLOW = ("esp-sequence-overflow", "the SA has no sequence numbers left (RFC 4303 3.3.3)")
    ESP_TOO_LONG = ("esp-too-long", "sealed, the packet would exceed 65535 octets")
    ESP_QUEUE_FULL = ("esp-queue-full", "the process that has the SA has no room for more packets")
    ESP_WORKER_LOST = ("esp-worker-lost", "in the hands of an ESP process that was killed, together with its SAs")

    # Bridge.
    BRIDGE_VLAN_NOT_ALLOWED = ("bridge-vlan-not-allowed", "a tag that the port does not carry")
    BRIDGE_UNKNOWN_VLAN = ("bridge-unknown-vlan", "a VLAN that does not exist on this switch")
    BRIDGE_SAME_PORT = ("bridge-same-port", "the destination is behind the port that the frame came from")
    BRIDGE_RESERVED = (
        "bridge-reserved",
        "a link-local group address, which no bridge forwards (IEEE 802.1D 7.12.6, or Cisco's)",
    )
    BRIDGE_BAD_SOURCE = ("bridge-bad-source", "a group address as the source of a frame")
    BRIDGE_BLOCKED = ("bridge-blocked", "the port does not forward in this VLAN (spanning tree)")
    BRIDGE_SECURITY = ("bridge-security", "a station that the port's security does not let in")
    BRIDGE_STORM = ("bridge-storm", "more frames of a kind than the port's storm control lets in")
    BRIDGE_NO_OUTPUT = ("bridge-no-output", "no other port of the VLAN is up")
    SPAN_DESTINATION = ("span-destination", "a frame into a SPAN destination port, which forwards nothing")
    SPAN_OVERSUBSCRIBED = ("span-oversubscribed", "copies for a SPAN destination port that could not take so many")

    # Console.
    CONSOLE_NOT_ASCII = ("console-not-ascii", "octets of 128 and above that somebody typed; a console knows ASCII only")
    CONSOLE_TELNET = ("console-telnet", "a telnet subnegotiation that is empty, too long or not what its option asks")

    # Sniffer.
    CAPTURE_OFF = ("capture-off", "the capture service was off, and there is no other side to pass the frame on to")
    CAPTURE_OVERWRITTEN = ("capture-overwritten", "the capture buffer was full and its oldest packet gave way")

    @property
    def label(self) -> str:
        return self.value[0]

    @property
    def help(self) -> str:
        return self.value[1]


class DropCounters:
    """How many frames or packets were dropped, by reason, since the device started."""

    __slots__ = ("_counts",)

    def __init__(self) -> None:
        self._counts: Counter[Drop] = Counter()

    def count(self, reason: Drop, packets: int = 1) -> None:
        self._counts[reason] += packets

    def __getitem__(self, reason: Drop) -> int:
        return self._counts[reason]

    @property
    def total(self) -> int:
        return self._counts.total()

    def items(self) -> list[tuple[Drop, int]]:
        """(reason, count) for every reason that has happened, in the order of the enumeration."""
        return [(reason, self._counts[reason]) for reason in Drop if self._counts[reason]]

    def as_dict(self) -> dict[str, int]:
        """label -> count for every reason that has happened."""
        return {reason.label: count for reason, count in self.items()}

    def clear(self) -> None:
        self._counts.clear()
