"""The command tables, one file per area; each command declared once (see :mod:`nodes.cli.table`).

params      the parameter types that know networking: addresses, masks, interfaces
console     commands + dialect + device = what a session is opened on
system      hostname, lines, running-config, write, show version and the like: router and switch
logging     where log messages go, service timestamps; clock: its time and zone
files       flash and nvram: dir, more, copy, delete, erase, configure memory and replace
reload      restarts, now and later; lines: send and clear line; techsupport: the sum of the shows
interfaces  interface mode and show interfaces: router and switch; routerlinks: MTU, MAC address and VLANs of a router
ip          addresses and ARP: of a router, and of a switch in its VLANs; routes: of a router; gateway: of a switch
probes      what pings and traces have in common; ios_probes, windows_probes: the commands
modes       the modes below configuration mode; sections: the order of the running-config
cdp         what router and switch say to their neighbours
acl         access lists
vlan        VLANs and switch ports
monitor     SPAN
router, switch, host, sniffer   a kind's console, assembled from the areas
"""
