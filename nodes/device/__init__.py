"""Devices: engines assembled behind ports, a typed configuration, and frozen views of what they do.

    config    the configuration as values: the sole truth for running-config; logconfig: its part about logging
    replace   one configuration takes another one's place
    files     what a flash memory has to offer
    schedule  a restart that is to come
    effects   what a device asks of its surroundings
    interface ports, and interfaces that are made by configuration, with their counters
    base      interfaces, drops, logging and timers common to every device
    link      between frames and packets: VLANs, ARP
    stack     the IPv4 stack of a device with addresses: routes, ICMP, the stages that all share
    delivery  packets for the device itself: reassembly, ICMP, UDP, TCP
    probes    pings and traces under way
    ios       what router and switch share because both have an IOS-like console; iosip: and addresses
    cdp       what they say of themselves and hear of their neighbours; images: what they and their software are called
    router    the forwarding pipeline over vectors of packets
    switch    bridge, and the switch as a station of its VLANs; monitoring: SPAN
    host      PCs and servers
    sniffer   the capture buffer between two ports
    views     frozen dataclasses, the only thing that text and JSON are made from

A device does no I/O: it takes frames and the time, and is asked for effects (see :class:`nodes.device.base.Device`).
"""
