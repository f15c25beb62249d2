"""The devices of a lab: wire formats, protocol engines, device assembly, console and process shell.

Rooms, from the ground up; a room imports only rooms below it (a tool checks this, see pyproject.toml):

    base      addresses, errors, drop reasons
    wire      bytes <-> values, pure; parse() raises WireError and nothing else, whatever the bytes
    decode    a frame dissected into layers for people, display filters, pcapng
    crypto    the only importer of ``cryptography``
    esp       seal and open batches of packets for one security association
    engine    protocol engines without I/O, strangers to one another
    device    the typed configuration, the device base, router, switch, host, sniffer
    show      view -> lines of text; never sees a device
    cli       grammar, sessions, line editor; knows no networking
    commands  the command tables; each command declared once
    kinds     one row per device kind, with lazy entry points
    shell     the only room with asyncio, zmq, files, the clock and entropy
"""
