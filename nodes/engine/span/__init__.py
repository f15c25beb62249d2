"""Monitor sessions of a switch (SPAN and RSPAN).

    sessions   what is configured, and which sessions may not be made
    programs   what follows from them for the wires: which frames of which ports are copied where, in which form

A local session copies the frames that its sources receive, send, or both, to ports that do nothing else. An RSPAN
session comes in two halves: on one switch the copies go into a VLAN made for that (``remote-span``), which trunks carry
and flood, and on others all that comes in this VLAN goes to a port. The copying itself is done on the wires.
"""
