"""The command tables, one file per area; each command declared once (see :mod:`nodes.cli.table`).

params      the parameter types that know networking: addresses, masks, interfaces
console     commands + dialect + device = what a session is opened on
system      hostname, lines, running-config, write, reload, show version and the like: router and switch
interfaces  interface mode and show interfaces: router and switch
ip          addresses, routes, ARP of a router
probes      what pings and traces have in common; ios_probes, windows_probes: the commands
modes       the modes below configuration mode; sections: the order of the running-config
acl         access lists
vlan        VLANs and switch ports
monitor     SPAN
router, switch, host, sniffer   a kind's console, assembled from the areas
"""
