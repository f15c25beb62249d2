"""Protocol engines without I/O, each a stranger to the others.

An engine takes input and the time (``now``, monotonic seconds) and returns values or effects; it never looks at a
clock, a socket or another engine. What it needs to be told, its device tells it; what has to happen, its device does.

    fib          routes -> forwarding table, longest prefix match
    acl          access lists: first match, counters, fragments
    arp          address resolution for the interfaces of one device
    redirects    better first hops that a host was told of
    cdp          the Cisco Discovery Protocol: when to speak, and who was heard
    bridge       VLAN-aware learning bridge
    span         monitor sessions, and what they ask of the wires
    reassembly   IPv4 fragments -> whole packets
    ratelimit    limits for ICMP errors and log messages
    ping, trace  the probes behind the console commands of those names
    ike          IKEv1: negotiates IPsec SAs
    sad          crypto maps and IPsec SAs: what is protected, under which SA, and for how long

Common habits: an engine with timers has ``next_deadline()`` and ``handle_timer(now)``; calling the latter early is
harmless. An engine that loses packets counts them in the :class:`nodes.base.drops.DropCounters` it was given. Every
table that traffic can fill has an upper bound.
"""
