"""Frames made readable: dissection, display filters, lines for a console, pcapng files. Pure; open to ``labs``.

layers     the result of a dissection: layers of fields; which protocol follows which
dissect    a frame -> its layers, and its line in a packet list. Never raises
llc        the part of it above 802.3: LLC, SNAP, CDP
transport  the part of it above IPv4: ICMP, UDP, TCP
ipsec      the part of it that is ISAKMP and ESP
payloads   ISAKMP payloads in the clear
keylog     keys of ISAKMP and ESP: a router's key log, and what tshark wants to know
facts      what a filter asks of a frame, without making text of it
filters    the display filter language
text       lines for a console
pcapng     capture files, block by block
"""
