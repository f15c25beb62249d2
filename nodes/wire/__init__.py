"""Wire formats: octets <-> values, and nothing else.

    checksum  the Internet checksum (RFC 1071) and the error for a wrong one
    ethernet  Ethernet II, 802.3 and 802.1Q; peeks, push and pop of tags
    arp       address resolution for IPv4 on Ethernet (RFC 826)
    cdp       the Cisco Discovery Protocol, versions 1 and 2
    ipv4      headers, peeks, TTL, fragmentation (RFC 791)
    icmp      echo, errors, redirect (RFC 792)
    l4        UDP (RFC 768), TCP headers (RFC 9293), protocol and port names as IOS writes them
    telnet    a push parser (RFC 854, 855)
    isakmp    IKEv1 messages (RFC 2408); isakmp_sa: proposals and attributes; doi: numbers and names (RFC 2407)
    esp       the ESP header (RFC 4303)

Every ``parse`` takes bytes and returns a frozen value, or raises :class:`nodes.base.errors.WireError` and nothing else,
whatever the bytes. Every ``build`` returns bytes, or raises ValueError for a value that its format cannot hold: that is
the caller's mistake, not the wire's. Functions on raw bytes (peeks, ``decrement_ttl``, ``push_tag``…) are for the
data path, where an object for each packet would cost more than the work to be done.
"""
