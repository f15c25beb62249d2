"""The wires of a lab: one process that carries opaque frames between the ports of devices.

    protocol     the messages, both sides' only contract
    client       what a device or an operator needs to talk to a broker (operator: its blocking half; tap: captures)
    description  the lab's wires as the launcher describes them, checked
    keys         who may talk to the broker over TCP (keygen makes them)
    fabric       the lab as a value: ports, cables, mirrors, link state, who receives what. Pure
    mirror       what a mirror copies, and how the copy differs. Pure
    hub          who is there, and who hears of which link. No socket, no clock
    routes       from port to port: the connections on the way of data; copies: what mirrors make of it, counted
    requests     what operators ask (status: the answer of the broker itself); taps: what they see of the wires
    server       the ROUTER around the hub: ``python -m broker``
    delivery     what became of a message that was sent
    listen, zap  where it listens, and who may connect there; transport: what both ends set on their sockets
    health       whether a process is well; probe asks
    drops, log   what was dropped and why; lines on standard output

The broker knows ports, cables, mirrors and queues, and no network protocol.
"""
